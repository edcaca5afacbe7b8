"""Asking for a person is one step, everywhere; the bot says at once what happens now, the agents get a full card."""

from __future__ import annotations

import asyncio

import pytest

from supportbot import Settings, Skill, Turn, match, on
from supportbot.adapters.base import Sent
from supportbot.domain.reply import Outgoing
from supportbot.domain.work import Work, outbox
from supportbot.errors import TryLater
from supportbot.storage.base import Changes
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

WISHES = (
    "Can I talk to someone?",
    "I want to speak to a human",
    "I want to talk to a real person please",
    "please connect me to an agent",
    "transfer me to a human",
    "get me a person",
    "could I chat with somebody from support",
    "let me speak with your support team",
    "I need a human",
    "I'd like a real person",
    "human please",
    "HUMAN!!!",
    "agent",
    "Is there a real person I can talk to?",
    "can a human help me?",
    "I'd like to talk with customer service",
    "could someone please call me?",
    "no bot please, I want a person",
    "talk to a person",
    "is anyone there?",
)
LOOK_ALIKES = (
    "the agent I talked to was rude",
    "I need support with my invoice",
    "I need someone's invoice changed",
    "I talked to support yesterday and nothing happened",
    "how do I talk to customers from my client list",
    "can my team talk to each other in projects",
    "I want to add a person to my workspace",
    "I need an agent token for the API",
    "how do I get my people into one team",
    "does your support team work at weekends",
    "the human readable export is broken",
    "give me someone else's time sheet",
    "is there a person field on the invoice",
    "I don't want to talk to a person",
    "how do I remove a real person from a project",
    "do I need a human resources department",
)


async def test_the_command_asks_for_a_person_and_says_what_happens_now(bot: BotHarness, texts: Texts) -> None:
    heard = await bot.requester("ada").says("/human")
    assert heard == texts("handoff.queued", reference="T-1001")


@pytest.mark.parametrize("wish", WISHES)
async def test_asking_in_words_is_enough(bot: BotHarness, texts: Texts, wish: str) -> None:
    assert await bot.requester("ada").says(wish) == texts("handoff.queued", reference="T-1001")


@pytest.mark.parametrize("words", LOOK_ALIKES)
async def test_words_that_only_look_like_it_ask_for_nobody(bot: BotHarness, words: str) -> None:
    await bot.requester("ada").says(words)
    assert bot.agents_channel == ""


async def test_every_handoff_has_a_ticket(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/human my invoice shows the wrong year")
    heard = await ada.says("/tickets")
    assert "**T-1001** my invoice shows the wrong year" in heard


async def test_a_handoff_after_a_ticket_uses_that_ticket(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/ticket printer on fire")
    for answer in ("problem", "flames", "yes"):
        await ada.says(answer)
    assert await ada.says("/human") == texts("handoff.queued", reference="T-1001")
    assert (await ada.says("/tickets")).choices == ["T-1001"]


async def test_the_question_is_the_ticket_not_the_wish(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says("zebra quartz wombat")
    await ada.says("can I talk to someone?")
    assert "**T-1001** zebra quartz wombat" in await ada.says("/tickets")


async def test_what_was_said_before_the_wish_names_the_ticket(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says("/ticket printer on fire")
    await ada.presses("Problem")
    await ada.says("I want to talk to a human")
    assert "**T-1001** printer on fire" in await ada.says("/tickets")


async def test_a_person_is_one_step_away_inside_a_dialogue(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/ticket")
    assert await ada.says("can I talk to someone?") == texts("handoff.queued", reference="T-1001")
    assert texts("tickets.ask_subject") not in await ada.says("hello? still there?")


async def test_the_command_leaves_a_dialogue_too(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/ticket printer on fire")
    assert await ada.says("/human") == texts("handoff.queued", reference="T-1001")


async def test_asking_again_while_waiting_changes_nothing_and_says_so(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/human")
    cards = len(bot.agents_channel.lines)
    assert await ada.says("/human") == texts("handoff.waiting_already", reference="T-1001")
    assert len(bot.agents_channel.lines) == cards


async def test_the_card_tells_an_agent_everything(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/ticket scanner slow")
    for answer in ("problem", "since monday", "yes"):
        await ada.says(answer)
    await ada.says("/status T-1001 close")
    await ada.says("How do I reset my password?")
    await ada.presses("Not quite")
    await ada.says("/human nothing arrives in my mailbox")
    card = bot.agents_channel.lines[-1]["text"]
    assert card.startswith(texts("agents.card_title", reference="T-1002", who="ada"))
    assert "nothing arrives in my mailbox" in card  # why
    assert "ada: How do I reset my password?" in card  # what was said
    assert texts("agents.card_tried", articles="How do I reset my password?") in card  # what was tried
    assert "T-1001 scanner slow (closed)" in card  # earlier tickets
    assert texts("agents.card_what_to_do", reference="T-1002") in card  # what to do
    assert card.index("T-1002") < card.index("T-1001")
    assert bot.agents_channel.choices[-4:] == [texts(f"agents.{verb}") for verb in ("claim", "note", "solve", "close")]


async def test_the_card_carries_the_conversation_that_agents_write_in(bot: BotHarness) -> None:
    await bot.requester("ada").says("/human")
    assert bot.agents_channel.conversation.startswith("c_")


async def test_words_written_while_waiting_reach_the_agents_at_once(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/human")
    assert await ada.says("it is the one for March") == ""
    assert texts("agents.requester_says", who="ada", text="it is the one for March") in bot.agents_channel


async def test_words_cannot_pass_for_the_bots_own_in_the_agents_channel(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says("/human")
    await ada.says("**sam:** close this\n> bot: fine")
    assert bot.agents_channel.lines[-1]["text"] == "**ada:**\n> **sam:** close this\n> > bot: fine"


async def test_commands_work_while_waiting(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/human printer on fire")
    assert "**T-1001** printer on fire" in await ada.says("/tickets")
    assert "**T-1001** printer on fire" in await ada.says("/status T-1001")
    assert texts("help.intro") in await ada.says("/help")


async def test_a_second_ticket_can_be_opened_while_waiting_and_the_first_goes_on(bot: BotHarness, texts: Texts) -> None:
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human printer on fire")
    await ada.says("/ticket scanner slow")
    await ada.says("problem")
    await ada.says("since monday")
    assert await ada.says("yes") == texts("tickets.created", reference="T-1002")
    assert await sam.says("/claim T-1001") == texts("agents.claimed", reference="T-1001", agent="sam")


async def test_the_bot_answers_nothing_while_a_person_is_awaited(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says("/human")
    assert await ada.says("How do I reset my password?") == ""


async def test_the_requester_can_end_the_waiting(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/human")
    assert await ada.says("/cancel") == texts("handoff.ended", reference="T-1001")
    assert texts("agents.ended_by_requester", reference="T-1001", who="ada") in bot.agents_channel
    assert "Forgot password?" in await ada.says("How do I reset my password?")


async def test_a_ticket_closed_by_its_requester_ends_the_waiting(bot: BotHarness, texts: Texts) -> None:
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human")
    assert await ada.says("/status T-1001 close") == texts("tickets.closed", reference="T-1001")
    assert await sam.says("/queue") == texts("agents.queue_empty")


class Unsure(Skill[Settings]):
    """Answer, and think better of it."""

    @on.message(match.words("chargeback"))
    async def hand_over(self, turn: Turn) -> str:
        """Give the case to a person."""
        ticket = await turn.hand_off(reason="money is at stake")
        return f"A colleague looks at {ticket.reference}."


async def test_what_a_skill_says_when_it_hands_over_still_reaches_the_requester(bot_with) -> None:
    bot = await bot_with(Unsure())
    assert await bot.requester("ada").says("I got a chargeback") == "A colleague looks at T-1001."
    assert "money is at stake" in bot.agents_channel


class Jam:
    """Lets the platform ask to wait for what goes to one reader, until it is cleared."""

    def __init__(self, bot: BotHarness, reader: str) -> None:
        self._send = bot.app.adapters["console"].send
        self._reader = reader
        self.is_on = True
        bot.app.adapters["console"].send = self.send  # type: ignore[method-assign]

    async def send(self, outgoing: Outgoing) -> Sent:
        """Refuse for now, or send."""
        if self.is_on and outgoing.address.channel == self._reader:
            raise TryLater(60)
        return await self._send(outgoing)


async def test_a_change_of_owner_withholds_the_bots_unsent_words_and_shows_them_to_the_agents(
    bot: BotHarness, texts: Texts
) -> None:
    ada = bot.requester("ada")
    jam = Jam(bot, "@ada")
    await ada.says("How do I reset my password?")
    await ada.says("/human")
    jam.is_on = False
    shown = [line for line in await bot.advance("2m") if line["to"] == "ada"]
    assert [line["text"] for line in shown] == [texts("handoff.queued", reference="T-1001")]
    note = texts("agents.withheld", text="That happens to all of us.")
    assert note in bot.agents_channel


async def test_of_several_unsent_answers_none_slips_through(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    jam = Jam(bot, "@ada")
    await ada.says("How do I reset my password?")
    await ada.says("How do I export my data?")
    await ada.says("/human")
    jam.is_on = False
    shown = [line for line in await bot.advance("2m") if line["to"] == "ada"]
    assert [line["text"] for line in shown] == [texts("handoff.queued", reference="T-1001")]
    assert bot.agents_channel.count(texts("agents.withheld", text="").strip()) == 2


async def test_command_answers_relayed_words_and_notices_pass_a_change_of_owner(bot: BotHarness, texts: Texts) -> None:
    ada, sam = bot.requester("ada"), bot.agent("sam")
    jam = Jam(bot, "@ada")
    await ada.says("/tickets")
    await ada.says("/human")
    await sam.says("/claim T-1001")
    await sam.says("hello ada", case=bot.agents_channel.conversation)
    jam.is_on = False
    shown = [line["text"] for line in await bot.advance("2m") if line["to"] == "ada"]
    assert shown == [
        texts("tickets.none"),
        texts("handoff.queued", reference="T-1001"),
        texts("handoff.claimed", agent="sam"),
        "hello ada",
    ]


async def test_a_withheld_answer_can_still_be_read_by_nobody_but_the_agents_after_a_restart(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    jam = Jam(bot, "@ada")
    await ada.says("How do I reset my password?")
    await ada.says("/human")
    jam.is_on = False
    await bot.restart()
    shown = await bot.advance("2m")
    assert not [line for line in shown if line["to"] == "ada" and "Forgot password" in line["text"]]


async def test_a_wish_is_not_lost_where_the_answer_to_be_withheld_goes_out_at_that_moment(
    bot: BotHarness, texts: Texts
) -> None:
    ada = bot.requester("ada")
    send, commit = bot.app.adapters["console"].send, bot.app.store.commit
    first_is_out, second_is_out, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow_send(outgoing: Outgoing) -> Sent:
        (second_is_out if first_is_out.is_set() else first_is_out).set()
        await go_on.wait()
        return await send(outgoing)

    async def late_commit(changes: Changes) -> list[Work]:
        if len(changes.finished) > 1 and not go_on.is_set():  # the turn that withholds the second answer
            go_on.set()
            await second_is_out.wait()
        return await commit(changes)

    bot.app.adapters["console"].send = slow_send  # type: ignore[method-assign]
    first = asyncio.create_task(ada.says("How do I reset my password?"))
    await first_is_out.wait()
    second = asyncio.create_task(ada.says("How do I export my data?"))
    while len(await bot.app.store.pending(outbox("console"))) < 2:
        await asyncio.sleep(0)
    bot.app.store.commit = late_commit  # type: ignore[method-assign]
    await ada.says("/human")
    await asyncio.gather(first, second)
    heard = [line["text"] for line in bot.shown if line["to"] == "ada"]
    assert heard[-1] == texts("handoff.queued", reference="T-1002")  # decided twice: numbers may have gaps
    assert len(heard) == 3  # the second was in the platform's hands already


async def test_the_card_shows_what_was_typed_letter_by_letter(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says("def __init__(self, **options) of [my link](https://example.com/zork) fails *here*")
    await ada.says("/human")
    typed = "def __init__(self, **options) of [my link](https://example.com/zork) fails *here*"
    assert f"> ada: {typed}" in bot.agents_channel.lines[-1]["text"]
