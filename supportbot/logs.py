"""Logs: structured lines on standard error, made of named fields; never a message's words, never a secret."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import MutableMapping
from typing import Any

ALLOWED = frozenset(
    {"event", "level", "timestamp", "skill", "handler", "where", "error", "queue", "work", "attempt", "reason",
     "problem", "adapter", "exception"}
)  # fmt: skip
"""The only fields that reach a log: whatever else is passed is dropped, so nobody's words get there by accident."""


class Log:
    """Writes lines by structlog, which is loaded for the first of them: most processes end without one."""

    def __init__(self) -> None:
        self._level: int | None = None

    def begin(self, level: int) -> None:
        """Write lines from a level on."""
        self._level = level
        if "structlog" in sys.modules:
            self._tell_structlog()

    def warning(self, event: str, **fields: Any) -> None:
        """Write what an operator should look at some day."""
        self._write("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Write what an operator should look at soon."""
        self._write("error", event, fields)

    def _write(self, method: str, event: str, fields: dict[str, Any]) -> None:
        import structlog  # noqa: PLC0415 - 60 ms, which a start does not pay

        self._tell_structlog()
        getattr(structlog.get_logger(), method)(event, **fields)

    def _tell_structlog(self) -> None:
        if self._level is not None:
            _configure(self._level)
            self._level = None


log = Log()


def configure(level: str = "") -> None:
    """Send logs to standard error, from a level on (``SUPPORTBOT_LOG``, by default ``warning``)."""
    wanted = (level or os.environ.get("SUPPORTBOT_LOG", "warning")).upper()
    log.begin(logging.getLevelNamesMapping().get(wanted, logging.WARNING))


def _configure(level: int) -> None:
    import structlog  # noqa: PLC0415 - see above

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _places_only,
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _places_only(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Reduce an exception to where it came from: its own text may hold somebody's words."""
    error = line.pop("exc_info", None)
    if isinstance(error, BaseException):
        places, trace = [], error.__traceback__
        while trace:
            places.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
            trace = trace.tb_next
        line["exception"] = places[-6:]
    return line


def _only_allowed(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value for name, value in line.items() if name in ALLOWED}
