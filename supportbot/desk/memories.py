"""What a skill remembers: kept in its own namespace, about a person, a conversation or everyone."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

from supportbot.desk.ledger import Ledger
from supportbot.domain.conversation import Conversation
from supportbot.domain.memory import MEMORIES, Memory
from supportbot.domain.person import Person

Scope = Literal["person", "conversation", "everyone"]


class About(NamedTuple):
    """Whom or what a memory is about; `person` is the id of the person whose words it may hold, "" for no one."""

    scope: str
    id: str
    person: str


def about(scope: Scope, conversation: Conversation, person: Person) -> About:
    """Tell whom or what a memory is about when a person's turn in a conversation keeps it."""
    if scope == "everyone":
        return About(scope, conversation.tenant, "")
    return About(scope, person.id if scope == "person" else conversation.id, person.id)


async def keep(ledger: Ledger, skill: str, about: About, key: str, value: Any) -> None:
    """Keep a value made of what JSON has; None forgets it."""
    name = _name(skill, about, key)
    known = await ledger.get(MEMORIES, name)
    if value is None:
        if known:
            ledger.delete(MEMORIES, known)
        return
    plain = msgspec.to_builtins(value)
    msgspec.json.encode(plain)  # half a character, say, is refused here, where the skill's author can see it
    version, conversation = known.version if known else 0, about.id if about.scope == "conversation" else ""
    memory = Memory(id=name, version=version, skill=skill, person=about.person, conversation=conversation, value=plain)
    ledger.put(MEMORIES, memory)


async def read(ledger: Ledger, skill: str, about: About, key: str, default: Any) -> Any:
    """Read a remembered value."""
    memory = await ledger.get(MEMORIES, _name(skill, about, key))
    return default if memory is None else memory.value


def _name(skill: str, about: About, key: str) -> str:
    return f"{skill}/{about.scope}/{about.id}/{key}"
