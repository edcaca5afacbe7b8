"""Logs: structured lines on standard error, made of named fields; never a message's words, never a secret. ::

log.error("skill failed", skill=…) ──┐
                                     ├─► allowed fields only ─► passwords and secrets masked ─► text or JSON
logging.getLogger("slack_sdk") ──────┘
    of a library's words only those that stand in its own source: the rest may be anybody's
"""

from __future__ import annotations

import contextlib
import linecache
import logging
import os
import re
import sys
import threading
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import msgspec

ALLOWED = frozenset(
    {"event", "level", "timestamp", "skill", "handler", "where", "error", "queue", "work", "attempt", "reason",
     "problem", "adapter", "adapters", "exception", "release", "store", "skills", "conversation", "ticket", "library",
     "says", "seconds", "times", "url", "conversations", "attachments", "dead_letters", "blocks"}
)  # fmt: skip
"""The only fields that reach a log: whatever else is passed is dropped, so nobody's words get there by accident."""

_SHORTEST_SECRET = 6
"""Characters; to hide what is shorter would spoil other words."""
_LONGEST = 500
_PASSWORD = re.compile(r"(://[^\s:/@]*):[^\s/]*@")
_PLAIN = re.compile(r"[\w./:@+,%-]+")

_secrets: set[str] = set()


def hide(secret: str) -> None:
    """Let no line show this secret, whatever it comes in."""
    if len(secret) >= _SHORTEST_SECRET:
        _secrets.add(secret)


def masked(text: str) -> str:
    """Take known secrets, and the passwords of addresses, out of a text that is to be shown."""
    for secret in sorted(_secrets, key=len, reverse=True):  # one may begin with another
        text = text.replace(secret, "***")
    return _PASSWORD.sub(r"\1:***@", text)


def places(trace: TracebackType | None) -> list[str]:
    """Reduce a traceback to its innermost lines: an error's own text may hold somebody's words."""
    found = []
    while trace:
        found.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    return found[-6:]


class Log:
    """Writes lines by structlog, which is loaded for the first of them: most processes end without one."""

    def __init__(self) -> None:
        self._pending: tuple[int, str] | None = None
        self.level = logging.WARNING

    def begin(self, level: int, form: str) -> None:
        """Write lines from a level on, as "text" or "json"."""
        self._pending, self.level = (level, form), level
        if "structlog" in sys.modules:
            self._tell_structlog()

    def debug(self, event: str, **fields: Any) -> None:
        """Write what only somebody who looks for a fault wants to know."""
        self.write(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: Any) -> None:
        """Write what happens rarely and is as it should be: a start, a stop, an adapter that is up."""
        self.write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Write what an operator should look at some day."""
        self.write(logging.WARNING, event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Write what an operator should look at soon."""
        self.write(logging.ERROR, event, fields)

    def write(self, level: int, event: str, fields: dict[str, Any]) -> None:
        """Write a line; that nobody can read it (a pipe that is gone, a full disk) never stops the bot."""
        if level < self.level:
            return
        import structlog  # noqa: PLC0415 - 60 ms, which a start does not pay

        self._tell_structlog()
        with contextlib.suppress(OSError, ValueError):
            structlog.get_logger().log(min(level // 10 * 10, logging.CRITICAL), event, **fields)

    def _tell_structlog(self) -> None:
        if self._pending is not None:
            _configure(*self._pending)
            self._pending = None


log = Log()


def configure(level: str = "", form: str = "") -> None:
    """Send logs to standard error as "text" or "json", from a level on; ``SUPPORTBOT_LOG`` wins over the level."""
    wanted = (os.environ.get("SUPPORTBOT_LOG") or level or "warning").upper()
    number = logging.getLevelNamesMapping().get(wanted, logging.WARNING)
    log.begin(number, form or "text")
    _set_level_of_libraries(number)


def _configure(level: int, form: str) -> None:
    import structlog  # noqa: PLC0415 - see above

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _places_only,
            _only_allowed,
            _as_json if form == "json" else _as_text,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


# --- what a line may hold, and how it looks -----------------------------------------------------------------------

_Line = MutableMapping[str, Any]


def _places_only(_logger: Any, _method: str, line: _Line) -> _Line:
    error = line.pop("exc_info", None)
    if isinstance(error, BaseException):
        line["exception"] = places(error.__traceback__)
    return line


def _only_allowed(_logger: Any, _method: str, line: _Line) -> _Line:
    return {name: _safe(value) for name, value in line.items() if name in ALLOWED and value not in (None, "", [])}


def _safe(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_safe(item) for item in value]
    return value if isinstance(value, int | float) else masked(str(value))[:_LONGEST]


def _as_json(_logger: Any, _method: str, line: _Line) -> str:
    return msgspec.json.encode(line).decode("utf-8", "replace")


def _as_text(_logger: Any, _method: str, line: _Line) -> str:
    """Show a line to a person: when, how bad, what, and then the fields, each on the same line whatever is in it."""
    event = " ".join(str(line.pop(name, "")).ljust(width) for name, width in (("timestamp", 0), ("level", 7)))
    fields = "".join(f" {name}={_shown(value)}" for name, value in line.items() if name != "event")
    return f"{event} {line.get('event', '')}{' ' if fields else ''}{fields}"


def _shown(value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if _PLAIN.fullmatch(text) else _as_json(None, "", text)  # type: ignore[arg-type]


# --- libraries ----------------------------------------------------------------------------------------------------


class _Libraries(logging.Handler):
    """Takes what libraries log, which may be whole frames of a platform, through the same door as our own lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write who says it and where; what it says only as far as its own source says it."""
        fields: dict[str, Any] = {
            "library": record.name,
            "says": _template(record),
            "where": f"{record.pathname}:{record.lineno}",
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            fields |= {"error": type(error).__name__, "exc_info": error}
        log.write(record.levelno, "a library says", fields)


_LINES_OF_A_CALL = 8


def _template(record: logging.LogRecord) -> str:
    """Tell a record's text before anything was filled in, where it stands word for word at the place of the call."""
    text = str(record.msg)
    lines = linecache.getlines(record.pathname)[max(0, record.lineno - 2) : record.lineno + _LINES_OF_A_CALL]
    source = "".join(lines)
    literal = re.search(rf"(?<![fF])([\"']){re.escape(text)}\1", source) if text else None
    return text if literal else ""


def _set_level_of_libraries(level: int) -> None:
    """Hear libraries from warnings on, at debug a little more; a process whose logging is not ours is left alone."""
    root = logging.getLogger()
    if any(isinstance(handler, _Libraries) for handler in root.handlers):
        root.setLevel(logging.INFO if level <= logging.DEBUG else max(level, logging.WARNING))


def tame() -> None:
    """Let everything that this process says about itself go through the filter: libraries, and errors nobody took."""
    root = logging.getLogger()
    root.handlers[:] = [_Libraries()]
    _set_level_of_libraries(log.level)
    logging.raiseExceptions = False  # what a line that cannot be written would have said is printed otherwise
    logging.captureWarnings(True)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    sys.unraisablehook = lambda left: _untaken(left.exc_value)
    threading.excepthook = lambda left: _untaken(left.exc_value)


def _untaken(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit):
        log.error("an error that nobody took", error=type(error).__name__, exc_info=error)
