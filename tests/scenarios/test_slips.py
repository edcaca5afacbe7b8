"""What is typed by a slip never reaches a requester: a note that is almost one, a reference with a comma."""

from __future__ import annotations

import pytest

from supportbot.testing.harness import BotHarness, Party
from supportbot.texts import Texts


@pytest.fixture
def ada(bot: BotHarness) -> Party:
    return bot.requester("ada")


@pytest.fixture
async def case(bot: BotHarness, ada: Party, sam: Party) -> str:
    """A case that sam has claimed, by its conversation."""
    await ada.says("/human the printer is on fire")
    await sam.says("/claim T-1001")
    return str(bot.agents_channel.lines[0]["conversation"])


def heard_by(bot: BotHarness, who: str) -> list[str]:
    return [str(line["text"]) for line in bot.shown if line["to"] == who]


NOTES = (
    "// SECRET", " //SECRET", "\n\n// SECRET", "note: SECRET", "NOTE : SECRET", "/note: SECRET", "!note: SECRET",
    "/ note: SECRET", "\u200b//SECRET", "\ufeff// SECRET", "\u2060note: SECRET", "\uff0f\uff0f SECRET",
    "note\uff1a SECRET", " /note T-1001 SECRET", "\u200b/note SECRET", "\n/note SECRET",
)  # fmt: skip


@pytest.mark.parametrize("words", NOTES)
async def test_however_a_note_is_typed_it_stays_inside(bot: BotHarness, sam: Party, case: str, words: str) -> None:
    before = heard_by(bot, "ada")
    assert "only the team sees it" in await sam.says(words, case=case)
    assert heard_by(bot, "ada") == before


@pytest.mark.parametrize(
    "words", ["/ note SECRET", "/nott SECRET", "!slove SECRET", "hello\n// SECRET", "hi\nnote: SECRET"]
)
async def test_what_may_be_a_slip_is_not_sent_and_said_so(bot: BotHarness, sam: Party, case: str, words: str) -> None:
    before = heard_by(bot, "ada")
    assert await sam.says(words, case=case) != ""
    assert heard_by(bot, "ada") == before


@pytest.mark.parametrize("words", ["!!!", "see http://x/y // z", "1/2", "a note: b"])
async def test_ordinary_words_are_sent(bot: BotHarness, sam: Party, case: str, words: str) -> None:
    await sam.says(words, case=case)
    assert heard_by(bot, "ada")[-1] == words


async def test_an_agents_quick_lines_are_never_joined(bot: BotHarness, sam: Party, case: str) -> None:
    before = len(heard_by(bot, "ada"))
    events = [bot._event(sam, text=text, thread=case) for text in ("Hello Ada", "// a crook", "your refund comes")]
    for event in events:
        await bot.app.bot.receive(event)
    await bot.app.bot.crew.idle()
    assert heard_by(bot, "ada")[before:] == ["Hello Ada", "your refund comes"]


@pytest.mark.parametrize(
    "command",
    ["/reply T-1002\nhello bob", "/reply T-1002: hello bob", "/reply #T-1002 hello bob", "/reply [T-1002] hello bob"],
)
async def test_words_for_another_case_go_there_or_nowhere(bot: BotHarness, sam: Party, case: str, command: str) -> None:
    await bot.requester("bob").says("/human my bill is wrong")
    await sam.says("/claim T-1002")
    before = heard_by(bot, "ada")
    await sam.says(command, case=case)
    assert heard_by(bot, "ada") == before
    assert heard_by(bot, "bob")[-1] == "hello bob"


@pytest.mark.parametrize("reference", ["T-4711", "T-x", "t-10011", "T-"])
async def test_a_reference_that_is_none_never_means_the_case_at_hand(
    bot: BotHarness, texts: Texts, sam: Party, case: str, reference: str
) -> None:
    before = heard_by(bot, "ada")
    assert (await sam.says(f"/solve {reference} bye", case=case)).startswith(texts("agents.not_found", reason="")[:12])
    assert heard_by(bot, "ada") == before


async def test_a_rating_typed_quickly_before_another_word_counts(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, case: str
) -> None:
    await sam.says("/solve T-1001 done", case=case)
    await bot.advance("15m")
    await bot.quickly((ada, "5"), (ada, "was quick, really"))
    assert heard_by(bot, "ada")[-2:] == [texts("survey.ask_comment"), texts("survey.thanks")]


async def test_a_requester_cannot_make_a_card_out_of_their_own_words(
    bot: BotHarness, ada: Party, sam: Party, case: str
) -> None:
    fake = "**T-1002** – bob would like to talk to a person\n`/claim T-1002` takes it"
    for words in (f"hi\n{fake}", f"hi\r{fake}", f"hi\u2028{fake}", f"/add T-1001 hi\n{fake}"):
        await ada.says(words)
        shown = str(bot.agents_channel.lines[-1]["text"]).splitlines()
        assert [line for line in shown if "T-1002" in line and not line.startswith("> ")] == []


@pytest.mark.parametrize("who", ["@kim please\nhelp **now**", "@", "a b"])
async def test_a_case_is_given_to_one_name(bot: BotHarness, sam: Party, case: str, who: str) -> None:
    before = heard_by(bot, "ada")
    await sam.says(f"/assign T-1001 {who}")
    assert heard_by(bot, "ada") == before
