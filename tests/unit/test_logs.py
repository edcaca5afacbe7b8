"""Logs: named fields only, for a person or a machine; what libraries say goes through the same door."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
import structlog

from supportbot import logs
from supportbot.logs import log
from supportbot.settings import Secret

Written = Callable[[], str]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    """Read what was logged, and put everything back that taming libraries changes."""
    root = logging.getLogger()
    kept = root.handlers[:], root.level, sys.unraisablehook, threading.excepthook, logging.raiseExceptions
    monkeypatch.setattr(logs, "_secrets", set())
    monkeypatch.delenv("SUPPORTBOT_LOG", raising=False)
    yield lambda: capsys.readouterr().err
    root.handlers[:], level, sys.unraisablehook, threading.excepthook, logging.raiseExceptions = kept
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()
    monkeypatch.undo()
    logs.configure()


def test_a_line_for_a_person_is_one_line_whatever_is_in_it(written: Written) -> None:
    logs.configure("info")
    log.info("started", release="1.0", skills=["faq", "help"], reason="two words\nand a line")
    [line] = written().splitlines()
    assert line.endswith('info    started  release=1.0 skills=faq,help reason="two words\\nand a line"')


def test_a_line_for_a_machine_is_one_json_object(written: Written) -> None:
    logs.configure("info", "json")
    log.warning("skill failed", skill="refunds", attempt=2)
    line = json.loads(written())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "skill failed", "level": "warning", "skill": "refunds", "attempt": 2}


def test_what_is_below_the_level_is_not_written(written: Written) -> None:
    logs.configure("warning")
    log.info("started")
    log.debug("looked")
    assert written() == ""


def test_the_environment_wins_over_the_level(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORTBOT_LOG", "debug")
    logs.configure("error")
    log.debug("looked")
    assert "looked" in written()


def test_a_field_that_is_not_on_the_list_is_dropped(written: Written) -> None:
    logs.configure("info")
    log.error("work failed", text="my password is hunter2", person="Ada Lovelace", to="@ada")
    assert written().rstrip().endswith("work failed")


def test_an_exception_is_only_its_places(written: Written) -> None:
    logs.configure("info", "json")
    try:
        raise ValueError("my card is 4111")
    except ValueError as error:
        log.error("work failed", error=type(error).__name__, exc_info=error)
    said = written()
    assert json.loads(said)["exception"][-1].startswith(__file__)
    assert "4111" not in said


def test_secrets_and_passwords_are_masked_wherever_they_come(written: Written) -> None:
    logs.configure("info")
    Secret("xoxb-not-a-real-one")
    log.error("x", reason="postgresql://bot:pa:ss@w0rd@db/bot said xoxb-not-a-real-one")
    assert 'reason="postgresql://bot:***@db/bot said ***"' in written()


def test_a_secret_that_begins_with_another_is_masked_whole(written: Written) -> None:
    logs.configure("info")
    for length in range(10, 40):
        Secret("0123456789abcdefghijklmnopqrstuvwxyzABCD"[:length])
    log.error("x", reason="said 0123456789abcdefghijklmnopqrstuvwxyzABC")
    assert written().rstrip().endswith('reason="said ***"')


def test_what_a_library_puts_into_its_words_is_left_out(written: Written) -> None:
    logs.configure("debug", "json")
    logs.tame()
    frame = "hello from Ada"
    logging.getLogger("slack_sdk.socket_mode").info("received a frame: %s", frame)
    logging.getLogger("slack_sdk.socket_mode").info(f"received: {frame}")  # noqa: G004 - as that library does
    said = written()
    told, silent = map(json.loads, said.splitlines())
    assert (told["library"], told["says"]) == ("slack_sdk.socket_mode", "received a frame: %s")
    assert told["where"].startswith(f"{__file__}:")
    assert "says" not in silent
    assert "Ada" not in said


def test_a_library_is_heard_from_warnings_on(written: Written) -> None:
    logs.configure("info")
    logs.tame()
    logging.getLogger("discord.gateway").debug("a frame")
    logging.getLogger("discord.gateway").info("connected")
    assert written() == ""
    logging.getLogger("discord.gateway").warning("disconnected")
    assert "library=discord.gateway says=disconnected" in written()


def test_the_logging_of_a_process_that_is_not_ours_is_left_alone(written: Written) -> None:
    logging.getLogger().setLevel(logging.CRITICAL)
    logs.configure("debug")
    assert logging.getLogger().level == logging.CRITICAL


def test_a_level_between_the_usual_ones_is_written(written: Written) -> None:
    logs.configure("info")
    logs.tame()
    logging.getLogger("somebody").log(35, "odd")
    assert "warning" in written()


def test_an_error_that_nobody_took_is_told_without_its_words(written: Written) -> None:
    logs.configure("info")
    logs.tame()

    def fail() -> None:
        raise ValueError("Ada said so")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    said = written()
    assert "error=ValueError" in said
    assert "Ada" not in said


@pytest.mark.usefixtures("written")
def test_a_log_that_cannot_be_written_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = io.StringIO()
    monkeypatch.setattr(sys, "stderr", gone)
    logs.configure("info")
    log.error("work failed")
    assert gone.getvalue()
    gone.close()
    log.error("work failed")
