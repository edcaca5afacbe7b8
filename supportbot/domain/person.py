"""A person, as an adapter knows them: a requester or an agent; which of the two is asked when they act."""

from __future__ import annotations

import msgspec


class Person(msgspec.Struct, frozen=True):
    """Someone on a platform; `id` is unique over all adapters, `name` is what others call them."""

    id: str
    name: str
    company: str = ""
    """Who they come from, where that is not this workspace: a customer in a shared channel."""

    @classmethod
    def of(cls, adapter: str, workspace: str, user: str, name: str = "") -> Person:
        """Name a platform's user, as ``slack/T024BE7LD/U2147483697``."""
        return cls(id=f"{adapter}/{workspace}/{user}", name=name or user)

    @property
    def is_known(self) -> bool:
        """Tell whether the platform said who it is; of a deletion it may not: that is ``Person.of(…, user="")``."""
        return not self.id.endswith("/")
