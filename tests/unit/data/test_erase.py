"""Erasing a person: nothing of theirs is left, not a byte, and nobody else loses a word."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from supportbot.data.erase import finish
from supportbot.data.people import Unclear
from supportbot.domain.address import Address
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.dialogue import ONCE, OnceResult, Step
from supportbot.domain.event import Event
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
        "blocks": 1,
        "cards": 1,
        "conversations": 1,
        "dead letters": 1,
        "dialogues": 1,
        "files": 1,
        "memories": 1,
        "offers": 1,
        "once": 1,
        "pending work": 3,
        "places": 1,
        "relayed": 1,
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


async def test_a_name_is_found_however_its_letters_are_composed(desk: Any) -> None:
    await desk.case("c_1", Person("slack/T1/U1", "Zo\u00eb"))

    assert (await desk.erase("Zoe\u0308")).removed["conversations"] == 1


async def test_somebody_whose_id_and_name_only_begin_like_theirs_keeps_both(desk: Any) -> None:
    ada = Person("console/local/ada", "ada")
    for number, other in enumerate([Person("console/local/ada-2", "ada-2"), Person("console/local/adam", "ada bee")]):
        words = Entry(at=1, kind="requester", who=other.name, text=f"I am {other.name}", person=other.id)
        await desk.case(f"c_{number}", other, words, agent=ada)
        await desk.commit(
            ("put", MEMORIES, Memory(id=f"s/person/{other.id}/k", skill="s", person=other.id, value=other.name))
        )
    before = [bytes(item.value) async for item in desk.store.dump() if item.name in ("memories", "timeline", "places")]

    await desk.erase(ada.id)

    after = [bytes(item.value) async for item in desk.store.dump() if item.name in ("memories", "timeline", "places")]
    assert after == before
    assert [ticket.assignee.name for ticket in (await desk.store.find(TICKETS, "status", "main", "closed")).items] == [
        "somebody",
        "somebody",
    ]


async def test_a_memory_under_the_id_of_somebody_with_a_plain_name_gets_another_name(desk: Any) -> None:
    await desk.case("c_own", Person("console/local/ada", "ada"))
    await desk.commit(("put", MEMORIES, Memory(id="s/everyone/main/console/local/ada", skill="s", value=1)))

    await desk.erase("ada")

    assert desk.files_with("console/local/ada") == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Zephyrina", "_Zephyrina_ helps"),
        ("Zephyrina", "see Zephyrina_notes.pdf"),
        ("Zephyrina", "我是Zephyrina。"),
        ("小明", "我是小明，你好"),
        ("민수", "민수가 도와 드릴게요"),
    ],
)
async def test_a_name_goes_whatever_it_leans_on(desk: Any, name: str, text: str) -> None:
    agent = Person("slack/T1/U777777", name)
    words = [Entry(at=1, kind="owner", who=name, text="agent"), Entry(at=2, kind="bot", text=text)]
    await desk.case("c_bob", desk.person("Bob"), *words, agent=agent)

    await desk.erase("slack/T1/U777777")

    assert desk.files_with(name) == []


async def test_a_name_of_one_letter_goes_where_nothing_else_stands(desk: Any) -> None:
    words = [Entry(at=1, kind="owner", who="Z", text="agent"), Entry(at=2, kind="bot", text="A to Z")]
    await desk.case("c_bob", desk.person("Bob"), *words, agent=Person("slack/T1/U777777", "Z"))

    await desk.erase("slack/T1/U777777")

    lines = (await desk.store.read(TIMELINE, "c_bob")).items[::-1]
    assert [(line.who, line.text) for line in lines] == [("somebody", "agent"), ("", "A to Z")]


@pytest.mark.parametrize("key", ["owner", "reference", "type", "status"])
async def test_what_a_skill_keeps_is_searched_under_every_key(desk: Any, key: str) -> None:
    await desk.case("c_own", Person("slack/T1/U777777", "Zephyrina Q"))
    found = OnceResult(step=Step(kind="once", result={key: "slack/T1/U777777"}))
    await desk.commit(
        ("put", MEMORIES, Memory(id="s/everyone/main/k", skill="s", value=[{key: "Zephyrina Q"}])),
        ("append", ONCE, "d_9/0", found, "slack/T1/Bob", "c_bob"),
    )

    await desk.erase("Zephyrina Q")

    assert desk.files_with("Zephyrina Q") == desk.files_with("U777777") == []


async def test_a_dead_letter_of_an_agent_goes_with_the_talk_that_it_is_about(desk: Any) -> None:
    await desk.case("c_own", desk.person("ada"))
    agent = desk.person("Sam")
    said = Event(key="k", kind="message", address=Address("slack", "T1", "C1"), person=agent, at=1, text="/close")
    work = Work(id="k", queue="dead", key=Address("slack", "T1", "D-ada").key, due=1, payload=said, person=agent.id)
    [running] = await desk.commit(("add", work))
    await desk.commit(("bury", running, "KeyError"))

    await desk.erase("ada")

    assert desk.files_with("D-ada") == []


async def test_a_memory_whose_name_names_them_gets_another_name(desk: Any) -> None:
    await desk.case("c_z", desk.person("ada_l_77"))
    await desk.commit(("put", MEMORIES, Memory(id="s/everyone/main/of ada_l_77", skill="s", value=1)))

    await desk.erase("ada_l_77")

    assert (await desk.store.get(MEMORIES, "s/everyone/main/of somebody")).value == 1
    assert desk.files_with("ada_l_77") == []
