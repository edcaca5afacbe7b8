"""What is remembered for as long as there is room: a dictionary that forgets what was put into it first."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

Name = TypeVar("Name")
What = TypeVar("What")


class Recent(OrderedDict[Name, What]):
    """The last things that were put in; what is put in again counts as new."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, name: Name, what: What) -> None:
        super().__setitem__(name, what)
        self.move_to_end(name)
        while len(self) > self._most:
            self.popitem(last=False)
