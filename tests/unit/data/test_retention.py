"""Retention: what ended long ago goes, what is open or goes on stays, and the cost is that of what goes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from supportbot.adapters.console import Console
from supportbot.clock import DAY, HOUR, SimulatedClock
from supportbot.config import Config, RetentionSettings
from supportbot.data.retention import Removed, Retention
from supportbot.desk import attachments
from supportbot.domain.attachment import ATTACHMENTS
from supportbot.domain.block import BLOCKS, Block
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.event import Signal
from supportbot.domain.file import File
from supportbot.domain.memory import MEMORIES, Memory
from supportbot.domain.reply import OFFERS
from supportbot.domain.ticket import TICKETS
from supportbot.domain.timeline import TIMELINE
from supportbot.domain.work import TURNS, Work
from supportbot.settings import KeptFor
from supportbot.storage.base import OF_PEOPLE, Changes
from supportbot.testing.harness import BotHarness

YEAR = KeptFor("365d")


async def left(desk: Any) -> list[tuple[str, str]]:
    return [(item.name, item.key) async for item in desk.store.dump() if item.sort in OF_PEOPLE]


async def test_an_ended_conversation_goes_with_all_that_hangs_on_it(desk: Any) -> None:
    ada = desk.person("Ada")
    await desk.case("c_old", ada)
    await desk.commit(("put", MEMORIES, Memory(id="s/c/k", skill="s", person=ada.id, conversation="c_old", value=1)))
    await desk.send_file(ada, b"a photo", "c_old")
    desk.clock.move_to(desk.clock.now() + YEAR + HOUR)
    await desk.case("c_new", ada)

    assert await Retention(desk.store, desk.clock, YEAR).run() == Removed(conversations=1, attachments=1)

    assert all("new" in key for _, key in await left(desk)), await left(desk)
    assert await desk.store.file_ids() == []


async def test_an_open_ticket_a_waiting_person_and_a_talk_that_goes_on_stay(desk: Any) -> None:
    await desk.case("c_open", desk.person("Ada"), status="open")
    await desk.case("c_solved", desk.person("Cyd"), status="solved")
    await desk.case("c_queue", desk.person("Bob"), owner="queue")
    await desk.case("c_talk", desk.person("Eve"))
    desk.clock.move_to(desk.clock.now() + YEAR + HOUR)
    talk = await desk.store.get(CONVERSATIONS, "c_talk")
    await desk.commit(("put", CONVERSATIONS, msgspec.structs.replace(talk, spoke_at=desk.clock.now())))
    before = await left(desk)

    assert await Retention(desk.store, desk.clock, YEAR).run() == Removed()
    assert await left(desk) == before


async def test_a_file_that_came_where_the_bot_had_no_part_goes_too_and_a_shared_one_with_its_last_owner(
    desk: Any,
) -> None:
    await desk.send_file(desk.person("Ada"), b"a photo", "")
    desk.clock.move_to(desk.clock.now() + DAY)
    await desk.send_file(desk.person("Bob"), b"a photo", "")
    retention = Retention(desk.store, desk.clock, YEAR)

    desk.clock.move_to(desk.clock.now() + YEAR)
    assert await retention.run() == Removed(attachments=1)
    assert len(await desk.store.file_ids()) == 1
    desk.clock.move_to(desk.clock.now() + DAY)
    assert await retention.run() == Removed(attachments=1)
    assert await desk.store.file_ids() == []


async def test_a_file_of_a_message_that_still_waits_stays_however_old_it_is(desk: Any) -> None:
    await desk.send_file(desk.person("Ada"), b"a photo", "")
    waits = Work(id="m1", queue=TURNS, key="k", due=desk.clock.now(), payload=Signal(name="any", conversation="c"))
    await desk.store.commit(Changes(work=[waits]))
    desk.clock.move_to(desk.clock.now() + YEAR + HOUR)

    assert await Retention(desk.store, desk.clock, YEAR).run() == Removed()
    assert len(await desk.store.file_ids()) == 1


async def test_a_dead_letter_does_not_outlive_what_it_is_about(desk: Any) -> None:
    await desk.everything_of(desk.person("Ada"))
    desk.clock.move_to(desk.clock.now() + YEAR + HOUR)

    assert (await Retention(desk.store, desk.clock, YEAR).run()).dead_letters == 1
    assert await desk.store.buried() == []


async def test_a_block_goes_long_after_it_has_ended_and_one_that_holds_stays(desk: Any) -> None:
    ended, lasting = desk.person("Ada"), desk.person("Bob")
    for person, until in ((ended, desk.clock.now() + DAY), (lasting, 0)):
        block = Block(id=person.id, tenant="main", person=person, by=person, at=desk.clock.now(), until=until)
        await desk.commit(("put", BLOCKS, block))
    retention = Retention(desk.store, desk.clock, YEAR)

    desk.clock.move_to(desk.clock.now() + YEAR)
    assert await retention.run() == Removed()
    desk.clock.move_to(desk.clock.now() + DAY + HOUR)
    assert await retention.run() == Removed(blocks=1)
    assert [block.person for block in (await desk.store.find(BLOCKS, "age")).items] == [lasting]


async def test_it_looks_only_at_what_is_old_and_once_a_day(desk: Any, monkeypatch: Any) -> None:
    for number in range(120):
        await desk.case(f"c_{number}", desk.person("Ada"))
    desk.clock.move_to(desk.clock.now() + YEAR // 2)
    retention, asked = Retention(desk.store, desk.clock, YEAR), []
    find = desk.store.find

    async def counted(*arguments: Any, **options: Any) -> Any:
        asked.append(arguments[1])
        return await find(*arguments, **options)

    monkeypatch.setattr(desk.store, "find", counted)
    await retention.daily()
    await retention.daily()
    assert asked == ["age"] * 3  # conversations, files and blocks
    desk.clock.move_to(desk.clock.now() + DAY)
    await retention.daily()
    assert asked == ["age"] * 6


async def test_what_is_kept_forever_is_not_looked_at(desk: Any) -> None:
    await desk.case("c_old", desk.person("Ada"))
    desk.clock.move_to(desk.clock.now() + 90 * YEAR)

    await Retention(desk.store, desk.clock, KeptFor.from_setting("forever")).daily()

    assert await desk.store.get(CONVERSATIONS, "c_old") is not None


async def test_advancing_the_simulated_clock_lets_it_happen_in_a_bot() -> None:
    async with BotHarness() as bot:
        ada, bob, sam = bot.requester("ada"), bot.requester("bob"), bot.agent("sam")
        await ada.says("/human My order is late")
        await bob.says("/human I am stuck")
        await sam.says("/close T-1001")
        store = bot.app.store
        [hers] = (await store.find(TICKETS, "status", "main", "closed")).items

        await bot.advance("364d")
        assert await store.get(TICKETS, hers.id) is not None
        await bot.advance("2d")

        assert await store.get(TICKETS, hers.id) is await store.get(CONVERSATIONS, hers.conversation) is None
        assert (await store.read(TIMELINE, hers.conversation)).items == []
        entries = [item async for item in store.dump() if item.sort == "entry" and item.name == OFFERS.name]
        assert {entry.group for entry in entries} & {hers.conversation} == set()
        assert (await store.find(TICKETS, "requester", "main", "console/local/bob")).items
        assert await store.pending(TURNS, group=hers.conversation) == []


async def test_a_file_in_a_message_belongs_to_its_sender_and_conversation() -> None:
    async with BotHarness() as bot:
        ada = bot.requester("ada")
        await ada.says("/human it is broken")
        store, console = bot.app.store, bot._console
        photo = await store.put_file(b"a photo")
        event = console.event("ada", key="photo", text="see here")
        await bot.app.bot.receive(msgspec.structs.replace(event, files=(File(id=photo, name="photo.jpg"),)))
        await bot.app.bot.crew.idle()

        [attachment] = (await store.find(ATTACHMENTS, "file", photo)).items
        [ticket] = (await store.find(TICKETS, "status", "main", "new")).items
        assert (attachment.person, attachment.conversation) == ("console/local/ada", ticket.conversation)


def test_an_event_without_files_adds_nothing_to_its_commit() -> None:
    changes = Changes()
    attachments.note(changes, Console(lambda _line: None, SimulatedClock()).event("ada", key="1", text="hi"))
    assert changes.puts == []


def test_the_default_is_a_year_and_the_setting_says_what_it_takes() -> None:
    assert Config().retention == RetentionSettings(conversations=YEAR)
    assert str(KeptFor.from_setting("forever")) == "forever"
    with pytest.raises(ValueError, match="give at least 1d, or forever"):
        KeptFor.from_setting("5h")
