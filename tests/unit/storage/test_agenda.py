"""The agenda in memory: what is put in the heap of heads does not pile up, whatever comes and goes under a key."""

from __future__ import annotations

from typing import Any

import msgspec

from supportbot.clock import DAY
from supportbot.storage.agenda import Agenda


def timer(house: Any, number: int, key: str = "k") -> Any:
    return msgspec.structs.replace(house.work(f"timer {number}", key), due=7 * DAY, seq=number)


def message(agenda: Agenda, house: Any, number: int) -> None:
    """Let a message come under the key, wait, run and end."""
    work = msgspec.structs.replace(house.work(f"m{number}"), seq=number)
    agenda.add(work)
    agenda.post(("q", "k"))
    claimed = agenda.due("q", 0)
    assert claimed is not None
    assert claimed.id == work.id
    agenda.remove(agenda.hold(claimed))
    agenda.post(("q", "k"))


def heap(agenda: Agenda) -> int:
    return len(agenda._heads["q"].heap)


def test_a_timer_that_waits_for_days_is_in_the_heap_once_however_many_messages_come(house: Any) -> None:
    agenda = Agenda([timer(house, 0)])

    for number in range(1, 200):
        message(agenda, house, number)

    assert heap(agenda) == 1
    assert agenda.next_due("q") == 7 * DAY


def test_a_timer_that_is_set_anew_with_each_message_leaves_no_trail(house: Any) -> None:
    agenda = Agenda([timer(house, 0)])

    for number in range(1, 1_000):
        agenda.remove(agenda.works[f"timer {number - 1}"])
        agenda.add(timer(house, number))
        agenda.post(("q", "k"))

    assert heap(agenda) < 100
    found = agenda.due("q", 7 * DAY)
    assert found is not None
    assert found.id == "timer 999"


def test_the_heap_forgets_the_past_and_none_of_what_waits(house: Any) -> None:
    agenda = Agenda([timer(house, number, f"k{number}") for number in range(50)])
    for number in range(50, 500):
        agenda.remove(agenda.works[f"timer {number - 50}"])
        agenda.add(timer(house, number, f"k{number}"))
        agenda.post(("q", f"k{number}"))

    found = []
    while work := agenda.due("q", 7 * DAY):
        found.append(work.seq)
        agenda.hold(work)
    assert found == list(range(450, 500))
