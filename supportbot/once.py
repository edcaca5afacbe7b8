"""Once: something done in the outside world, whose result is stored by itself before the handler goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from supportbot.dialogue import failure
from supportbot.domain.dialogue import ONCE, OnceResult, Step
from supportbot.domain.person import Person
from supportbot.errors import Unavailable
from supportbot.faults import fault_point
from supportbot.storage.base import Changes, Store


async def do_once(store: Store, place: str, name: str, do: Callable[[str], Awaitable[Any]], *, person: Person) -> Step:
    """Do it, or read what came of it when it was done before; `place` names the step, and is the idempotency key.

    What it raises is its result, too, and replays as the same; only Unavailable is let out, and tried again next time.
    """
    stored = await store.read(ONCE, place, limit=1)
    if stored.items and stored.items[0].step.name == name:
        return stored.items[0].step
    try:
        value = await do(place)
        step = Step(kind="once", name=name, result=msgspec.to_builtins(value))
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it raised is its result
        step = failure("once", name, error)
    changes = Changes()
    changes.append(ONCE, place, OnceResult(step=step), person.id)
    fault_point("once.before_store")
    await store.commit(changes)
    fault_point("once.after_store")
    return step
