"""Whatever people run, press and fill in on Discord is stored, and answered or deferred within a second."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from supportbot.adapters.discord import interactions
from supportbot.clock import MINUTE
from supportbot.domain.event import Event
from supportbot.domain.form import Field, Form
from supportbot.domain.reply import Button
from supportbot.errors import StoreFailed, TryLater
from supportbot.testing.discord import DiscordWorld, Message, NotAcknowledged
from supportbot.testing.discord.interactions import DEFER, DEFER_UPDATE, MESSAGE
from supportbot.texts import Texts
from tests.unit.adapters.discord.desk import Bot, bot_on

TEXTS = Texts()
SOON = 1.5
"""Seconds that may have passed until an answer that is due within one: this machine has other things to do."""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Defer at once what nobody answers."""
    monkeypatch.setattr(interactions, "LONGEST_WAIT", 0.02)


# --- commands ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "options", "text"),
    [
        ("/ticket", {}, "/ticket"),
        ("/ticket", {"subject": "The printer burns"}, "/ticket The printer burns"),
        ("/tickets", {}, "/tickets"),
        ("/status", {"reference": "T-1042"}, "/status T-1042"),
        ("/human", {"reason": "it is urgent"}, "/human it is urgent"),
        ("/help", {}, "/help"),
        ("/faq", {"question": "/How do I reset it?"}, "How do I reset it?"),
        ("/faq", {"question": "! /How do I reset it?"}, "How do I reset it?"),
        ("/solve", {"words": "Have a nice day"}, "/solve Have a nice day"),
        ("/reply", {"words": "Try again"}, "/reply Try again"),
        ("/queue", {}, "/queue"),
        ("/claim", {"reference": "T-1042"}, "/claim T-1042"),
        ("/note", {"words": "rings twice", "reference": "T-1042"}, "/note T-1042 rings twice"),
        ("/canned", {"name": "refund", "reference": "T-1042"}, "/canned T-1042 refund"),
    ],
)
async def test_a_command_is_what_would_be_typed_and_its_answer_is_for_whoever_ran_it(
    discord: DiscordWorld, command: str, options: dict[str, str], text: str
) -> None:
    ada, bo, channel = discord.person("Ada"), discord.person("Bo"), discord.channel("help")
    async with bot_on(discord) as bot:
        bot.answers("As you say.")
        interaction = await ada.runs(command, channel, **options)
        (event,) = bot.heard
    assert event.text == text
    assert event.kind == ("message" if command == "/faq" else "command")
    assert event.person.id == f"discord/main/{ada.id}"
    assert event.key == f"discord/main/interaction/{interaction.id}"
    assert event.address.key == f"discord/main/{channel.id}/@{ada.id}"
    assert event.direct
    assert interaction.answer_type == MESSAGE
    assert interaction.original in ada.reads(channel)
    assert interaction.original not in bo.reads(channel)


async def test_in_direct_messages_the_answer_stays(discord: DiscordWorld) -> None:
    ada = discord.person("Ada")
    async with bot_on(discord) as bot:
        bot.answers("No tickets.")
        interaction = await ada.runs("/tickets")
    assert interaction.original is not None
    assert not interaction.original.ephemeral
    assert "No tickets" in interaction.original


async def test_an_answer_that_takes_long_is_deferred_within_a_second_and_takes_the_place_of_the_thought(
    discord: DiscordWorld,
) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord) as bot:
        interaction = await ada.runs("/tickets", channel)
        assert interaction.answer_type == DEFER
        assert interaction.took < SOON
        (event,) = bot.heard
        assert await bot.shows(bot.says("One moment…", event, purpose="notice"))
        assert await bot.shows(bot.says("You have none.", event))
    assert interaction.original is not None
    assert interaction.original.text == "One moment…"
    assert interaction.original.ephemeral
    later = await ada.sees("You have none.", channel)
    assert later.ephemeral
    assert not discord.world_log.calls(ok=False)


async def test_a_thought_that_nothing_comes_of_is_taken_back(
    discord: DiscordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interactions, "LONGEST_WAIT", 0.0)
    monkeypatch.setattr(interactions, "LONGEST_THOUGHT", 0.0)
    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord) as bot:
        interaction = await ada.runs("/tickets", channel)
        await discord.until(lambda: _is_gone(interaction.original), "the thought is gone")
        assert await bot.shows(bot.says("You have none.", bot.heard[0]))
        assert "You have none." in await ada.sees("You have none.", channel)


async def test_nothing_is_acknowledged_before_it_is_stored(discord: DiscordWorld) -> None:
    ada, stored = discord.person("Ada"), asyncio.Event()
    async with bot_on(discord) as bot:
        bot.stores = lambda event: _wait(stored)
        bot.answers("Here.")
        running = asyncio.create_task(ada.runs("/help"))
        interaction = await discord.until(lambda: next(iter(discord.interactions.all), None), "she ran it")
        await asyncio.sleep(0)
        assert interaction.state == "waiting"
        assert not discord.world_log.calls("Create Interaction Response")
        stored.set()
        assert await running is interaction
        assert interaction.answer_type == MESSAGE


async def test_what_could_not_be_stored_is_taken_in_again_and_answered_once(discord: DiscordWorld) -> None:
    ada, tries = discord.person("Ada"), list[Event]()

    async def fails_first(event: Event) -> None:
        tries.append(event)
        if len(tries) < 2:
            raise StoreFailed("no room")

    async with bot_on(discord) as bot:
        bot.stores = fails_first
        bot.answers("Here.")
        interaction = await ada.runs("/help")
    assert [event.key for event in tries] == [tries[0].key] * 2
    assert len(bot.heard) == 1
    assert interaction.original is not None
    assert "Here." in interaction.original


async def test_an_interaction_that_is_told_twice_is_taken_in_once(discord: DiscordWorld) -> None:
    ada = discord.person("Ada")
    discord.trouble.repeats = 3
    async with bot_on(discord) as bot:
        bot.answers("Here.")
        await ada.runs("/help")
        discord.gateway.drop()
        await discord.gateway.resumed()
        await ada.runs("/tickets")
    assert [event.text for event in bot.heard] == ["/help", "/tickets"]
    assert not discord.world_log.calls(ok=False)


async def test_an_interaction_that_came_too_late_is_kept_all_the_same_and_nothing_is_shown_by_it(
    discord: DiscordWorld,
) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    shown: list[bool] = []
    async with bot_on(discord) as bot:

        async def react(event: Event) -> None:
            shown.append(await bot.shows(bot.says("Here.", event)))

        bot.reacts = react
        discord.trouble.expires_interactions()
        with pytest.raises(NotAcknowledged):
            await ada.runs("/help", channel)
        await _until(lambda: bool(shown))
    assert [event.text for event in bot.heard] == ["/help"]
    assert shown == [False]


@pytest.mark.usefixtures("impatient")
async def test_a_token_that_is_too_old_says_nothing_about_the_bot_s_own(discord: DiscordWorld) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord) as bot:
        old = await ada.runs("/help", channel)
        old.made_at -= 16 * MINUTE
        assert not await bot.shows(bot.says("Here.", bot.heard[0]))
        assert [call.error for call in discord.world_log.calls(ok=False)] == [50027]
        bot.answers("There.")
        new = await ada.runs("/help", channel)
    assert new.original is not None
    assert "There." in new.original


async def test_an_interaction_that_somebody_else_answered_is_answered_behind_that(discord: DiscordWorld) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord) as bot:

        async def react(event: Event) -> None:
            (interaction,) = discord.interactions.all
            discord.interactions.answer(interaction.id, interaction.token, {"type": DEFER, "data": {"flags": 64}}, ())
            assert await bot.shows(bot.says("Here.", event))

        bot.reacts = react
        interaction = await ada.runs("/help", channel)
        await ada.sees("Here.", channel)
    assert interaction.original is not None
    assert interaction.original.text == "Here."
    assert [call.error for call in discord.world_log.calls(ok=False)] == [40060]


async def test_an_answer_of_which_nobody_knows_whether_it_came_is_shown_once(discord: DiscordWorld) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord) as bot:
        doubts: list[Exception] = []

        async def react(event: Event) -> None:
            discord.trouble.loses_replies("Create Interaction Response", times=1)
            answer = bot.says("Here.", event)
            try:
                await bot.shows(answer)
            except TryLater as doubt:
                doubts.append(doubt)
            assert await bot.shows(answer)
            assert await bot.shows(bot.says("And there.", event))

        bot.reacts = react
        interaction = await ada.runs("/help", channel)
        await ada.sees("And there.", channel)
    assert doubts
    assert interaction.original is not None
    assert interaction.original.text == "Here."
    assert [message.text for message in ada.reads(channel)] == ["Here.", "And there."]


@pytest.mark.usefixtures("impatient")
async def test_relayed_words_and_what_is_for_others_are_not_shown_by_it(discord: DiscordWorld) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord) as bot:
        await ada.runs("/help", channel)
        (event,) = bot.heard
        assert not await bot.shows(bot.says("Hello, it's Sam.", event, purpose="relay"))
        assert not await bot.shows(bot.says("For Bo.", event, only_for="discord/main/1"))
        elsewhere = event.address.outside_thread
        assert not await bot.shows(bot.says("For all.", event, address=elsewhere))


@pytest.mark.usefixtures("impatient")
async def test_answers_come_in_the_order_in_which_things_were_done(discord: DiscordWorld) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord) as bot:
        first, second = await ada.runs("/tickets", channel), await ada.runs("/help", channel)
        for words in ("one", "two"):
            assert await bot.shows(bot.says(words, bot.heard[0]))
    assert first.original is not None
    assert second.original is not None
    assert (first.original.text, second.original.text) == ("one", "two")


# --- while somebody types ---------------------------------------------------------------------------------------------


async def test_questions_are_offered_while_one_is_typed_without_a_turn(discord: DiscordWorld) -> None:
    asked: list[tuple[str, str]] = []

    def suggest(words: str, language: str) -> list[str]:
        asked.append((words, language))
        return ["How do I reset my password?", "x" * 200, *(f"Question {number}" for number in range(40))]

    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord, suggest) as bot:
        offered = await ada.completes("/faq", channel, question="pass")
        assert not bot.heard
    assert asked == [("pass", "en-US")]
    assert offered[0] == "How do I reset my password?"
    assert len(offered[1]) == 100
    assert len(offered) == 25


async def test_where_nothing_can_be_looked_up_nothing_is_offered(discord: DiscordWorld) -> None:
    ada = discord.person("Ada")
    async with bot_on(discord):
        assert await ada.completes("/faq", question="pass") == []


async def test_names_of_canned_replies_are_offered_to_agents_only(discord: DiscordWorld) -> None:
    ada, sam, team = discord.person("Ada"), discord.person("Sam"), discord.channel("team")
    agents = discord.role("Agents", [sam])
    async with bot_on(discord, agent_roles=(agents.id,)) as bot:
        bot.adapter.interactions.canned = ("Refund", "no refund", "hello")
        assert await sam.completes("/canned", team, name="REF") == ["Refund", "no refund"]
        assert await sam.completes("/canned", team, name="") == ["Refund", "no refund", "hello"]
        assert await ada.completes("/canned", team, name="") == []
        assert not bot.heard


# --- menus on a message -----------------------------------------------------------------------------------------------


async def test_a_ticket_is_opened_from_a_message_which_is_taken_over_with_its_files(discord: DiscordWorld) -> None:
    ada, sam, channel = discord.person("Ada"), discord.person("Sam"), discord.channel("general")
    message = await ada.uploads(channel, "log.txt", b"burning", text="The printer burns")
    async with bot_on(discord) as bot:
        bot.answers("T-1 is open.")
        interaction = await sam.uses("Open a ticket", message)
        (event,) = bot.heard
    assert event.text == "/ticket"
    assert event.about is not None
    assert event.about.key == f"discord/main/{channel.id}/{message.id}"
    assert event.about.text == "The printer burns"
    assert event.about.person.id == f"discord/main/{ada.id}"
    assert [file.name for file in event.about.files] == ["log.txt"]
    assert event.address.thread == f"@{sam.id}"
    assert interaction.original is not None
    assert interaction.original.ephemeral


async def test_files_that_take_long_to_copy_are_named(discord: DiscordWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, channel = discord.person("Ada"), discord.channel("general")
    message = await ada.uploads(channel, "log.txt", b"burning", text="The printer burns")
    async with bot_on(discord) as bot:
        monkeypatch.setattr(interactions, "LONGEST_COPYING", 0.01)
        monkeypatch.setattr(bot.adapter.api, "download", _never)
        interaction = await ada.uses("Open a ticket", message)
        (event,) = bot.heard
    assert interaction.took < SOON
    assert event.about is not None
    assert event.about.text == "The printer burns\n" + TEXTS("discord.files_left", files="log.txt")
    assert event.about.files == ()


async def test_an_answer_is_found_for_a_message_and_only_whoever_asked_sees_it(discord: DiscordWorld) -> None:
    ada, sam, channel = discord.person("Ada"), discord.person("Sam"), discord.channel("general")
    thread = await ada.starts_thread(await ada.writes(channel, "Hm"), "Hm")
    message = await ada.writes(thread, "How do I reset my password?")
    async with bot_on(discord) as bot:
        bot.answers("In the settings.", purpose="answer")
        interaction = await sam.uses("Find an answer", message)
        (event,) = bot.heard
    assert (event.kind, event.text) == ("message", "How do I reset my password?")
    assert event.address.key == f"discord/main/{channel.id}/@{sam.id}"
    assert event.about is None
    assert interaction.original is not None
    assert interaction.original.only_for is not None
    assert interaction.original.only_for.id == sam.id


@pytest.mark.parametrize("mark", ["/", "! /", " /", "\u200b/", "\ufeff\u2060!", "\u200e \uff0f", "\x1f/"])
async def test_what_another_wrote_is_no_command_of_whoever_looks_for_an_answer_to_it(
    discord: DiscordWorld, mark: str
) -> None:
    eve, sam, channel = discord.person("Eve"), discord.person("Sam"), discord.channel("general")
    message = await eve.writes(channel, f"{mark}close T-1001", exact=True)
    async with bot_on(discord) as bot:
        await sam.uses("Find an answer", message)
        (event,) = bot.heard
    assert (event.kind, event.text) == ("message", "close T-1001")


async def test_a_message_without_words_has_nothing_to_look_for(discord: DiscordWorld) -> None:
    ada, channel = discord.person("Ada"), discord.channel("general")
    async with bot_on(discord) as bot:
        message = await discord.posts(discord.bot, channel, "I am the bot")
        interaction = await ada.uses("Find an answer", message)
        assert not bot.heard
    assert interaction.original is not None
    assert interaction.original.text == TEXTS("discord.no_question")
    assert interaction.original.ephemeral


# --- buttons and menus ------------------------------------------------------------------------------------------------


async def offered(bot: Bot, address: Any, *choices: Button, form: Form | None = None) -> None:
    """Post a message with choices, as the outbox does."""
    from supportbot.adapters.discord.posts import post_of, rows  # noqa: PLC0415 - only here

    body = {**post_of("Well?"), "components": rows(choices, form)}
    if form:
        bot.adapter.forms.keep(form)
    await bot.adapter.api.write("/channels/{channel_id}/messages", body, channel_id=address)


@pytest.mark.usefixtures("impatient")
async def test_buttons_and_menus_are_known_by_their_ids_alone(discord: DiscordWorld) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord) as bot:
        thread = await ada.starts_thread(await ada.writes(channel, "Hm"), "Hm")
        many = [Button(f"o_8.{number}", f"Choice {number}", "Did you mean") for number in range(3)]
        await offered(bot, thread.id, Button("o_7.1", "Yes"), *many)
        await ada.hears(thread)
    async with bot_on(discord) as bot:  # another process
        pressed = await ada.presses("Yes")
        chosen = await ada.chooses("Choice 2")
        events = [event for event in bot.heard if event.kind == "press"]
    assert [event.choice for event in events] == ["o_7.1", "o_8.2"]
    assert {event.address.key for event in events} == {f"discord/main/{channel.id}/{thread.id}"}
    assert [interaction.answer_type for interaction in (pressed, chosen)] == [DEFER_UPDATE] * 2
    assert max(pressed.took, chosen.took) < SOON


async def test_what_a_press_brings_for_one_person_alone_is_shown_by_it_and_the_rest_is_not(
    discord: DiscordWorld,
) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord) as bot:
        await offered(bot, channel.id, Button("o_7.1", "Yes"))
        await ada.hears(channel)

        async def react(event: Event) -> None:
            assert not await bot.shows(bot.says("For all.", event))
            assert await bot.shows(bot.says("For you.", event, only_for=event.person.id))

        bot.reacts = react
        await ada.presses("Yes")
        assert (await ada.sees("For you.", channel)).ephemeral
    assert not discord.world_log.calls(ok=False)


# --- forms ------------------------------------------------------------------------------------------------------------


def form_of(person: str, count: int = 2, **more: Any) -> Form:
    """Make a form that asks so many things."""
    fields = [Field(name=f"field_{number}", question=f"Question {number}?") for number in range(count)]
    return Form(title="A few questions", fields=tuple(fields), label="Fill in", person=person, id="o_9.form", **more)


async def test_a_form_is_the_first_answer_and_what_is_filled_in_comes_back(discord: DiscordWorld) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord) as bot:
        form = form_of(f"discord/main/{ada.id}")
        bot.answers("Question 0?", form=form)
        await ada.runs("/ticket", channel)
        modal = await ada.sees_modal("A few questions")
        assert modal.fields == ["Question 0?", "Question 1?"]
        below = await ada.sees("Question 0?", channel)
        assert below.ephemeral
        assert below.buttons == ["Fill in"]

        bot.answers("Thank you.")
        await ada.submits(modal, field_0="a", field_1="b")
        await ada.sees("Thank you.", channel)
    event = bot.heard[-1]
    assert (event.kind, event.choice, event.fields) == ("form", "o_9.form", {"field_0": "a", "field_1": "b"})
    assert event.address == bot.heard[0].address


async def test_a_press_opens_the_form_that_its_answer_has(discord: DiscordWorld) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord) as bot:
        await offered(bot, channel.id, Button("o_7.1", "Open a ticket"))
        await ada.hears(channel)
        bot.answers("Question 0?", form=form_of(f"discord/main/{ada.id}"))
        await ada.presses("Open a ticket")
        assert (await ada.sees_modal()).fields == ["Question 0?", "Question 1?"]


@pytest.mark.usefixtures("impatient")
async def test_the_button_of_a_form_opens_it_for_the_one_who_is_asked_and_asks_in_words_after_a_restart(
    discord: DiscordWorld,
) -> None:
    ada, bo, channel = discord.person("Ada"), discord.person("Bo"), discord.channel("help")
    async with bot_on(discord) as bot:
        await offered(bot, channel.id, form=form_of(f"discord/main/{ada.id}"))
        await ada.presses("Fill in")
        await ada.sees_modal("A few questions")
        assert not bot.heard
        await bo.presses("Fill in")
        assert bo.modal is None
        assert [(event.kind, event.choice) for event in bot.heard] == [("press", "o_9.form")]
    async with bot_on(discord) as bot:
        await ada.closes()
        await ada.presses("Fill in")
        assert ada.modal is None
        assert [(event.kind, event.choice) for event in bot.heard] == [("press", "o_9.form")]


@pytest.mark.parametrize("direct", [True, False])
async def test_a_long_form_comes_page_by_page_each_of_which_is_stored(discord: DiscordWorld, direct: bool) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    where = [] if direct else [channel]
    async with bot_on(discord) as bot:
        bot.answers("Question 0?", form=form_of(f"discord/main/{ada.id}", 12))
        await ada.runs("/ticket", *where)
        modal, asked = await ada.sees_modal("(1/3)"), ["Question 5?", "Question 10?", "Done."]
        for page in range(3):
            assert len(modal.fields) == (5, 5, 2)[page]
            bot.answers(asked[page])
            numbers = range(page * 5, page * 5 + len(modal.fields))
            await ada.submits(modal, **{f"field_{number}": str(number) for number in numbers})
            event = bot.heard[-1]
            assert (event.choice, set(event.fields)) == ("o_9.form", {f"field_{number}" for number in numbers})
            if page < 2:
                below = await ada.sees(asked[page], *where)
                goes_on = TEXTS("discord.next_page", page=page + 2, pages=3)
                assert below.buttons == [goes_on]
                await ada.presses(goes_on)
                modal = await ada.sees_modal(f"({page + 2}/3)")
        assert await discord.until(lambda: discord.interactions.all[-1].answer_type or None, "the last page is taken")


@pytest.mark.usefixtures("impatient")
async def test_a_long_form_goes_on_in_words_after_a_restart(discord: DiscordWorld) -> None:
    ada = discord.person("Ada")
    async with bot_on(discord) as bot:
        bot.answers("Question 0?", form=form_of(f"discord/main/{ada.id}", 6))
        await ada.runs("/ticket")
        bot.answers("Question 5?")
        await ada.submits(await ada.sees_modal(), **{f"field_{number}": "x" for number in range(5)})
        await ada.sees("Question 5?")
    async with bot_on(discord) as bot:
        await ada.presses(TEXTS("discord.next_page", page=2, pages=2))
        assert ada.modal is None
        assert [(event.kind, event.choice) for event in bot.heard] == [("press", "o_9.form")]


async def test_a_form_that_opens_too_late_is_asked_in_words(discord: DiscordWorld) -> None:
    ada, channel = discord.person("Ada"), discord.channel("help")
    async with bot_on(discord) as bot:
        await offered(bot, channel.id, form=form_of(f"discord/main/{ada.id}"))
        discord.trouble.expires_interactions()
        with pytest.raises(NotAcknowledged):
            await ada.presses("Fill in")
        await _until(lambda: bool(bot.heard))
    assert [(event.kind, event.choice) for event in bot.heard] == [("press", "o_9.form")]


def _is_gone(message: Message | None) -> bool | None:
    return (message and message.deleted) or None


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _never(*_: Any) -> None:
    await asyncio.Event().wait()


async def _until(look: Any) -> None:
    async with asyncio.timeout(10):
        while not look():
            await asyncio.sleep(0)
