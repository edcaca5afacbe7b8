"""While people wait: nobody is forgotten, nobody is left in silence, and the truth is told in time."""

from __future__ import annotations

import pytest

from supportbot.testing.harness import BotHarness, Party
from supportbot.texts import Texts


@pytest.fixture
def ada(waiting: Party) -> Party:
    """A requester who waits with T-1001."""
    return waiting


def seen(shown: list[dict[str, object]], reader: str) -> list[object]:
    """What a reader was shown."""
    return [line["text"] for line in shown if line["to"] == reader]


async def test_after_five_minutes_an_unclaimed_handoff_is_shown_to_the_agents_again(
    bot: BotHarness, texts: Texts, ada: Party
) -> None:
    assert await bot.advance("4m") == []
    shown = await bot.advance("1m")
    assert seen(shown, "#agents") == [texts("agents.unclaimed_again", reference="T-1001", who="ada", minutes=5)]
    assert [choice["label"] for choice in shown[0]["choices"]] == [texts("agents.claim")]
    assert seen(shown, "ada") == []


async def test_after_fifteen_minutes_the_requester_hears_the_truth(bot: BotHarness, texts: Texts, ada: Party) -> None:
    await bot.advance("14m")
    shown = [line for line in await bot.advance("1m") if line["to"] == "ada"]
    assert seen(shown, "ada") == [texts("handoff.unclaimed_truth", reference="T-1001")]
    assert [choice["label"] for choice in shown[0]["choices"]] == [
        texts("handoff.leave_it"),
        texts("handoff.keep_waiting"),
    ]


async def test_leaving_it_as_a_ticket_ends_the_waiting_and_keeps_the_ticket(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    await bot.advance("15m")
    assert await ada.presses("Leave it") == texts("handoff.left_as_ticket", reference="T-1001")
    assert texts("agents.left_as_ticket", reference="T-1001", who="ada") in bot.agents_channel
    assert "Forgot password?" in await ada.says("How do I reset my password?")
    assert texts("tickets.status.new") in await ada.says("/status T-1001")
    queue = await sam.says("/queue")
    assert queue.startswith(texts("agents.queue_empty"))
    assert "T-1001" in queue[queue.index(texts("agents.untaken")) :]
    assert await sam.says("/claim T-1001") == texts("agents.claimed", reference="T-1001", agent="sam")


async def test_who_keeps_waiting_stays_in_the_queue_and_the_agents_are_asked_again(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    await bot.advance("15m")
    assert await ada.presses("Keep waiting") == texts("handoff.waiting_on", reference="T-1001")
    assert "T-1001" in await sam.says("/queue")
    assert len(seen(await bot.advance("5m"), "#agents")) == 1
    assert seen(await bot.advance("10m"), "ada") == [texts("handoff.unclaimed_truth", reference="T-1001")]


@pytest.mark.parametrize("choice", ["Leave it", "Keep waiting"])
async def test_a_late_press_does_not_take_the_case_from_the_agent_who_has_it(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, choice: str
) -> None:
    await bot.advance("15m")
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    assert await ada.presses(choice) == texts("handoff.agent_already", reference="T-1001")
    assert await sam.says("hello ada", case=case) == texts("agents.relayed", who="ada")


async def test_a_press_after_the_end_is_told_so(bot: BotHarness, texts: Texts, ada: Party) -> None:
    await bot.advance("15m")
    await ada.presses("Leave it")
    lines = len(bot.agents_channel.lines)
    assert await ada.presses("Leave it") == texts("dialogue.already_answered")
    assert len(bot.agents_channel.lines) == lines


async def test_a_claimed_handoff_is_neither_repeated_nor_called_unclaimed(
    bot: BotHarness, ada: Party, sam: Party
) -> None:
    await sam.says("/claim T-1001")
    assert await bot.advance("29m") == []


async def test_a_claim_without_a_word_is_told_to_the_claimer_and_then_goes_back_to_the_queue(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    await sam.says("/claim T-1001")
    shown = await bot.advance("30m")
    assert seen(shown, "#agents") == [texts("agents.silent_claim", reference="T-1001", agent="sam")]
    assert seen(shown, "ada") == []
    shown = await bot.advance("10m")
    assert seen(shown, "#agents") == [texts("agents.lapsed", reference="T-1001")]
    assert seen(shown, "ada") == [texts("handoff.requeued")]
    assert "T-1001" in await bot.agent("tess").says("/queue")


async def test_a_claimer_who_speaks_keeps_the_case(bot: BotHarness, texts: Texts, ada: Party, sam: Party) -> None:
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    await bot.advance("25m")
    await sam.says("I'm looking into it", case=case)
    assert await bot.advance("3h") == []


async def test_a_reminded_claimer_who_speaks_keeps_the_case(bot: BotHarness, ada: Party, sam: Party) -> None:
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    await bot.advance("31m")
    await sam.says("sorry, here I am", case=case)
    assert await bot.advance("3h") == []


async def test_an_unanswered_word_starts_the_claimers_time_anew(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    await sam.says("which printer?", case=case)
    await bot.advance("29m")
    await ada.says("the red one")
    assert await bot.advance("29m") == []
    shown = await bot.advance("1m")
    assert seen(shown, "#agents") == [texts("agents.silent_claim", reference="T-1001", agent="sam")]


async def test_asking_on_does_not_put_off_the_claimers_time(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    await sam.says("/claim T-1001")
    for _ in range(3):
        await bot.advance("9m")
        await ada.says("hello?")
    shown = await bot.advance("3m")
    assert seen(shown, "#agents") == [texts("agents.silent_claim", reference="T-1001", agent="sam")]


async def test_a_colleague_who_takes_over_gets_the_whole_time(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    await sam.says("/claim T-1001")
    await bot.advance("31m")
    await bot.agent("tess").says("/claim T-1001 over")
    assert await bot.advance("29m") == []


async def test_words_within_ten_minutes_are_passed_on_without_a_line(bot: BotHarness, ada: Party) -> None:
    await bot.advance("9m")
    assert await ada.says("are you there?") == ""


async def test_after_ten_minutes_without_an_agents_word_one_line_says_that_they_were_taken(
    bot: BotHarness, texts: Texts, ada: Party
) -> None:
    await bot.advance("10m")
    assert await ada.says("are you there?") == texts("handoff.waiting_line", reference="T-1001")
    assert await ada.says("hello?") == ""
    assert texts("agents.requester_says", who="ada", text="hello?") in bot.agents_channel


async def test_an_agents_word_makes_the_line_needless_for_ten_minutes_more(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    case = bot.agents_channel.conversation
    await bot.advance("4m")
    await sam.says("/claim T-1001")
    await bot.advance("5m")
    await sam.says("on it", case=case)
    await bot.advance("9m")
    assert await ada.says("thanks") == ""
    await bot.advance("1m")
    assert await ada.says("any news?") == texts("handoff.taken_line", reference="T-1001", agent="sam")


async def test_the_requester_can_end_a_talk_with_an_agent_too(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    assert await ada.says("/cancel") == texts("handoff.ended", reference="T-1001")
    before = len(seen(bot.shown, "ada"))
    await sam.says("wait, one more thing", case=case)
    assert len(seen(bot.shown, "ada")) == before


@pytest.mark.parametrize(("speaks", "asks"), [(False, False), (True, True)])
async def test_who_ends_it_is_asked_how_it_was_only_where_somebody_had_helped(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, speaks: bool, asks: bool
) -> None:
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    if speaks:
        await sam.says("have you tried turning it off?", case=case)
    await ada.says("/cancel")
    heard = seen(await bot.advance("25h"), "ada")
    assert (texts("survey.ask_rating", reference="T-1001") in heard) is asks


async def test_waiting_is_watched_across_a_restart(bot: BotHarness, texts: Texts, ada: Party) -> None:
    await bot.advance("2m")
    await bot.restart()
    assert len(seen(await bot.advance("3m"), "#agents")) == 1
    assert seen(await bot.advance("10m"), "ada") == [texts("handoff.unclaimed_truth", reference="T-1001")]


async def test_a_survey_or_a_timer_does_not_break_into_a_talk_with_an_agent(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party
) -> None:
    await sam.says("/solve T-1001")
    await ada.says("/human it burns again")
    await sam.says("/claim T-1002")
    await sam.says("hello again", case=bot.agents_channel.conversation)
    assert seen(await bot.advance("20m"), "ada") == []
    await sam.says("/solve T-1002")
    assert texts("survey.ask_rating", reference="T-1002") in seen(await bot.advance("20m"), "ada")
