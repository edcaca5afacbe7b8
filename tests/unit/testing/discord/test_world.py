from __future__ import annotations

import io
import re

import discord
import pytest
from discord import app_commands

from supportbot.testing.discord import NotAcknowledged
from tests.unit.testing.discord.conftest import App


async def test_a_direct_message_is_answered(wired, app, start):
    @app.event
    async def on_message(message):
        if not message.author.bot:
            await message.reply(f"You said: {message.content}")

    await start()
    ada = wired.person("Ada")
    asked = await ada.dm("Tom & Jerry")
    heard = await ada.hears()
    assert heard.text == "You said: Tom & Jerry"
    assert heard.replies_to is asked
    assert [str(message) for message in ada.reads()] == ["Tom & Jerry", "You said: Tom & Jerry"]


async def test_a_mention_in_a_channel_is_answered_in_a_thread(wired, app, start):
    @app.event
    async def on_message(message):
        if app.user in message.mentions:
            thread = await message.create_thread(name="Your question")
            await thread.send("Here I am.")

    await start()
    ada = wired.person("Ada")
    channel = wired.channel("help")
    asked = await ada.writes(channel, "@supportbot are you there?")
    assert asked.text == f"{wired.bot.mention} are you there?"
    thread = await ada.sees_thread("Your question")
    assert "Here I am." in await ada.hears(thread)
    assert "Here I am." in await ada.sees("Here", channel, thread=asked)
    assert thread.id == asked.id


class Press(discord.ui.DynamicItem[discord.ui.Button], template=r"press:(?P<value>\w+)"):
    def __init__(self, value: str) -> None:
        super().__init__(discord.ui.Button(label="Claim", custom_id=f"press:{value}"))
        self.value = value

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction, item: discord.ui.Item, match: re.Match[str]):
        return cls(match["value"])

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content=f"Claimed {self.value}", view=None)


async def test_a_button_works_by_its_custom_id_after_a_restart(wired, app, start):
    app.add_dynamic_items(Press)
    await start()
    sam = wired.person("Sam")
    channel = wired.channel("agents")
    view = discord.ui.View(timeout=None)
    view.add_item(Press("T1"))
    await (await app.fetch_channel(int(channel.id))).send("A card", view=view)
    view.stop()
    card = await sam.hears(channel)
    assert card.buttons == ["Claim"]
    await sam.presses("Claim")
    assert await sam.sees("Claimed T1", channel) is card
    assert card.buttons == []


class Menu(discord.ui.View):
    @discord.ui.select(
        placeholder="Did you mean", options=[discord.SelectOption(label="Refunds"), discord.SelectOption(label="Hours")]
    )
    async def pick(self, interaction: discord.Interaction, select: discord.ui.Select) -> None:
        await interaction.response.send_message(f"About {select.values[0]}", ephemeral=True)

    @discord.ui.select(cls=discord.ui.UserSelect, placeholder="Assign")
    async def assign(self, interaction: discord.Interaction, select: discord.ui.UserSelect) -> None:
        await interaction.response.send_message(f"To {select.values[0].name}")


async def test_menus_offer_what_stands_in_them_and_people(wired, app, start):
    await start()
    ada, bo = wired.person("Ada"), wired.person("Bo")
    channel = wired.channel("help")
    await (await app.fetch_channel(int(channel.id))).send("?", view=Menu())
    heard = await ada.hears(channel)
    assert heard.menus == {"Did you mean": ["Refunds", "Hours"], "Assign": []}
    await ada.chooses("Refunds")
    answer = await ada.hears(channel)
    assert answer.ephemeral
    assert "About Refunds" in answer
    assert answer not in bo.reads(channel)
    await ada.chooses(bo, heard, menu="Assign")
    assert "To bo" in await ada.hears(channel)
    with pytest.raises(AssertionError, match="no menu in sight offers 'Nothing'"):
        await ada.chooses("Nothing")


class Form(discord.ui.Modal, title="Open a ticket"):
    subject = discord.ui.TextInput(label="Subject", max_length=20)
    details = discord.ui.TextInput(label="Any details?", required=False, style=discord.TextStyle.long)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"T-1: {self.subject.value} {self.details.value}")


async def test_a_command_opens_a_form_and_its_submission_is_answered(wired, app, start):
    @app.tree.command(description="Open a ticket")
    async def ticket(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())

    await start()
    await app.tree.sync()
    ada = wired.person("Ada")
    await ada.runs("/ticket")
    modal = await ada.sees_modal("Open a ticket")
    assert modal.fields == ["Subject", "Any details?"]
    with pytest.raises(AssertionError, match="'Subject' must be filled in"):
        await ada.submits(modal)
    with pytest.raises(AssertionError, match="takes 20 characters, not 30"):
        await ada.submits(modal, subject="x" * 30)
    await ada.submits(subject="Fire", any_details="Hot")
    assert "T-1: Fire Hot" in await ada.hears()
    assert ada.modal is None


class LabelledForm(discord.ui.Modal, title="Labelled"):
    subject = discord.ui.Label(text="Subject", component=discord.ui.TextInput())
    priority = discord.ui.Label(
        text="Priority", component=discord.ui.Select(options=[discord.SelectOption(label="High", value="h")])
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"{self.subject.component.value} {self.priority.component.values}")


async def test_a_form_with_labels_and_a_menu_is_filled_in(wired, app, start):
    @app.tree.command(description="Open a ticket")
    async def ticket(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(LabelledForm())

    await start()
    await app.tree.sync()
    ada = wired.person("Ada")
    await ada.runs("/ticket")
    await ada.submits(subject="Fire", priority="High")
    assert "Fire ['h']" in await ada.hears()


async def test_commands_have_options_subcommands_and_suggestions(wired, app, start):
    group = app_commands.Group(name="support", description="Support")

    @group.command(description="Find an answer")
    async def faq(interaction: discord.Interaction, question: str, who: discord.Member, private: bool = False) -> None:
        await interaction.response.send_message(f"{question} for {who.name}", ephemeral=private)

    @faq.autocomplete("question")
    async def suggest(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"Reset {current}word", value="reset")]

    app.tree.add_command(group)
    await start()
    await app.tree.sync()
    ada, channel = wired.person("Ada"), wired.channel("help")
    assert await ada.completes("/support faq", channel, question="pass") == ["Reset password"]
    await ada.runs("/support faq", channel, question="reset", who=ada, private=True)
    answer = await ada.hears(channel)
    assert "reset for ada" in answer
    assert answer.ephemeral
    with pytest.raises(AssertionError, match="who must be filled in"):
        await ada.runs("/support faq", channel, question="reset")
    with pytest.raises(AssertionError, match="no command 'nothing' here; there is support"):
        await ada.runs("/nothing", channel)


async def test_a_context_menu_gets_the_message_with_its_words_even_without_the_intent(wired, start):
    wired.allowed_intents.discard("message_content")
    app = App(intents=discord.Intents.default())

    @app.tree.context_menu(name="Open a ticket")
    async def open_ticket(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.edit_original_response(content=f"T-1: {message.content}")

    await start(app)
    await app.tree.sync()
    ada, bo = wired.person("Ada"), wired.person("Bo")
    channel = wired.channel("help")
    asked = await bo.writes(channel, "my printer is on fire")
    await ada.uses("Open a ticket", asked)
    answer = await ada.hears(channel)
    assert "T-1: my printer is on fire" in answer
    assert answer.only_for is ada.user
    assert app.failed == []


async def test_deferred_answers_are_followed_up_and_changed(wired, app, start):
    @app.tree.command(description="?")
    async def slow(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        first = await interaction.followup.send("one", wait=True)
        second = await interaction.followup.send("two", wait=True)
        await first.edit(content="one!")
        await second.delete()

    await start()
    await app.tree.sync()
    ada = wired.person("Ada")
    await ada.runs("/slow")
    await ada.sees("one!")
    await wired.until(lambda: wired.world_log.calls("Delete Followup Message") or None, "the second was deleted")
    assert [str(message) for message in ada.reads()] == ["one!"]


async def test_edits_deletions_reactions_and_typing_are_told(wired, app, start, told):
    @app.event
    async def on_raw_message_edit(payload):
        told.add(("edit", payload.message_id, payload.data["content"]))

    @app.event
    async def on_raw_message_delete(payload):
        told.add(("delete", payload.message_id))

    @app.event
    async def on_raw_reaction_add(payload):
        told.add(("react", payload.message_id, str(payload.emoji), payload.member.name))

    @app.event
    async def on_raw_reaction_remove(payload):
        told.add(("unreact", payload.message_id, str(payload.emoji)))

    @app.event
    async def on_raw_typing(payload):
        told.add(("typing", payload.user_id))

    await start()
    ada, channel = wired.person("Ada"), wired.channel("help")
    message = await ada.writes(channel, "first")
    await ada.edits(message, "second")
    await ada.reacts(message, "🎫")
    await ada.unreacts(message, "🎫")
    await ada.types(channel)
    await ada.deletes(message)
    number = int(message.id)
    assert await told.count(5) == [
        ("edit", number, "second"),
        ("react", number, "🎫", "ada"),
        ("unreact", number, "🎫"),
        ("typing", int(ada.id)),
        ("delete", number),
    ]
    assert ada.reads(channel) == []


async def test_files_go_both_ways_and_their_addresses_expire(wired, app, start, told):
    @app.event
    async def on_message(message):
        if not message.author.bot:
            data = await message.attachments[0].read()
            told.add(message.attachments[0])
            await message.channel.send("Back", file=discord.File(io.BytesIO(data[::-1]), "back.txt"))

    await start()
    ada = wired.person("Ada")
    await ada.uploads(ada.direct, "log.txt", b"abc")
    heard = await ada.hears()
    assert [(file.name, file.data, file.content_type) for file in heard.files] == [("back.txt", b"cba", "text/plain")]
    await wired.passes("25h")
    with pytest.raises(discord.NotFound):
        await told[0].read()


async def test_people_come_and_go_and_their_roles_change(wired, app, start, told):
    @app.event
    async def on_member_join(member):
        told.add(("joined", member.id))

    @app.event
    async def on_raw_member_remove(payload):
        told.add(("left", payload.user.id))

    @app.event
    async def on_guild_role_create(role):
        told.add(("role", role.name))

    await start()
    zoe = wired.person("Zoe", member=False, account_age="1h")
    await zoe.joins()
    agents = wired.role("Agents")
    await zoe.gains(agents)
    member = await app.get_guild(int(wired.guild.id)).fetch_member(int(zoe.id))
    assert [role.name for role in member.roles] == ["@everyone", "Agents"]
    assert (member.joined_at - member.created_at).total_seconds() == pytest.approx(3600, abs=1)
    await zoe.loses(agents)
    await zoe.leaves()
    assert await told.count(3) == [("joined", int(zoe.id)), ("role", "Agents"), ("left", int(zoe.id))]


async def test_what_nobody_answers_fails_with_what_was_said(wired, app, start):
    @app.tree.command(description="?")
    async def silent(interaction: discord.Interaction) -> None:
        pass

    await start()
    await app.tree.sync()
    wired.patience = 0.05
    ada = wired.person("Ada")
    await ada.dm("hello?")
    with pytest.raises(AssertionError, match=r"(?s)Ada heard nothing new.*<Ada: 'hello\?'>"):
        await ada.hears()
    with pytest.raises(NotAcknowledged, match=r"(?s)no answer to /silent.*What the app has not answered:\n  /silent"):
        await ada.runs("/silent")
    with pytest.raises(AssertionError, match=r"nothing in sight has a button 'Open'; there is \[\]"):
        await ada.presses("Open")


class Layout(discord.ui.LayoutView):
    box = discord.ui.Container(
        discord.ui.TextDisplay("Your tickets"),
        discord.ui.Section(
            "T-1 is open", accessory=discord.ui.Button(label="Close", custom_id="close", style=discord.ButtonStyle.red)
        ),
    )


async def test_newer_components_are_read_and_pressed(wired, app, start, told):
    @app.event
    async def on_interaction(interaction):
        told.add(interaction.data["custom_id"])
        file = discord.File(io.BytesIO(b"all of it"), "transcript.txt")
        await interaction.response.send_message("Closed", file=file, ephemeral=True)
        more = await interaction.followup.send("Was it good?", ephemeral=True, wait=True)
        await interaction.followup.edit_message(more.id, content="Was it very good?")

    await start()
    ada = wired.person("Ada")
    user = await app.fetch_user(int(ada.id))
    await user.send(view=Layout())
    heard = await ada.hears()
    assert heard.shown == "Your tickets\nT-1 is open"
    await ada.presses("Close")
    answer = await ada.hears()
    assert [file.data for file in answer.files] == [b"all of it"]
    assert await ada.sees("very good") is not answer
    assert told == ["close"]


async def test_commands_are_offered_where_and_to_whom_they_are_meant_for(wired, app, start):
    @app.tree.command(description="?")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def panel(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("Here it is")

    await start()
    await app.tree.sync()
    admin = wired.person("Ida", roles=[wired.role("Admins", may=["manage_guild"])])
    ada, channel = wired.person("Ada"), wired.channel("help")
    await admin.runs("/panel", channel)
    assert "Here it is" in await ada.hears(channel)
    with pytest.raises(AssertionError, match="Ada is not offered 'panel'"):
        await ada.runs("/panel", channel)
    with pytest.raises(AssertionError, match="no command 'panel' here"):
        await admin.runs("/panel")
