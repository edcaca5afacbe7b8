"""How far a long piece of work is: a bar on the terminal, and nothing where nobody looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn


class Bar:
    """One line that shows which step of the work goes on, and how much of it is done."""

    def __init__(self, shown: Progress) -> None:
        self._shown = shown
        self._task = shown.add_task("", total=None, visible=False)

    def show(self, step: str, done: int, total: int | None = None) -> None:
        """Show that so many items of a step are done; without a total they are counted."""
        self._shown.update(self._task, description=step, completed=done, total=total, visible=True)


@contextmanager
def progress() -> Iterator[Bar]:
    """Show a bar on standard error while work goes on; it is gone when the work ends."""
    screen = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    shown = Progress(*columns, TimeRemainingColumn(), console=screen, transient=True, disable=not screen.is_terminal)
    with shown:
        yield Bar(shown)
