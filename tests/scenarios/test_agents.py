"""Agents: exactly one has a case, speaking is deliberate, nothing slips out by accident, and others are refused."""

from __future__ import annotations

import asyncio

import pytest

from supportbot.config import DeskSettings
from supportbot.testing.harness import BotHarness, Party
from supportbot.texts import Texts

AGENT_COMMANDS = (
    "/claim T-1001",
    "/release T-1001",
    "/release T-1001 bot",
    "/note T-1001 hello",
    "/assign T-1001 @eve",
    "/reply T-1001 hello",
    "/solve T-1001 done",
    "/close T-1001",
    "/reopen T-1001",
    "/queue",
    "/skills",
    "/skills on faq",
)


@pytest.fixture
def ada(waiting: Party) -> Party:
    """A requester who waits with T-1001."""
    return waiting


@pytest.fixture
def tess(bot: BotHarness) -> Party:
    """Another agent."""
    return bot.agent("tess")


def is_noted(heard: str) -> bool:
    """Tell whether an agent heard that their words stay inside."""
    return heard.startswith(Texts()("agents.noted", reference="T-1001"))


def last_for(bot: BotHarness, reader: str) -> str:
    """What a reader saw last."""
    return next((line["text"] for line in reversed(bot.shown) if line["to"] == reader), "")


async def test_a_claim_is_told_to_both_sides(bot: BotHarness, texts: Texts, ada: Party, sam: Party) -> None:
    assert await sam.says("/claim T-1001") == texts("agents.claimed", reference="T-1001", agent="sam")
    assert last_for(bot, "ada") == texts("handoff.claimed", agent="sam")
    assert texts("tickets.status.open") in await ada.says("/status T-1001")


async def test_a_claim_by_the_cards_choice_is_the_same(texts: Texts, ada: Party, sam: Party) -> None:
    assert await sam.presses("Claim") == texts("agents.claimed", reference="T-1001", agent="sam")


@pytest.mark.parametrize("claim", ["/claim t-1001", "!claim T-1001", "/claim"])
async def test_small_letters_an_exclamation_mark_or_no_reference_in_the_thread_do_too(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, claim: str
) -> None:
    heard = await sam.says(claim, case=bot.agents_channel.conversation)
    assert heard == texts("agents.claimed", reference="T-1001", agent="sam")


@pytest.mark.parametrize("claim", ["/claim T-1001", "/claim"])
async def test_who_comes_second_learns_who_has_it(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, tess: Party, claim: str
) -> None:
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    heard = await tess.says(claim, case=case)
    assert heard == texts("agents.claim_lost", reference="T-1001", agent="sam")
    assert heard.choices == [texts("agents.take_over")]


async def test_who_comes_second_may_take_over(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, tess: Party
) -> None:
    await sam.says("/claim T-1001")
    await tess.says("/claim T-1001")
    heard = await tess.presses("Take over")
    assert texts("agents.taken_over", reference="T-1001", agent="tess") in heard
    assert last_for(bot, "ada") == texts("handoff.claimed", agent="tess")
    case = bot.agents_channel.conversation
    assert is_noted(await sam.says("am I still on?", case=case))
    assert await tess.says("hello ada", case=case) == texts("agents.relayed", who="ada")


async def test_claiming_ones_own_case_again_changes_nothing(bot: BotHarness, ada: Party, sam: Party) -> None:
    await sam.says("/claim T-1001")
    shown = len([line for line in bot.shown if line["to"] == "ada"])
    await sam.says("/claim T-1001")
    assert len([line for line in bot.shown if line["to"] == "ada"]) == shown


async def test_of_fifty_agents_who_claim_at_once_exactly_one_wins_and_the_others_learn_who(
    bot: BotHarness, texts: Texts, ada: Party
) -> None:
    agents = [bot.agent(f"agent{number}") for number in range(50)]
    before = len(bot.shown)
    await asyncio.gather(*(agent.says("/claim T-1001") for agent in agents))
    said = [line["text"] for line in bot.shown[before:] if line["to"] == "#agents"]
    winners = [a.name for a in agents if texts("agents.claimed", reference="T-1001", agent=a.name) in said]
    assert len(winners) == 1
    assert said.count(texts("agents.claim_lost", reference="T-1001", agent=winners[0])) == 49
    assert [line["text"] for line in bot.shown[before:] if line["to"] == "ada"] == [
        texts("handoff.claimed", agent=winners[0])
    ]


async def test_the_claimers_plain_words_reach_the_requester(bot: BotHarness, ada: Party, sam: Party) -> None:
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    await sam.says("Have you tried water?", case=case)
    said = [line for line in bot.shown if line["to"] == "ada"][-1]
    assert (said["text"], said["from"]) == ("Have you tried water?", "sam")


async def test_the_requesters_words_reach_the_agent(bot: BotHarness, texts: Texts, ada: Party, sam: Party) -> None:
    await sam.says("/claim T-1001")
    assert await ada.says("water made it worse") == ""
    assert last_for(bot, "#agents") == texts("agents.requester_says", who="ada", text="water made it worse")


@pytest.mark.parametrize("words", ["// she is a VIP", "note: she is a VIP", "NOTE: she is a VIP", "  // she is a VIP"])
async def test_a_note_stays_inside_and_is_marked_so(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, words: str
) -> None:
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    assert await sam.says(words, case=case) == texts("agents.noted", reference="T-1001")
    assert "VIP" not in " ".join(line["text"] for line in bot.shown if line["to"] == "ada")


async def test_anyone_elses_words_are_notes(bot: BotHarness, texts: Texts, ada: Party, sam: Party, tess: Party) -> None:
    case = bot.agents_channel.conversation
    assert is_noted(await sam.says("who takes this?", case=case))
    await sam.says("/claim T-1001")
    assert is_noted(await tess.says("I know her", case=case))
    assert last_for(bot, "ada") == texts("handoff.claimed", agent="sam")


async def test_nobodys_words_reach_the_requester_after_the_release_or_the_end(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    await sam.says("/release T-1001")
    assert is_noted(await sam.says("phew", case=case))
    await sam.says("/claim T-1001")
    await sam.says("/solve T-1001")
    assert is_noted(await sam.says("what a day", case=case))
    assert not [line for line in bot.shown if line["to"] == "ada" and line["text"] in ("phew", "what a day")]


async def test_words_in_the_agents_channel_outside_a_case_are_theirs(bot: BotHarness, ada: Party, sam: Party) -> None:
    await sam.says("/claim T-1001")
    before = len(bot.shown)
    assert await sam.says("lunch?") == ""
    assert len(bot.shown) == before


async def test_words_in_a_thread_of_no_case_go_nowhere_and_the_agent_learns_it(
    bot: BotHarness, texts: Texts, sam: Party
) -> None:
    assert await sam.says("hello?", case="c_nothing") == texts("agents.unknown_thread")


async def test_a_note_by_command_is_kept_inside(bot: BotHarness, texts: Texts, ada: Party, sam: Party) -> None:
    seen = last_for(bot, "ada")
    assert await sam.says("/note T-1001 called back") == texts("agents.noted", reference="T-1001")
    assert last_for(bot, "ada") == seen


async def test_a_release_gives_the_case_back_to_the_queue(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, tess: Party
) -> None:
    await sam.says("/claim T-1001")
    assert await sam.says("/release T-1001") == texts("agents.released", reference="T-1001")
    assert last_for(bot, "ada") == texts("handoff.requeued")
    assert "T-1001" in await tess.says("/queue")
    assert await tess.says("/claim T-1001") == texts("agents.claimed", reference="T-1001", agent="tess")


async def test_a_release_to_the_bot_lets_it_answer_again_and_keeps_the_ticket_open(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    await sam.says("/claim T-1001")
    assert await sam.says("/release T-1001 bot") == texts("agents.released_to_bot", reference="T-1001")
    assert last_for(bot, "ada") == texts("handoff.back_to_bot", reference="T-1001")
    assert "Forgot password?" in await ada.says("How do I reset my password?")
    assert texts("tickets.status.new") in await ada.says("/status T-1001")


async def test_what_is_not_taken_cannot_be_released(bot: BotHarness, texts: Texts, ada: Party, sam: Party) -> None:
    seen = last_for(bot, "ada")
    heard = await sam.says("/release T-1001")
    assert heard.startswith(texts("agents.not_possible", reason=""))
    assert last_for(bot, "ada") == seen


async def test_an_assigned_colleague_has_the_case(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, tess: Party
) -> None:
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    assert await sam.says("/assign T-1001 @tess") == texts("agents.assigned", reference="T-1001", agent="tess")
    assert last_for(bot, "ada") == texts("handoff.assigned", agent="tess")
    assert await tess.says("hello ada", case=case) == texts("agents.relayed", who="ada")
    assert is_noted(await sam.says("bye", case=case))


async def test_a_note_without_words_asks_for_them_and_the_next_words_stay_inside(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    seen = last_for(bot, "ada")
    assert await sam.says("/note", case=case) == texts("agents.ask_note", reference="this case")
    assert await sam.says("// rings twice", case=case) == texts("agents.noted", reference="T-1001")
    assert last_for(bot, "ada") == seen
    assert await sam.says("hello", case=case) == texts("agents.relayed", who="ada")


async def test_who_was_asked_for_a_note_and_wrote_none_writes_to_the_requester_again_after_a_while(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    await sam.says("/note", case=case)
    assert [line for line in await bot.advance("11m") if line["to"] == "#agents"] == []
    assert await sam.says("hello", case=case) == texts("agents.relayed", who="ada")


async def test_an_assignment_without_a_name_asks_for_one(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, tess: Party
) -> None:
    case = bot.agents_channel.conversation
    await tess.says("hello all")
    assert await sam.says("/assign T-1001") == texts("agents.ask_assignee", reference="T-1001")
    assert await sam.says("@tess") == texts("agents.assigned", reference="T-1001", agent="tess")
    assert await tess.says("hello ada", case=case) == texts("agents.relayed", who="ada")


async def test_solving_ends_with_a_last_word(bot: BotHarness, texts: Texts, ada: Party, sam: Party) -> None:
    await sam.says("/claim T-1001")
    before = len(bot.shown)
    assert await sam.says("/solve T-1001 It was the toaster.") == texts("agents.solved", reference="T-1001")
    heard = [line["text"] for line in bot.shown[before:] if line["to"] == "ada"]
    assert heard == ["It was the toaster.", texts("handoff.solved", reference="T-1001")]


async def test_solving_without_a_word_still_tells_the_requester(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    await sam.says("/solve", case=bot.agents_channel.conversation)
    assert last_for(bot, "ada") == texts("handoff.solved", reference="T-1001")


async def test_closing_says_nothing_and_brings_no_survey(bot: BotHarness, texts: Texts, ada: Party, sam: Party) -> None:
    seen = len([line for line in bot.shown if line["to"] == "ada"])
    assert await sam.says("/close T-1001") == texts("agents.closed", reference="T-1001")
    await bot.advance("30h")
    assert len([line for line in bot.shown if line["to"] == "ada"]) == seen


async def test_the_queue_lists_who_waits_longest_first(bot: BotHarness, texts: Texts, ada: Party, sam: Party) -> None:
    await bot.advance("3m")
    await bot.requester("bob").says("/human scanner slow")
    heard = await sam.says("/queue")
    assert heard.startswith(texts("agents.queue"))
    assert texts("agents.queue_line", reference="T-1001", who="ada", subject="printer on fire", minutes=3) in heard
    assert heard.index("T-1001") < heard.index("T-1002")
    assert heard.choices == [texts("agents.claim_one", reference=name) for name in ("T-1001", "T-1002")]
    await sam.presses("Claim T-1002")
    assert "T-1002" not in await sam.says("/queue")


async def test_the_queue_shows_open_tickets_that_nobody_has_taken(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    bob = bot.requester("bob")
    for words in ("/ticket The scanner is slow", "Problem", "It takes a minute a page.", "yes"):
        await bob.says(words)
    heard = await sam.says("/queue")
    line = heard[heard.index(texts("agents.untaken")) :]
    assert "**T-1002** bob – The scanner is slow" in line
    assert "T-1001" not in line, "ada waits for a person: she is in the other list"
    assert heard.choices == [texts("agents.claim_one", reference=name) for name in ("T-1001", "T-1002")]
    await sam.says("/claim T-1002")
    assert "T-1002" not in await sam.says("/queue")


async def test_a_bare_status_in_a_cases_thread_shows_that_case(bot: BotHarness, ada: Party, sam: Party) -> None:
    assert "printer on fire" in await sam.says("/status", case=bot.agents_channel.conversation)


async def test_an_empty_queue_says_so(bot: BotHarness, texts: Texts, sam: Party) -> None:
    assert await sam.says("/queue") == texts("agents.queue_empty")


@pytest.mark.parametrize("command", AGENT_COMMANDS)
async def test_a_requester_is_refused_each_agent_command_and_nothing_leaks(
    bot: BotHarness, texts: Texts, ada: Party, command: str
) -> None:
    seen = bot.agents_channel
    mallory = bot.requester("mallory")
    assert await mallory.says(command) == texts("errors.refused")
    assert await mallory.says(command.replace("T-1001", "T-4711")) == texts("errors.refused")
    assert await ada.says(command) == texts("errors.refused")
    assert bot.agents_channel == seen
    assert texts("tickets.status.new") in await ada.says("/status T-1001")


async def test_a_requester_who_presses_the_agents_choice_gets_nothing(
    bot: BotHarness, texts: Texts, ada: Party
) -> None:
    claim = bot.agents_channel.lines[-1]["choices"][0]["id"]
    heard = await bot.act(bot.requester("mallory"), press=claim)
    assert heard in (texts("errors.refused"), texts("errors.unknown_choice"))
    assert texts("tickets.status.new") in await ada.says("/status T-1001")


@pytest.mark.parametrize("command", ["/human", "/ticket", "/tickets"])
async def test_an_agent_is_told_that_a_requesters_command_is_not_for_them(
    texts: Texts, sam: Party, command: str
) -> None:
    heard = await sam.says(command)
    assert heard == texts("errors.for_requesters")


@pytest.mark.parametrize("command", ["/claim T-4711", "/solve T-4711", "/note T-4711 x", "/claim", "/solve"])
async def test_an_unknown_case_is_told_to_the_agent(texts: Texts, sam: Party, command: str) -> None:
    heard = await sam.says(command)
    assert heard.startswith(texts("agents.not_found", reason="")[:12])
    assert ("T-4711" if "T-4711" in command else "no ticket was named") in heard


@pytest.mark.parametrize("ending", ["/solve T-1001", "/close T-1001"])
@pytest.mark.parametrize("command", ["/claim T-1001", "/release T-1001", "/release T-1001 bot", "/assign T-1001 @tess"])
async def test_what_is_over_cannot_be_taken_only_reopened(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, ending: str, command: str
) -> None:
    await sam.says("/claim T-1001")
    await sam.says(ending)
    seen = len([line for line in bot.shown if line["to"] == "ada"])
    assert (await sam.says(command)).startswith(texts("agents.not_possible", reason=""))
    assert len([line for line in bot.shown if line["to"] == "ada"]) == seen
    assert await sam.says("/reopen T-1001") == texts("agents.reopened", reference="T-1001")
    assert last_for(bot, "ada") == texts("handoff.claimed", agent="sam")


async def test_only_the_claimer_replies_by_command(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, tess: Party
) -> None:
    await sam.says("/claim T-1001")
    assert (await tess.says("/reply T-1001 hi")).startswith(texts("agents.not_possible", reason=""))
    assert await sam.says("/reply T-1001 hi ada") == texts("agents.replied", reference="T-1001")
    assert last_for(bot, "ada") == "hi ada"


async def test_a_new_tickets_card_can_be_claimed_as_well(bot: BotHarness, texts: Texts, sam: Party) -> None:
    ada = bot.requester("ada")
    for words in ("/ticket printer on fire", "problem", "flames", "yes"):
        await ada.says(words)
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    assert await sam.says("On my way.", case=case) == texts("agents.relayed", who="ada")
    assert last_for(bot, "ada") == "On my way."


async def test_a_team_can_stay_anonymous(bot_with, texts: Texts) -> None:
    bot = await bot_with(desk=DeskSettings(anonymous=True))
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human")
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    await sam.says("hello", case=case)
    await bot.advance("10m")
    await ada.says("hello?")
    await sam.says("/solve T-1001 bye")
    for line in bot.shown:
        if line["to"] == "ada":
            assert "sam" not in (line["text"] + line.get("from", "")).casefold()


async def test_where_the_team_says_so_only_reply_reaches_the_requester(bot_with, texts: Texts) -> None:
    bot = await bot_with(desk=DeskSettings(relay="reply"))
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human")
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    assert is_noted(await sam.says("she is nice", case=case))
    assert await sam.says("/reply hello ada", case=case) == texts("agents.replied", reference="T-1001")
    assert last_for(bot, "ada") == "hello ada"


async def test_who_releases_anothers_case_is_named_in_its_thread(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, tess: Party
) -> None:
    await sam.says("/claim T-1001")
    await tess.says("/release T-1001")
    assert texts("agents.released_by", reference="T-1001", agent="tess") in bot.agents_channel
    await sam.says("/claim T-1001")
    await sam.says("/release T-1001")
    assert texts("agents.released_by", reference="T-1001", agent="sam") not in bot.agents_channel
