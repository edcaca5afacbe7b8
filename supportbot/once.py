"""Once: something done in the outside world, whose result is stored by itself before the handler goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from supportbot.conduct import INSIDE
from supportbot.dialogue import failure
from supportbot.domain.dialogue import ONCE, OnceResult, Step
from supportbot.domain.person import Person
from supportbot.errors import OnceFailed, Unavailable
from supportbot.faults import fault_point
from supportbot.storage.base import Changes, Store


async def do_once(
    store: Store, place: str, name: str, do: Callable[[str], Awaitable[Any]], *, person: Person, conversation: str
) -> Step:
    """Do it, or read what came of it when it was done before; `place` names the step, and is the idempotency key.

    What it raises is its result, too, and replays as the same; only Unavailable is let out, and tried again next time.
    """
    stored = await store.read(ONCE, place, limit=1)
    if stored.items and stored.items[0].step.name == name:
        return stored.items[0].step
    step = await _done(name, do, place)
    changes = Changes()
    changes.append(ONCE, place, OnceResult(step=step), person.id, conversation)
    fault_point("once.before_store")
    await store.commit(changes)
    fault_point("once.after_store")
    return step


async def _done(name: str, do: Callable[[str], Awaitable[Any]], place: str) -> Step:
    handler = INSIDE.set(None)  # what is done here is not done again in a replay
    try:
        return Step(kind="once", name=name, result=msgspec.to_builtins(await do(place)))
    except Unavailable:
        raise
    except OnceFailed as failed:
        return Step(kind="once", name=name, failed=failed.kind, result=failed.message)
    except Exception as error:  # noqa: BLE001 - whatever it raised is its result
        return failure("once", name, error)
    finally:
        INSIDE.reset(handler)
