"""Panels: ``/panel`` puts up a message with the bot's main buttons, which is kept as the bot is configured. ::

/panel ─► a message in the channel, and a document that says where it is and what it looks like
start  ─► each panel that would look different now is changed in place

Whoever presses one of its buttons is answered alone: the buttons stand for commands, and need nothing kept.
"""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec

from supportbot.clock import Clock
from supportbot.desk.rules import Rules
from supportbot.domain.action import ASK, COMMAND, LABELS
from supportbot.domain.address import Address
from supportbot.domain.panel import PANELS, Panel
from supportbot.domain.person import Person
from supportbot.domain.reply import Button, Outgoing
from supportbot.domain.work import to_send
from supportbot.errors import Conflict, Duplicate
from supportbot.ids import derived
from supportbot.pipeline.crew import Crew
from supportbot.pipeline.ownership import Scene
from supportbot.storage.base import Changes, Store

PANEL = "panel"
"""The command that puts one up."""
TICKET_ABOUT = "ticket_about"
"""The command that opens a ticket of one category."""
_MOST_CATEGORIES = 5
"""Categories that have a button each; where there are more, the ticket's own form asks for it."""
_MOST_BUTTONS = 25
_LONGEST_ID = 100
_NOBODY = Person("", "")


async def put_up(scene: Scene) -> str:
    """Put a panel into the channel where somebody wants one, in place of one that stands there; returns the answer."""
    case, event, ledger = scene.case, scene.event, scene.case.ledger
    where = event.address.outside_thread
    if not event.manages:
        return case.texts("panel.refused")
    if where.adapter not in ledger.rules.panels or not event.address.is_alone:
        return case.texts("panel.no_room")
    old, name = await ledger.get(PANELS, where.key), ledger.new_id("o")
    shown = _shown(ledger.rules, where, name, ledger.now)
    ledger.send(shown, _NOBODY)
    if old:
        gone = _shown(ledger.rules, where, ledger.new_id("o"), ledger.now, edits=old.message, removes=True)
        ledger.send(gone, _NOBODY)
    version = old.version if old else 0
    ledger.put(PANELS, Panel(id=where.key, version=version, address=where, message=name, looks=_looks(shown)))
    return case.texts("panel.put_up")


async def keep_current(store: Store, rules: Rules, clock: Clock, crew: Crew) -> None:
    """Change the panels that would look different now; several processes may do it, and one of them does."""
    cursor: str | None = None
    while True:
        page = await store.find(PANELS, "all", after=cursor)
        for panel in page.items:
            if panel.address.adapter in rules.panels:
                changes = _changed(panel, rules, clock.now())
                with contextlib.suppress(Conflict, Duplicate):
                    crew.start(await crew.commit(changes) if changes else [])
        cursor = page.next
        if cursor is None:
            return


def _changed(panel: Panel, rules: Rules, now: int) -> Changes | None:
    """Change a panel that would look different now; None where it is as it should be."""
    looks = _looks(_shown(rules, panel.address, "", now))
    if looks == panel.looks:
        return None
    name = derived("o", panel.message, looks, str(panel.version))
    changes = Changes(unique=name)
    changes.put(PANELS, msgspec.structs.replace(panel, looks=looks))
    changes.add(to_send(_shown(rules, panel.address, name, now, edits=panel.message)))
    return changes


async def forget_refused(store: Store, outgoing: Outgoing, changes: Changes) -> bool:
    """Forget a panel that could not be shown or changed; tells whether it was one."""
    panel = await store.get(PANELS, outgoing.address.key)
    if panel is None or panel.message not in (outgoing.id, outgoing.edits):
        return False
    changes.delete(PANELS, panel)
    return True


# --- what it looks like -------------------------------------------------------------------------------------------


def _shown(rules: Rules, where: Address, name: str, now: int, **more: Any) -> Outgoing:
    return Outgoing(
        id=name,
        address=where,
        conversation="",
        purpose="notice",
        text=rules.texts("panel.words"),
        choices=tuple(_buttons(rules)),
        at=now,
        **more,
    )


def _looks(shown: Outgoing) -> str:
    return derived("l", shown.text, *(f"{button.id} {button.label}" for button in shown.choices))


def _buttons(rules: Rules) -> list[Button]:
    """List the buttons: to ask, to open a ticket, what other skills offer one for, and one's own tickets."""
    categories, by_category = rules.variants.get(TICKET_ABOUT, ()), _variants(rules, TICKET_ABOUT)
    is_chosen = 1 < len(by_category) == len(categories) <= _MOST_CATEGORIES
    offered = [
        Button(ASK, rules.texts("panel.ask")),
        *(by_category if is_chosen else _main(rules, "ticket")),
        *(button for command in rules.variants if command != TICKET_ABOUT for button in _variants(rules, command)),
    ]
    return [*offered[: _MOST_BUTTONS - 1], *_main(rules, "tickets")]


def _variants(rules: Rules, command: str) -> list[Button]:
    """Make a button for each thing that a command may be called with; what does not fit into one has none."""
    made = []
    for name in rules.variants.get(command, ()):
        label = rules.texts("tickets.open_about", category=name) if command == TICKET_ABOUT else name
        made.append(Button(f"{COMMAND}{command} {name}", label))
    return [button for button in made if len(button.id) <= _LONGEST_ID]


def _main(rules: Rules, command: str) -> list[Button]:
    return [Button(f"{COMMAND}{command}", rules.texts(LABELS[command]))] if command in rules.commands else []
