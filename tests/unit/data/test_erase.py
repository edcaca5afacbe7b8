"""Erasing a person: nothing of theirs is left, not a byte, and nobody else loses a word."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from supportbot.data.erase import finish
from supportbot.data.people import Unclear
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.memory import MEMORIES, Memory
from supportbot.domain.person import Person
from supportbot.domain.reply import OFFERS, Outgoing
from supportbot.domain.ticket import TICKETS
from supportbot.domain.timeline import TIMELINE, Entry
from supportbot.domain.work import Work, outbox
from supportbot.errors import Duplicate
from supportbot.storage.base import Changes

NAME = "Zephyrina"


async def test_no_byte_of_a_person_is_left_in_the_data_folder(desk: Any) -> None:
    await desk.everything_of(desk.person(NAME))
    await desk.case("c_bob", desk.person("Bob"))
    assert desk.files_with(NAME)

    receipt = await desk.erase(NAME)

    assert desk.files_with(NAME) == []
    assert receipt.removed == {
        "attachments": 1,
        "conversations": 1,
        "dead letters": 1,
        "dialogues": 1,
        "files": 1,
        "memories": 1,
        "offers": 1,
        "once": 1,
        "pending work": 3,
        "places": 1,
        "shown": 1,
        "tickets": 1,
        "timeline": 1,
    }
    assert receipt.disguised == {"memories": 1}
    assert NAME not in msgspec.json.encode(receipt).decode()
    assert await desk.store.get(CONVERSATIONS, "c_bob") is not None
    with pytest.raises(Duplicate):  # an event that comes once more is still known
        await desk.store.commit(Changes(unique=f"slack/T1/{NAME}/1"))


async def test_a_store_opens_and_goes_on_after_an_erasure(desk: Any) -> None:
    await desk.everything_of(desk.person(NAME))
    await desk.erase(NAME)
    await desk.store.close()

    store = await desk.open()
    await desk.case("c_new", desk.person("Bob"))

    assert (await store.read(TIMELINE, "c_own")).items == []
    assert (await store.read(OFFERS, "o-c_new")).items != []


async def test_an_agent_who_left_is_somebody_in_the_cases_of_others(desk: Any) -> None:
    bob, will = desk.person("Bob"), Person("slack/T1/U777", "Will")
    words = [
        Entry(at=1, kind="requester", who="Bob", text="Will you help?", person=bob.id),
        Entry(at=2, kind="owner", who="Will", text="agent"),
        Entry(at=3, kind="agent", who="Will", text="I am Will, will do"),
        Entry(at=4, kind="note", who="Will", text="mine", person=will.id),
    ]
    await desk.case("c_bob", bob, *words, agent=will)
    await desk.case("c_eve", desk.person("Eve"), Entry(at=1, kind="requester", who="Eve", text="Will it rain?"))
    told = Outgoing(
        id="o_9", address=(await desk.store.get(CONVERSATIONS, "c_bob")).address, conversation="c_bob",
        purpose="notice", text="Will has it now",
    )  # fmt: skip
    await desk.commit(("add", Work(id="o_9", queue=outbox("x"), key="k", due=10**13, payload=told, group="c_bob")))

    receipt = await desk.erase("Will")

    ticket, lines = await desk.store.get(TICKETS, "main/T-c_bob"), (await desk.store.read(TIMELINE, "c_bob")).items
    assert (ticket.requester, ticket.assignee.name) == (bob, "somebody")
    assert [(line.who, line.text) for line in lines[::-1]] == [
        ("Bob", "somebody you help?"),
        ("somebody", "agent"),
        ("somebody", "I am somebody, will do"),
        ("somebody", "mine"),
    ]
    assert lines[0].person == ticket.assignee.id
    [waiting] = await desk.store.pending(outbox("x"))
    assert waiting.payload.text == "somebody has it now"
    assert (await desk.store.read(TIMELINE, "c_eve")).items[0].text == "Will it rain?"
    assert receipt.mentions_left == 1
    assert desk.files_with("U777") == []


async def test_a_plain_word_is_taken_out_everywhere_only_when_asked(desk: Any) -> None:
    await desk.case("c_will", desk.person("Will"))
    await desk.case("c_eve", desk.person("Eve"), Entry(at=1, kind="requester", who="Eve", text="Ask Will, willing"))

    receipt = await desk.erase("Will", everywhere=True)

    assert (await desk.store.read(TIMELINE, "c_eve")).items[0].text == "Ask somebody, willing"
    assert receipt.mentions_left == 0


async def test_a_full_name_is_taken_out_of_what_others_wrote(desk: Any) -> None:
    ada, namesake = Person("slack/T1/U1", "Ada Lovelace"), Person("slack/T1/U2", "ada lovelace")
    await desk.case("c_ada", ada)
    await desk.case("c_her", namesake, Entry(at=1, kind="requester", who=namesake.name, text="x", person=namesake.id))
    await desk.case("c_eve", desk.person("Eve"), Entry(at=1, kind="requester", who="Eve", text="ADA LOVELACE knows"))

    await desk.erase("slack/T1/U1")

    assert (await desk.store.read(TIMELINE, "c_eve")).items[0].text == "somebody knows"
    assert (await desk.store.get(CONVERSATIONS, "c_her")).requester == namesake
    assert (await desk.store.read(TIMELINE, "c_her")).items[0].who == namesake.name


async def test_a_file_that_somebody_else_sent_too_stays_with_them(desk: Any) -> None:
    ada, bob = desk.person("Ada-77"), desk.person("Bob-88")
    for person in (ada, bob):
        await desk.case(f"c_{person.name}", person)
        shared = await desk.send_file(person, b"the same for both", f"c_{person.name}")
    hers = await desk.send_file(ada, b"hers alone", "c_Ada-77", key="second")
    orphan = await desk.store.put_file(b"of an event that was never stored")

    await desk.erase("Ada-77")
    assert await desk.store.open_file(hers.id) is await desk.store.open_file(orphan) is None
    assert await desk.store.file_ids() == [shared.id]

    await desk.erase("Bob-88")
    assert await desk.store.file_ids() == []


async def test_erasing_again_does_no_harm(desk: Any) -> None:
    await desk.everything_of(desk.person(NAME))
    await desk.erase(NAME)

    with pytest.raises(Unclear, match="nobody is known"):
        await desk.erase(NAME)


async def test_an_erasure_that_was_cut_off_can_be_finished_when_nobody_is_left_to_be_found(
    desk: Any, monkeypatch: Any
) -> None:
    await desk.everything_of(desk.person(NAME))

    async def killed() -> None:
        raise KeyboardInterrupt

    assert await finish(desk.store, desk.clock) is False
    with monkeypatch.context() as patched:
        patched.setattr(desk.store, "compact", killed)
        with pytest.raises(KeyboardInterrupt):
            await desk.erase(NAME)
    assert desk.files_with(NAME)

    assert await finish(desk.store, desk.clock) is True
    assert desk.files_with(NAME) == []
    assert await finish(desk.store, desk.clock) is False


async def test_a_name_that_two_people_have_is_not_guessed(desk: Any) -> None:
    await desk.case("c_1", Person("slack/T1/U1", "Ada"))
    await desk.case("c_2", Person("slack/T1/U2", "Ada"))

    with pytest.raises(Unclear, match=r"2 people are called 'Ada'.*\n  slack/T1/U1  Ada\n  slack/T1/U2  Ada"):
        await desk.erase("Ada")
    with pytest.raises(Unclear, match=r"these are alike:\n  slack/T1/U1"):
        await desk.erase("ada")
    assert (await desk.erase("slack/T1/U1")).removed["conversations"] == 1
    assert await desk.store.get(CONVERSATIONS, "c_2") is not None


async def test_a_memory_whose_name_names_them_gets_another_name(desk: Any) -> None:
    await desk.case("c_z", desk.person("ada_l_77"))
    await desk.commit(("put", MEMORIES, Memory(id="s/everyone/main/of ada_l_77", skill="s", value=1)))

    await desk.erase("ada_l_77")

    assert (await desk.store.get(MEMORIES, "s/everyone/main/of somebody")).value == 1
    assert desk.files_with("ada_l_77") == []
