"""Logs: structured lines on standard error, made of named fields; never a message's words, never a secret."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    {"event", "level", "timestamp", "skill", "handler", "where", "error", "queue", "work", "attempt", "reason",
     "problem", "adapter", "exception"}
)  # fmt: skip
"""The only fields that reach a log: whatever else is passed is dropped, so nobody's words get there by accident."""


def configure(level: str = "") -> None:
    """Send logs to standard error, from a level on (``SUPPORTBOT_LOG``, by default ``warning``)."""
    wanted = (level or os.environ.get("SUPPORTBOT_LOG", "warning")).upper()
    number = logging.getLevelNamesMapping().get(wanted, logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _places_only,
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
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
