"""Named fault points: places where a crash would hurt most, so that tests can make one happen exactly there.

In production a point is one look at an empty dictionary. A test process sets ``SUPPORTBOT_FAULT=name:count`` to be
killed (as by ``kill -9``) the count-th time it comes past.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

_armed: dict[str, Callable[[], None]] = {}

POINTS = (
    "intake.before_store",
    "intake.after_store",
    "turn.before_handler",
    "turn.after_handler",
    "turn.before_commit",
    "turn.after_commit",
    "once.before_store",
    "once.after_store",
    "delivery.before_send",
    "delivery.after_send",
    "delivery.after_mark",
    "timer.before_run",
)


def fault_point(name: str) -> None:
    """Come past a named point."""
    if _armed and name in _armed:
        _armed[name]()


def arm(name: str, action: Callable[[], None]) -> None:
    """Let something happen at a point; raising there is allowed."""
    if name not in POINTS:
        raise ValueError(f"{name!r} is no fault point; there are {', '.join(POINTS)}")
    _armed[name] = action


def disarm() -> None:
    """Let nothing happen any more."""
    _armed.clear()


def arm_from_environment() -> None:
    """Arm the point that ``SUPPORTBOT_FAULT`` names, for a process that a test starts."""
    wanted = os.environ.get("SUPPORTBOT_FAULT", "")
    if not wanted:
        return
    name, _, count = wanted.partition(":")
    left = int(count or 1)

    def die() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    arm(name, die)
