"""A desk with a past: conversations, tickets, files and everything else that a store may hold of a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from supportbot.clock import HOUR, SimulatedClock
from supportbot.data import people
from supportbot.data.erase import Erasure, Receipt
from supportbot.desk import attachments
from supportbot.domain.address import PLACES, Address, Place
from supportbot.domain.block import BLOCKS, Block
from supportbot.domain.card import CARDS, Card
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.dialogue import DIALOGUES, ONCE, Dialogue, OnceResult, Question, Step
from supportbot.domain.event import Event, Signal
from supportbot.domain.file import File
from supportbot.domain.memory import MEMORIES, Memory
from supportbot.domain.person import Person
from supportbot.domain.reply import OFFERS, RELAYED, SHOWN, Choice, Offer, Outgoing, Relayed, Shown
from supportbot.domain.schema import SCHEMA
from supportbot.domain.survey import Survey
from supportbot.domain.ticket import TICKETS, Ticket
from supportbot.domain.timeline import TIMELINE, Entry
from supportbot.domain.work import TURNS, Work
from supportbot.ids import Ids
from supportbot.storage.base import Changes, Store
from supportbot.storage.open import open_store

URLS = {"tinydb": "tinydb:{0}/data", "sqlite": "sqlite:{0}/data.sqlite"}


class Desk:
    """A store on the disk, and the people in it."""

    def __init__(self, folder: Path, member: str) -> None:
        self.folder = folder
        self.url = URLS[member].format(folder)
        self.clock = SimulatedClock()
        self.store: Store

    async def open(self) -> Store:
        self.store = await open_store(self.url, SCHEMA, takes_work=True, clock=self.clock)
        return self.store

    def person(self, name: str) -> Person:
        return Person(f"slack/T1/{name}", name)

    async def commit(self, *steps: tuple[Any, ...]) -> list[Work]:
        changes = Changes()
        for verb, *values in steps:
            getattr(changes, verb)(*values)
        return await self.store.commit(changes)

    async def case(self, name: str, requester: Person, *said: Entry, agent: Person | None = None, **more: Any) -> None:
        """Keep a conversation with a ticket, a timeline, choices, and a place."""
        now = self.clock.now()
        here = Address("slack", "T1", f"D-{requester.name}")
        ticket = Ticket(
            id=f"main/T-{name}", tenant="main", reference=f"T-{name}", requester=requester, conversation=name,
            subject=f"help {requester.name}", details=f"I am {requester.name}", status=more.pop("status", "closed"),
            assignee=agent, created_at=now, changed_at=now, survey=Survey(rating=5, comment=f"says {requester.name}"),
        )  # fmt: skip
        conversation = Conversation(
            id=name, tenant="main", key=here.key, address=here, requester=requester, began_at=now, spoke_at=now,
            tickets=(ticket.reference,), question=f"where is {requester.name}", **more,
        )  # fmt: skip
        offer = Offer(conversation=name, person=requester.id, choices=(Choice(requester.name, to="x"),))
        relayed = Relayed(
            id=f"o-{name}", address=here, conversation=name, side="requester", person=requester.id,
            who=requester.name, said=(f"{here.key}/{name}",),
        )  # fmt: skip
        words = said or (Entry(at=now, kind="requester", who=requester.name, text="hello", person=requester.id),)
        await self.commit(
            ("put", CONVERSATIONS, conversation),
            ("put", TICKETS, ticket),
            ("put", PLACES, Place(id=f"{here.key}{name}", conversation=name, person=requester.id)),
            ("append", OFFERS, f"o-{name}", offer, requester.id, name),
            ("append", SHOWN, f"o-{name}", Shown(id="1", address=here), requester.id, name),
            ("append", RELAYED, f"r-{name}", relayed, requester.id, name),
            ("append", CARDS, ticket.id, Card(id=f"o-{name}", text=f"**{requester.name}**"), requester.id, name),
            *(("append", TIMELINE, name, entry, entry.person or requester.id) for entry in words),
        )

    async def everything_of(self, someone: Person) -> None:
        """Plant a person in every place that a store has."""
        now, name = self.clock.now(), someone.name
        await self.case("c_own", someone)
        here = Address("slack", "T1", f"D-{name}")
        words = Event(key=f"slack/T1/{name}/1", kind="message", address=here, person=someone, at=now, text=name)
        question = Question(text=f"Is it {name}?")
        waiting = Dialogue(
            id="d_1", conversation="c_own", person=someone, skill="s", handler="h", origin=words, began_at=now,
            steps=(Step(kind="ask", result=name),), question=question,
        )  # fmt: skip
        result = OnceResult(step=Step(kind="once", result={"for": name}))
        file = await self.send_file(someone, f"I am the file of {name}".encode(), "c_own")
        later = Signal(name="ring", conversation="c_own", data={"who": name})
        outgoing = Outgoing(id="o_1", address=here, conversation="c_own", purpose="answer", text=name, files=(file,))
        block = Block(id=f"main/{someone.id}", tenant="main", person=someone, by=someone, at=now, reason=name)
        await self.commit(
            ("put", DIALOGUES, waiting),
            ("put", MEMORIES, Memory(id=f"s/person/{someone.id}/k", skill="s", person=someone.id, value=name)),
            ("put", MEMORIES, Memory(id="s/everyone/main/last", skill="s", value={"last": someone.id, "said": "hi"})),
            ("put", BLOCKS, block),
            ("append", ONCE, "d_1/0", result, someone.id, "c_own"),
            ("add", Work(id=f"{name}/2", queue=TURNS, key="o", due=now + HOUR, payload=words, person=someone.id)),
            ("add", Work(id="t_1", queue=TURNS, key=here.key, due=now + HOUR, payload=later, group="c_own")),
            ("add", Work(id="o_1", queue="outbox/slack", key="k", due=now + HOUR, payload=outgoing, person=someone.id)),
        )  # fmt: skip
        dead = Work(id=f"slack/{name}/9", queue="dead", key=name, due=now, payload=words, person=someone.id)
        [running] = await self.commit(("add", dead))
        await self.commit(("bury", running, "ValueError"))
        unique = Changes(unique=f"slack/T1/{name}/1")
        await self.store.commit(unique)

    async def send_file(self, person: Person, content: bytes, conversation: str, key: str = "") -> File:
        """Let somebody send a file in a conversation."""
        id = await self.store.put_file(content)
        file = File(id=id, name=f"{person.name}.txt", size=len(content))
        event = Event(
            key=key or f"file of {person.name}", kind="message", address=Address("slack", "T1", "D"), person=person,
            at=self.clock.now(), files=(file,),
        )  # fmt: skip
        changes = Changes()
        attachments.note(changes, event)
        [(kind, noted)] = changes.puts
        changes.puts = [(kind, msgspec.structs.replace(noted, conversation=conversation))]  # type: ignore[arg-type]
        await self.store.commit(changes)
        return file

    async def erase(self, named: str, *, everywhere: bool = False) -> Receipt:
        """Erase somebody and tell the receipt."""
        someone = await people.find(self.store, named, lambda _count: None)
        erasure = Erasure(
            self.store, self.clock, someone, ids=Ids(7), everywhere=everywhere, progress=lambda _step, _count: None
        )
        await erasure.look()
        return await erasure.erase()

    def files_with(self, text: str) -> list[str]:
        """Name the files of the data folder that have a text in them, in any case."""
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        wanted = text.lower().encode()
        named = [path.name for path in found if wanted in str(path).lower().encode()]
        return named + [path.name for path in found if wanted in path.read_bytes().lower()]


@pytest.fixture(params=["tinydb", "sqlite"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    (tmp_path / "d").mkdir()
    desk = Desk(tmp_path / "d", request.param)
    await desk.open()
    yield desk
    await desk.store.close()
