"""Presets: what `turn.once` is to bring in a test, in place of what it would do in the outside world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from supportbot.asking import Deed
from supportbot.errors import SkillError


class Presets:
    """Results of `turn.once` by its name (its ``key=``, or the function's own), in the order in which they come."""

    def __init__(self, once: Mapping[str, Sequence[Any]], report: Callable[[BaseException], None]) -> None:
        self._left = {name: list(results) for name, results in once.items()}
        self._report = report

    def instead(self, name: str, do: Deed) -> Deed:  # noqa: ARG002 - what the handler would do is not done
        """Give what is done in place of a handler's own deed: an exception among the results is raised."""

        async def bring(_key: str) -> Any:
            left = self._left.get(name)
            if not left:
                missing = SkillError(f"the test has no result left for turn.once of {name!r}; give BotHarness one more")
                self._report(missing)
                raise missing
            result = left.pop(0)
            if isinstance(result, BaseException):
                raise result
            return result

        return bring
