"""Nobody knows whether it was shown: what may be on the screen is read back, and never said twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from supportbot import Reply, Settings, Skill, Turn, match, on
from supportbot.app import App
from supportbot.chat_lines import move_clock
from supportbot.clock import SimulatedClock
from supportbot.domain.file import File
from supportbot.errors import StoreFailed
from supportbot.storage.base import Changes, Store
from supportbot.testing.slack import SlackWorld
from tests.faults.slack.conftest import MODES, answered, said, serving, told

MUCH = " ".join(f"word{number}" for number in range(4_000))
CONTENT = b"All that went wrong"


class Speaker(Skill[Settings]):
    """Say what a test needs."""

    files: tuple[File, ...] = ()

    @on.message(match.words("long"))
    async def long(self, turn: Turn) -> str:
        """Say more than fits."""
        return MUCH

    @on.message(match.words("file"))
    async def file(self, turn: Turn) -> Reply:
        """Send a file."""
        return Reply("Here it is", files=self.files)

    @on.message(match.anything)
    async def repeat(self, turn: Turn) -> str:
        """Repeat the words."""
        return turn.text


class Desk:
    """Ada, and a bot whose time is the test's."""

    def __init__(self, slack: SlackWorld, clock: SimulatedClock, app: App, skill: Speaker) -> None:
        self.slack, self.clock, self.app, self.skill = slack, clock, app, skill
        self.ada = slack.person("Ada")

    async def asks(self, words: str) -> list[str]:
        """Ask, wait long enough for all doubts to be settled, and return what stands there then."""
        await self.ada.dm(words)
        await answered(self.slack, self.app)
        await move_clock(self.app, self.clock, 120_000)
        return [" ".join(message.shown.split()) for message in said(self.ada.direct)]


@asynccontextmanager
async def desk(folder: Path, **more: Any) -> AsyncIterator[Desk]:
    clock = SimulatedClock(1_800_000_000_000)
    async with SlackWorld(clock=clock) as slack:
        skill, team = Speaker(Settings()), slack.channel("team", [], private=True)
        async with serving(slack, folder, team.id, clock=clock, own=[skill], watch=False, **more) as app:
            desk = Desk(slack, clock, app, skill)
            skill.files = (File(await app.store.put_file(CONTENT), "report.txt", "text/plain", len(CONTENT)),)
            yield desk


# --- messages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["loses_replies", "hangs_up", "breaks"])
async def test_a_message_whose_answer_is_lost_is_shown_once(tmp_path: Path, trouble: str) -> None:
    async with desk(tmp_path) as there:
        getattr(there.slack.trouble, trouble)("chat.postMessage", times=1)
        assert await there.asks("hello") == ["hello"]


@pytest.mark.parametrize("share", [0.3, 0.6])
async def test_many_messages_with_lost_answers_are_each_shown_once_in_order(tmp_path: Path, share: float) -> None:
    async with desk(tmp_path) as there:
        there.slack.trouble.loses_replies("chat.postMessage", times=None, share=share)
        there.slack.trouble.hangs_up("chat.postMessage", times=None, share=0.2)
        shown = [await there.asks(f"message {number}") for number in range(20)][-1]
        assert shown == [f"message {number}" for number in range(20)]


@pytest.mark.parametrize("trouble", ["loses_replies", "hangs_up"])
async def test_a_message_that_was_shown_in_part_goes_on_with_the_part_that_is_missing(
    tmp_path: Path, trouble: str
) -> None:
    async with desk(tmp_path) as there:
        getattr(there.slack.trouble, trouble)("chat.postMessage", times=None, share=0.5)
        parts = await there.asks("long")
        assert " ".join(parts) == MUCH
        assert len(parts) > 1


async def test_a_process_that_knows_nothing_of_the_parts_shown_goes_on_behind_them(tmp_path: Path) -> None:
    async with desk(tmp_path) as there:
        there.slack.trouble.loses_replies("chat.postMessage", times=1)
        await there.ada.dm("long")
        await answered(there.slack, there.app)
        assert len(said(there.ada.direct)) == 1
        there.app.adapters["slack"].workspaces.main.outbox._partly._progress.clear()  # type: ignore[attr-defined]
        await move_clock(there.app, there.clock, 120_000)
        assert " ".join(" ".join(message.shown.split()) for message in said(there.ada.direct)) == MUCH


async def test_a_doubt_that_cannot_be_settled_waits_until_it_can(tmp_path: Path) -> None:
    async with desk(tmp_path) as there:
        there.slack.trouble.loses_replies("chat.postMessage", times=1)
        there.slack.trouble.breaks("conversations.history", times=3)
        assert await there.asks("hello") == ["hello"]
        assert len(there.slack.world_log.calls("chat.postMessage")) == 1


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "method"),
    [
        ("loses_replies", "files.getUploadURLExternal"),
        ("hangs_up", "files.getUploadURLExternal"),
        ("rate_limits", "files.getUploadURLExternal"),
        ("loses_replies", "files.completeUploadExternal"),
        ("hangs_up", "files.completeUploadExternal"),
        ("breaks", "files.completeUploadExternal"),
        ("rate_limits", "files.completeUploadExternal"),
    ],
)
async def test_a_file_whose_upload_fails_half_way_is_shared_once(tmp_path: Path, trouble: str, method: str) -> None:
    async with desk(tmp_path) as there:
        getattr(there.slack.trouble, trouble)(method, times=1)
        await there.asks("file")
        messages = said(there.ada.direct)
        assert [message.shown.strip() for message in messages if not message.files] == ["Here it is"]
        assert [file.data for message in messages for file in message.files] == [CONTENT]


# --- taking in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
async def test_what_cannot_be_stored_is_not_acknowledged_and_is_handled_once_when_it_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    async with desk(tmp_path, mode=mode) as there:
        ada, real, refused = there.ada, there.app.store.commit, asyncio.Event()

        async def commit(changes: Changes) -> Any:
            refused.set()
            raise StoreFailed("the disk is full")

        with monkeypatch.context() as broken:
            broken.setattr(there.app.store, "commit", commit)
            await ada.dm("hello")
            async with asyncio.timeout(there.slack.patience):
                await refused.wait()
            delivery = there.slack.deliveries.all[-1]
            if mode == "http":
                await there.slack.settled()
            assert delivery.state == "waiting"
        assert there.app.store.commit == real
        there.slack.redelivers()
        await told(there.slack)
        assert delivery.state == "acknowledged"
        await answered(there.slack, there.app)
        assert [message.shown.strip() for message in said(ada.direct)] == ["hello"]


@pytest.mark.parametrize("mode", MODES)
async def test_an_event_is_stored_before_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    order: list[str] = []
    async with desk(tmp_path, mode=mode) as there:
        store: Store = there.app.store
        commit, acknowledge = store.commit, there.slack.deliveries.acknowledge

        async def storing(changes: Changes) -> Any:
            done = await commit(changes)
            order.append("stored")
            return done

        def acknowledging(envelope_id: str, answer: Any) -> None:
            order.append("acknowledged")
            acknowledge(envelope_id, answer)

        monkeypatch.setattr(store, "commit", storing)
        monkeypatch.setattr(there.slack.deliveries, "acknowledge", acknowledging)
        await there.ada.dm("hello")
        await there.slack.until(lambda: "acknowledged" in order or None, "it is acknowledged")
        assert order[0] == "stored"


@pytest.mark.parametrize("mode", MODES)
async def test_events_that_nobody_knows_are_acknowledged_at_once(tmp_path: Path, mode: str) -> None:
    async with desk(tmp_path, mode=mode) as there:
        for kind in ("team_domain_change", "emoji_changed", "something_of_next_year"):
            payload = {
                "type": "event_callback",
                "team_id": there.slack.workspace.id,
                "api_app_id": there.slack.app_id,
                "event_id": f"Ev{kind}",
                "event": {"type": kind, "event_ts": "1800000000.000100"},
            }
            delivery = there.slack.deliveries.deliver("events_api", payload)
            await there.slack.deliveries.acknowledged(delivery)
            assert (delivery.state, len(delivery.attempts)) == ("acknowledged", 1)


async def test_a_command_whose_words_speak_of_a_payload_is_heard(tmp_path: Path) -> None:
    async with desk(tmp_path, mode="http") as there:
        await there.ada.runs("/support my payload is empty")
        await answered(there.slack, there.app)
        assert [message.shown.strip() for message in said(there.ada.direct)][-1] == "my payload is empty"


async def test_slack_being_slow_to_tell_names_keeps_no_message_from_being_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path) as there:
        monkeypatch.setattr("supportbot.adapters.slack.api._LONGEST_LOOK", 0.01)
        there.slack.trouble.breaks("users.info", times=None)
        assert await there.asks("hello") == ["hello"]
