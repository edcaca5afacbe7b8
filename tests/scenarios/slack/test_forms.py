"""A form in Slack is a modal: opened at once after a press or a command, else by a button; words do as well."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.errors import StoreFailed
from supportbot.testing.slack.fingers import NotAcknowledged
from supportbot.texts import Texts
from tests.scenarios.slack.conftest import Desk, OpenDesk, shown

TEXTS = Texts()


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_the_slash_command_opens_the_form_of_a_ticket_and_its_answer_is_the_ticket(
    open_desk: OpenDesk, mode: str
) -> None:
    desk = await open_desk(mode=mode)
    ada, sam = desk.ada, desk.sam

    await ada.runs("/support ticket")
    modal = await ada.sees_modal("Open a ticket")
    assert modal.fields == [TEXTS("tickets.ask_subject"), TEXTS("tickets.ask_category"), TEXTS("tickets.ask_details")]
    await ada.submits(modal, subject="The printer burns", category="Problem", details="Since noon.\nIn room 4.")
    assert ada.modal is None
    assert TEXTS("tickets.ask_subject") in await ada.hears()
    assert shown(TEXTS("tickets.created", reference="T-1001")) in await ada.hears()

    card = await sam.hears(desk.team)
    for words in ("T-1001", "The printer burns", "Problem", "Since noon.", "In room 4."):
        assert words in card


async def test_a_form_can_be_answered_in_words_and_asks_to_be_confirmed_then(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    await ada.dm("!ticket")
    asked = await ada.hears()
    assert asked.shown.strip() == TEXTS("tickets.ask_subject")
    assert asked.buttons == [TEXTS("dialogue.fill_in")]
    assert ada.modal is None
    await ada.dm("The printer burns")
    asked = await ada.hears()
    assert asked.buttons == ["Question", "Problem", "Billing", "Something else"]
    await ada.presses("Problem")
    await ada.hears()
    await ada.dm("Since noon")
    assert "Shall I open the ticket?" in await ada.hears()
    await ada.presses("Yes")
    assert "T-1001" in await ada.hears()


async def test_the_button_opens_the_form_also_after_a_restart(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    await ada.dm("!ticket the printer burns")
    asked = await ada.hears()
    await restarted(desk, open_desk)
    await ada.presses(TEXTS("dialogue.fill_in"), on=asked)
    modal = await ada.sees_modal("Open a ticket")
    await restarted(desk, open_desk)
    await ada.submits(modal, category="Problem", details="Since noon")  # the subject stands in it
    assert "T-1001" in await ada.hears()
    assert "the printer burns" in await desk.sam.hears(desk.team)


async def test_a_form_that_cannot_be_opened_is_asked_in_words(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    desk.slack.trouble.expires_triggers()
    await ada.runs("/support ticket")
    asked = await ada.hears()
    assert asked.buttons == [TEXTS("dialogue.fill_in")]
    await ada.presses(TEXTS("dialogue.fill_in"))
    again = await ada.hears()
    assert TEXTS("tickets.ask_subject") in again
    assert again.buttons == []
    await ada.dm("The printer burns")
    assert TEXTS("tickets.ask_category") in await ada.hears()


async def test_a_form_opens_once_for_what_somebody_did_and_not_for_what_they_wrote(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    await ada.runs("/support ticket the printer burns")
    await ada.sees_modal()
    await ada.closes()
    await ada.hears()
    await ada.dm("!ticket the scanner burns")
    await ada.hears()
    assert ada.modal is None
    assert len(desk.slack.world_log.calls("views.open")) == 1


async def test_a_form_that_comes_too_late_says_so_and_gives_back_what_was_written(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    await ada.runs("/support ticket")
    modal = await ada.sees_modal()
    await ada.hears()
    await ada.dm("/cancel")
    assert TEXTS("dialogue.cancelled") in await ada.hears()
    await ada.submits(modal, subject="The printer burns", category="Problem", details="Since noon")
    told = await ada.hears()
    assert "too late" in told
    assert "The printer burns" in told
    assert "Since noon" in told
    assert desk.sam.unheard(desk.team) == []


async def test_a_form_takes_the_place_of_what_was_answered_in_words_meanwhile(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    await ada.runs("/support ticket")
    modal = await ada.sees_modal()
    await ada.hears()
    await ada.dm("The scanner burns")
    await ada.hears()
    await ada.submits(modal, subject="The printer burns", category="Problem", details="Since noon")
    assert "T-1001" in await ada.hears()
    assert "The printer burns" in await desk.sam.hears(desk.team)


async def test_a_form_is_filled_in_by_the_one_who_is_asked(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.ada.writes(desk.help, f"<@{desk.slack.bot.id}> !ticket the printer burns", exact=True)
    asked = await desk.ada.hears(desk.help)
    await desk.sam.presses(TEXTS("dialogue.fill_in"), on=asked)
    assert desk.sam.modal is None
    await desk.sam.sees(TEXTS("dialogue.not_your_question"), desk.help)
    assert not [message for message in desk.ada.reads(desk.help) if TEXTS("dialogue.not_your_question") in message]
    await desk.ada.presses(TEXTS("dialogue.fill_in"), on=asked)
    await desk.ada.submits(await desk.ada.sees_modal(), category="Problem", details="Since noon")
    assert "T-1001" in await desk.ada.hears(desk.help, thread=asked)


async def test_a_form_that_could_not_be_stored_stays_open_with_all_that_was_written(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await open_desk(mode="http")
    ada, app = desk.ada, desk.app
    await ada.runs("/support ticket")
    modal = await ada.sees_modal()
    assert app
    with monkeypatch.context() as broken:
        broken.setattr(app.store, "commit", _no_room)
        with pytest.raises(NotAcknowledged):
            await ada.submits(modal, subject="The printer burns", category="Problem", details="Since noon")
    assert ada.modal is modal
    await ada.submits(modal, subject="The printer burns", category="Problem", details="Since noon")
    assert ada.modal is None
    await ada.sees("T-1001")


async def _no_room(*_: object, **__: object) -> None:
    raise StoreFailed("there is no room left")


RETURNS = """\
from supportbot import Settings, Skill, Turn, match, on, read

class Returns(Skill[Settings]):
    @on.message(match.words("return"))
    async def take(self, turn: Turn) -> str:
        record = await turn.ask("A few things about it:", read.form(
            "Return something that you have bought from us",
            order=("Which **order** is it?", read.whole_number(at_most=1000)),
            bought=("When did you buy it?", read.date),
            mail=("Where do we write to?", read.pattern("[a-z]+@example[.]com")),
            why=("Why?", read.choice(*[f"Reason {n} " + "x" * 100 for n in range(1, 4)])),
            photo=("A photo, please", read.file),
        ))
        order, bought, mail, why = (record[name] for name in ("order", "bought", "mail", "why"))
        return f"{order}, {bought:%d %b %Y}, {mail}, {why[:8]}, {turn.filled_in}"
"""


async def test_what_cannot_be_read_or_shown_is_asked_in_turn_and_nothing_is_lost(
    open_desk: OpenDesk, tmp_path: Any
) -> None:
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "returns.py").write_text(RETURNS, "utf-8")
    desk = await open_desk(skill_paths=["skills"], skills=["returns", "help"])
    ada = desk.ada
    await ada.dm("I want to return it")
    asked = await ada.hears()
    assert "A few things about it:\nWhich order is it?" in asked
    await ada.presses(TEXTS("dialogue.fill_in"))
    modal = await ada.sees_modal()
    assert modal.title == "Return something that…"
    assert modal.fields == ["Which order is it?", "When did you buy it?", "Where do we write to?", "Why?"]
    await ada.submits(modal, order="4200", bought="2026-01-02", mail="nobody", why="Reason 2 " + "x" * 100)
    unread = await ada.hears()
    for words in (
        "Which *order*",
        "4200",
        "Where do we write to? nobody",
        TEXTS("dialogue.hint.whole_number_at_most", at_most=1000),
    ):
        assert words.replace("*", "") in unread.shown.replace("*", "")
    await ada.dm("42")
    assert "Where do we write to?" in await ada.hears()
    await ada.dm("ada@example.com")
    assert "A photo, please" in await ada.hears()
    await ada.uploads(ada.direct, "box.png", b"png")
    assert "42, 02 Jan 2026, ada@example.com, Reason 2, False" in await ada.hears()


async def restarted(desk: Desk, open_desk: OpenDesk) -> None:
    """Stop the bot and start another on what it left."""
    assert desk.app
    await desk.app.stop()
    await open_desk()
