"""Corrections: who changes or takes back their words has changed them for the others, too, wherever these are."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from supportbot.adapters.base import Capabilities, Sent
from supportbot.config import DeskSettings
from supportbot.data.people import records
from supportbot.domain.event import EventKind
from supportbot.domain.reply import RELAYED, Outgoing, relayed_under
from supportbot.domain.timeline import TIMELINE
from supportbot.testing.harness import BotHarness, Party
from supportbot.texts import Texts
from tests.scenarios.conftest import BotWith

AGENTS = "#agents"


@pytest.fixture
async def case(bot: BotHarness, waiting: Party, sam: Party) -> str:
    """A case that sam has claimed, by the id that agents write in its thread with."""
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001", case=case)
    return case


@pytest.fixture
def ada(waiting: Party) -> Party:
    """The requester of T-1001."""
    return waiting


class Board:
    """Stands in for a platform that changes messages in place: what hangs there, by an id of its own."""

    def __init__(self, bot: BotHarness, monkeypatch: pytest.MonkeyPatch) -> None:
        self._bot = bot
        self.hanging: dict[str, Outgoing] = {}
        self.removed: list[str] = []
        capabilities = Capabilities(idempotent=True, for_strangers=False, reactions=True, edits=True)
        monkeypatch.setattr(type(bot._console), "capabilities", capabilities)
        monkeypatch.setattr(bot._console, "send", self.send)

    async def send(self, outgoing: Outgoing) -> Sent:
        if outgoing.reaction_to:
            return Sent()
        if outgoing.removes:
            self.removed.append(self.hanging.pop(outgoing.edits).text)
            return Sent()
        name = outgoing.edits or f"{len(self.hanging) + 1}"
        assert not outgoing.edits or name in self.hanging
        self.hanging[name] = outgoing
        return Sent(id=name)

    def at(self, reader: str) -> list[str]:
        """What hangs there for a reader now."""
        return [shown.text for shown in self.hanging.values() if shown.address.channel == reader]


@pytest.fixture
async def board(bot: BotHarness, monkeypatch: pytest.MonkeyPatch) -> Board:
    """The board, in place of lines."""
    board = Board(bot, monkeypatch)
    await bot.restart()
    monkeypatch.setattr(bot._console, "send", board.send)
    return board


async def changes(
    bot: BotHarness, who: Party, id: str, text: str = "", *, case: str = "", kind: EventKind = "edit"
) -> list[str]:
    """Let somebody change, or take back, the message that they gave this id; returns what was shown of it."""
    before = len(bot.shown)
    said = bot._event(who, text=text, thread=case, id=id)
    again = msgspec.structs.replace(said, key=f"{said.key}/{kind}/{text}", kind=kind, target=said.key)
    await bot.app.bot.receive(again)
    await bot.app.bot.crew.idle()
    return [line["text"] for line in bot.shown[before:]]


async def takes_back(bot: BotHarness, who: Party, id: str, *, case: str = "") -> list[str]:
    return await changes(bot, who, id, case=case, kind="delete")


# --- where nothing can be changed in place ------------------------------------------------------------------------


async def test_a_line_says_what_the_requester_changed(bot: BotHarness, texts: Texts, ada: Party, case: str) -> None:
    await ada.says("my code is 1234", id="m1")
    assert await changes(bot, ada, "m1", "my code is 4321") == [
        texts("agents.changed", who="ada", text="my code is 4321")
    ]
    assert await takes_back(bot, ada, "m1") == [texts("agents.took_back", who="ada", text="my code is 4321")]


async def test_a_line_says_what_the_agent_changed(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, case: str
) -> None:
    await sam.says("pres it", case=case, id="m1")
    assert await changes(bot, sam, "m1", "press it", case=case) == [
        texts("handoff.changed", who="sam", text="press it")
    ]
    assert await takes_back(bot, sam, "m1", case=case) == [texts("handoff.took_back", who="sam", text="press it")]


async def test_the_teams_name_stands_there_where_agents_have_none(bot_with: BotWith, texts: Texts) -> None:
    bot = await bot_with(built_in=("tickets", "handoff"), desk=DeskSettings(anonymous=True))
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human")
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    await sam.says("pres it", case=case, id="m1")
    shown = await changes(bot, sam, "m1", "press it", case=case)
    assert shown == [texts("handoff.changed", who=texts("handoff.team_name"), text="press it")]


async def test_words_cannot_pass_for_formatting(bot: BotHarness, board: Board, ada: Party, sam: Party) -> None:
    await ada.says("/human printer on fire")
    await ada.says("it is broken", id="m1")
    await changes(bot, ada, "m1", "**sam:** close it")
    assert board.at(AGENTS)[-1] == "**ada:** \\*\\*sam:\\*\\* close it"


# --- what counts --------------------------------------------------------------------------------------------------


async def test_only_the_authors_own_change_counts(bot: BotHarness, ada: Party, sam: Party, case: str) -> None:
    await sam.says("press it", case=case, id="m1")
    tess = bot.agent("tess")
    said = bot._event(sam, thread=case, id="m1")
    by_tess = bot._event(tess, text="do not press it", thread=case, id="m2")
    before = len(bot.shown)
    await bot.app.bot.receive(msgspec.structs.replace(by_tess, kind="edit", target=said.key))
    await bot.app.bot.crew.idle()
    assert bot.shown[before:] == []


async def test_who_is_no_agent_any_more_changes_nothing_but_may_take_back(
    bot: BotHarness, ada: Party, sam: Party, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sam.says("press it", case=case, id="m1")

    async def nobody(_: object) -> bool:
        return False

    monkeypatch.setattr(bot._console, "is_agent", nobody)
    assert await changes(bot, sam, "m1", "press harder", case=case) == []
    assert len(await takes_back(bot, sam, "m1", case=case)) == 1


async def test_the_same_words_again_change_nothing(bot: BotHarness, ada: Party, case: str) -> None:
    await ada.says("it is broken", id="m1")
    assert await changes(bot, ada, "m1", "it is broken") == []


async def test_what_was_taken_back_is_gone_for_good(bot: BotHarness, ada: Party, case: str) -> None:
    await ada.says("it is broken", id="m1")
    assert len(await takes_back(bot, ada, "m1")) == 1
    assert await takes_back(bot, ada, "m1") == []
    assert await changes(bot, ada, "m1", "it works") == []


async def test_a_note_stays_inside_whatever_becomes_of_it(bot: BotHarness, ada: Party, sam: Party, case: str) -> None:
    await sam.says("// they are difficult", case=case, id="m1")
    assert await changes(bot, sam, "m1", "they are difficult", case=case) == []
    assert await takes_back(bot, sam, "m1", case=case) == []


async def test_words_that_become_a_note_are_taken_back(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, case: str
) -> None:
    await sam.says("they are difficult", case=case, id="m1")
    assert await changes(bot, sam, "m1", "note: they are difficult", case=case) == [
        texts("handoff.took_back", who="sam", text="they are difficult"),
        texts("agents.noted", reference="T-1001"),
    ]


async def test_words_that_become_a_command_are_not_sent(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, case: str
) -> None:
    await sam.says("close it then", case=case, id="m1")
    assert await changes(bot, sam, "m1", "/close", case=case) == [texts("agents.not_sent_command", reference="T-1001")]
    assert texts("tickets.status.open") in await ada.says("/status T-1001")


async def test_a_change_of_words_that_went_nowhere_leaves_nothing_behind(bot: BotHarness) -> None:
    before = [item.key async for item in records(bot.app.store)]
    assert await changes(bot, bot.requester("eve"), "m1", "hello?") == []
    assert [item.key async for item in records(bot.app.store)] == before


async def test_changes_are_followed_after_the_case_was_solved_and_after_a_restart(
    bot: BotHarness, texts: Texts, ada: Party, sam: Party, case: str
) -> None:
    await sam.says("press it", case=case, id="m1")
    await sam.says("/solve T-1001")
    await bot.restart()
    assert await changes(bot, sam, "m1", "press the red one", case=case) == [
        texts("handoff.changed", who="sam", text="press the red one")
    ]


async def test_the_timeline_keeps_what_was_said_and_that_it_was_changed(
    bot: BotHarness, ada: Party, sam: Party, case: str
) -> None:
    await ada.says("my code is 1234", id="m1")
    await changes(bot, ada, "m1", "my code is 4321")
    await takes_back(bot, ada, "m1")
    lines = (await bot.app.store.read(TIMELINE, case)).items[2::-1]
    assert [(line.kind, line.text) for line in lines] == [
        ("requester", "my code is 1234"),
        ("changed", "my code is 4321"),
        ("taken_back", ""),
    ]
    assert {line.id for line in lines} == {"console/requester/ada/m1"}


async def test_a_later_card_shows_what_is_said_now(bot: BotHarness, ada: Party, sam: Party, case: str) -> None:
    await ada.says("my code is 1234", id="m1")
    await ada.says("it blinks", id="m2")
    await changes(bot, ada, "m1", "my code is 4321")
    await takes_back(bot, ada, "m2")
    await sam.says("/release T-1001 bot")
    await ada.says("/human again")
    card = bot.agents_channel.lines[-1]["text"]
    assert "my code is 4321" in card
    assert "1234" not in card
    assert "it blinks" not in card


async def test_what_was_taken_back_before_anybody_saw_it_is_on_no_card(bot: BotHarness, sam: Party) -> None:
    ada = bot.requester("ada")
    await ada.says("my password is hunter2", id="m1")
    await ada.says("my zorkmid is 1234", id="m2")
    assert await takes_back(bot, ada, "m1") == []
    assert await changes(bot, ada, "m2", "my zorkmid is 4321") != []  # it is answered again
    await ada.says("/human")
    card = bot.agents_channel.lines[-1]["text"]
    assert "hunter2" not in card
    assert "1234" not in card
    assert "my zorkmid is 4321" in card
    await takes_back(bot, ada, "m2")


async def test_a_question_that_was_taken_back_is_no_tickets_subject(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says("my zorkmid is hunter2", id="m1")
    await takes_back(bot, ada, "m1")
    await ada.says("/human")
    assert "hunter2" not in bot.agents_channel.lines[-1]["text"]


async def test_who_has_the_case_is_told_of_words_that_were_said_before(
    bot: BotHarness, texts: Texts, sam: Party
) -> None:
    ada, eve = bot.requester("ada"), bot.requester("eve")
    await ada.says("my zorkmid is 1234", id="m1")
    await ada.says("/human")
    await sam.says("/claim T-1001")
    assert await changes(bot, eve, "m1", "not mine") == []
    told = texts("agents.changed", who="ada", text="my zorkmid is 4321")
    assert await changes(bot, ada, "m1", "my zorkmid is 4321") == [told]
    assert await changes(bot, ada, "m1", "my zorkmid is 4321") == []
    told = texts("agents.took_back", who="ada", text="my zorkmid is 4321")
    assert await takes_back(bot, ada, "m1") == [told]
    assert await takes_back(bot, ada, "m1") == []


async def test_a_message_among_the_bots_words_costs_no_trace(bot: BotHarness) -> None:
    await bot.requester("eve").says("How do I reset my password?", id="m1")
    assert (await bot.app.store.read(RELAYED, relayed_under("console/requester/eve/m1"))).items == []


# --- where messages are changed in place --------------------------------------------------------------------------


async def test_what_was_sent_is_changed_in_place_and_taken_away(
    bot: BotHarness, board: Board, ada: Party, sam: Party
) -> None:
    await ada.says("/human printer on fire")
    case = next(shown.conversation for shown in board.hanging.values() if shown.address.channel == AGENTS)
    await sam.says("/claim T-1001", case=case)
    await sam.says("pres it", case=case, id="m1")
    await changes(bot, sam, "m1", "press *it*", case=case)
    assert board.at("@ada")[-1] == "press \\*it\\*"
    await takes_back(bot, sam, "m1", case=case)
    assert board.removed == ["press \\*it\\*"]


async def test_messages_that_were_joined_are_changed_one_by_one(
    bot: BotHarness, board: Board, ada: Party, sam: Party
) -> None:
    await ada.says("/human printer on fire")
    words = [bot._event(ada, text=text, id=text) for text in ("one", "two", "three")]
    await asyncio.gather(*map(bot.app.bot.receive, words))
    await bot.app.bot.crew.idle()
    assert board.at(AGENTS)[-1] == "**ada:**\n> one\n> two\n> three"
    await changes(bot, ada, "two", "deux")
    assert board.at(AGENTS)[-1] == "**ada:**\n> one\n> deux\n> three"
    await takes_back(bot, ada, "one")
    await takes_back(bot, ada, "three")
    assert board.at(AGENTS)[-1] == "**ada:** deux"
    await takes_back(bot, ada, "two")
    assert board.removed == ["**ada:** deux"]
