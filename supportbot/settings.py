"""Settings: typed, frozen, and read so that every mistake is told at once, with its line and what to do.

A section of the configuration and the settings of a skill are the same thing: a subclass of `Settings`. ::

    class RefundSettings(Settings):
        limit: float = 50
        wait: Duration = Duration("10m")
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Self, TypeVar, Union, dataclass_transform, get_args, get_origin

import msgspec

from supportbot.clock import DAY, HOUR, LONGEST, MINUTE, SECOND, parse_duration
from supportbot.environment import FromEnvironment, Unset
from supportbot.logs import hide
from supportbot.tokens import REFUSED, looks_random

T = TypeVar("T")


class Duration(int):
    """A span of time in milliseconds, written ``90s``, ``10m``, ``1h30m`` or ``7d``."""

    def __new__(cls, span: str | int = 0) -> Self:
        return super().__new__(cls, parse_duration(span) if isinstance(span, str) else span)

    @classmethod
    def from_setting(cls, value: object) -> Self:
        """Read what a configuration says; a bare number has no unit, so only 0 is taken."""
        if isinstance(value, str) or (value == 0 and not isinstance(value, bool)):
            return cls(str(value) if value else 0)
        raise ValueError(f"{value!r} is not a span of time; write it with its unit, like 90s, 10m, 1h30m or 7d")

    @classmethod
    def setting_schema(cls) -> dict[str, Any]:
        """Describe it to an editor."""
        return {"type": ["string", "integer"], "description": "a span of time such as 90s, 10m, 1h30m or 7d"}

    @property
    def seconds(self) -> float:
        """The span in seconds, as most libraries want their timeouts."""
        return self / SECOND

    def __str__(self) -> str:
        left, parts = int(self), ""
        for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", 1)):
            count, left = divmod(left, size)
            parts += f"{count}{unit}" if count else ""
        return parts or "0s"

    def __repr__(self) -> str:
        return f"Duration({str(self)!r})"


class KeptFor(Duration):
    """How long something is kept: a span of at least a day, or ``forever``."""

    FOREVER = LONGEST

    @classmethod
    def from_setting(cls, value: object) -> Self:
        """Read what a configuration says."""
        span = cls(cls.FOREVER) if value == "forever" else super().from_setting(value)
        if span < DAY:
            raise ValueError(f"{value!r} is too short; give at least 1d, or forever")
        return span

    @classmethod
    def setting_schema(cls) -> dict[str, Any]:
        """Describe it to an editor."""
        return {"type": "string", "description": "a span of time such as 90d or 365d, or forever"}

    @property
    def is_forever(self) -> bool:
        """Nothing is ever too old."""
        return self >= self.FOREVER

    def __str__(self) -> str:
        return "forever" if self.is_forever else super().__str__()


class Secret:
    """A token or a password: it comes from the environment, and nothing shows it but `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        hide(value)

    def reveal(self) -> str:
        """Hand out the secret itself, for the one place that sends it."""
        return self._value

    @classmethod
    def from_setting(cls, value: object) -> Self:
        """Take a value out of ``${NAME}``, or a stand-in such as a simulator's; real tokens in a file are refused."""
        if not isinstance(value, str):
            raise ValueError('a secret is text; put it into .env and write "${NAME}" here')
        if not value.strip():
            raise ValueError("it is empty; put the secret into .env")
        return cls(str(value.strip()))

    @classmethod
    def setting_schema(cls) -> dict[str, Any]:
        """Describe it to an editor."""
        return {"type": "string", "pattern": r"\$\{[A-Za-z_]\w*\}", "description": 'a secret, as "${NAME}" from .env'}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"


Channel = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(console|slack:([a-z0-9_-]+/)?[A-Za-z0-9_-]+|discord:[A-Za-z0-9_-]+)$",
        description="slack:CHANNEL_ID, discord:CHANNEL_ID or console",
    ),
]
"""A channel of a platform that is served, as the configuration names it."""


class _SettingsMeta(msgspec.StructMeta):
    """Makes fields keyword-only in subclasses too, and lets defaults of our own types appear in a schema."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> _SettingsMeta:
        fields = {key: _fresh(value) for key, value in namespace.items()}
        return super().__new__(cls, name, bases, fields, **{"kw_only": True, **options})


def _fresh(value: Any) -> Any:
    """Give a default that msgspec cannot write into a schema by way of a factory."""
    if isinstance(value, Duration | Secret | msgspec.Struct):
        return msgspec.field(default_factory=lambda: value)
    return value


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Settings(msgspec.Struct, metaclass=_SettingsMeta, frozen=True, forbid_unknown_fields=True):
    """The base of all settings: frozen, keyword-only, and an unknown key is a mistake."""


def convert(value: object, type: type[T]) -> T:
    """Read plain values as a type; the first mistake is a msgspec.ValidationError. `mistakes` tells all of them."""
    return msgspec.convert(value, type, strict=False, dec_hook=_read_own_type)


def _read_own_type(type: Any, value: object) -> Any:
    if isinstance(value, type):
        return value
    if hasattr(type, "from_setting"):
        return type.from_setting(value)
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is not text")
    return type(value)  # a path, for one


def _read_as_written(type: Any, value: object) -> Any:
    """Read one of our own types as a file has it, where a secret that opens something must not be written out."""
    is_literal = isinstance(value, str) and not isinstance(value, FromEnvironment)
    if type is Secret and is_literal and looks_random(str(value)):
        raise ValueError(REFUSED)
    return _read_own_type(type, value)


def schema_of_own_type(type: Any) -> dict[str, Any]:
    """Describe a type that msgspec does not know, for ``msgspec.json.schema``."""
    return dict(type.setting_schema()) if hasattr(type, "setting_schema") else {"type": "string"}


def mistakes(value: object, type: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Tell every mistake in plain values that should be of a type: its key path, and what is wrong and what to do."""
    return (mistake for mistake in _mistakes(value, type, where) if mistake[1])


def _check(value: object, type: Any) -> None:
    """Raise the first mistake of values as a file has them, with the marks of what came from the environment."""
    msgspec.convert(value, type, strict=False, dec_hook=_read_as_written)


def _mistakes(value: object, type: Any, where: str) -> Iterator[tuple[str, str]]:
    """Tell every mistake; one without words is told already, and only keeps what is around it from complaining."""
    type = _without_none(type)
    if isinstance(value, Unset):
        yield where, ""
        return
    try:
        _check(value, type)
        return
    except msgspec.ValidationError as error:
        message = str(error)
    inner = list(_inner_mistakes(value, type, where))
    yield from inner or [(where, _worded(message, value, type))]


def _inner_mistakes(value: object, type: Any, where: str) -> Iterator[tuple[str, str]]:
    origin, arguments = get_origin(type), get_args(type)
    if isinstance(value, dict) and _is_struct(type):
        yield from _mistakes_in_section(value, type, where)
    elif isinstance(value, dict) and origin is dict:
        for key, item in value.items():
            yield from _mistakes(key, arguments[0], _joined(where, key))
            yield from _mistakes(item, arguments[1], _joined(where, key))
    elif isinstance(value, list) and origin in {list, tuple, set, frozenset}:
        for index, item in enumerate(value):
            yield from _mistakes(item, arguments[0], f"{where}[{index}]")


def _mistakes_in_section(value: dict[str, Any], type: Any, where: str) -> Iterator[tuple[str, str]]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(type)}
    known = {key: item for key, item in value.items() if key in fields}
    for key in value.keys() - known.keys():
        yield _joined(where, key), _unknown(key, list(fields))
    found = [(_joined(where, n), _missing(f.type)) for n, f in fields.items() if f.required and n not in known]
    for key, item in known.items():
        found += _mistakes(item, fields[key].type, _joined(where, key))
    yield from found
    if not found:  # each value is right by itself; are they together?
        try:
            _check(known, type)
        except msgspec.ValidationError as error:
            yield where, _worded(str(error), known, type)


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    if near:
        return f"unknown key; did you mean {near[0]}?"
    return f"unknown key; known here: {', '.join(known)}" if known else "unknown key; this section has no settings"


def _missing(type: Any) -> str:
    if _without_none(type) is Secret:
        return 'missing; put the secret into .env and write "${NAME}" here'
    return f"missing; give it {_described(type)}"


_NAMES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_EXPECTED = re.compile(r"Expected `([^`]+)`(.*?), got `([^`]+)`", re.DOTALL)


def _worded(message: str, value: object, type: Any) -> str:
    """Say in a reader's words what msgspec says in a programmer's."""
    message = re.sub(r" - at `[^`]*`$", "", message)
    if message.startswith("Invalid enum value"):
        return _not_among(value, [str(option) for option in get_args(type)])
    if found := _EXPECTED.fullmatch(message):
        return f"{_shown(value)} is not {_described(type) if not found[2] else _names(found[1]) + found[2]}"
    if message.startswith("Expected "):
        limit = re.sub(r"`([^`]+)`", lambda found: _names(found[1]), message.removeprefix("Expected "))
        return f"{_shown(value)} is not {_about(type) or limit}"
    if isinstance(value, FromEnvironment) and value.strip():  # a type's own sentence may hold the value
        return f"{_shown(value)} is not {_described(type)}"
    return message


def _not_among(value: object, options: list[str]) -> str:
    near = difflib.get_close_matches(str(value), options, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{_shown(value)} is not one of {', '.join(options)}{hint}"


def _described(type: Any) -> str:
    """Name a type as a person would."""
    about = _about(type)
    type = _without_none(type)
    origin = get_origin(type) or type
    if about or origin is Annotated:
        return about or _described(get_args(type)[0])
    if origin is Literal:
        return "one of " + ", ".join(map(str, get_args(type)))
    if origin in {Union, UnionType}:
        return " or ".join(_described(part) for part in get_args(type))
    if hasattr(origin, "setting_schema"):
        return str(origin.setting_schema()["description"])
    kinds = {list: "array", tuple: "array", set: "array", frozenset: "array", dict: "object"}
    return _NAMES.get("object" if _is_struct(origin) else kinds.get(origin, getattr(origin, "__name__", "")), "a value")


def _about(type: Any) -> str:
    """Read the description in a type's ``msgspec.Meta``."""
    metadata = getattr(type, "__metadata__", ())
    return next((m.description for m in metadata if isinstance(m, msgspec.Meta) and m.description), "")


def _names(types: str) -> str:
    return " or ".join(_NAMES.get(part.strip(), part.strip()) for part in types.split("|"))


def _shown(value: object) -> str:
    if isinstance(value, FromEnvironment):
        return "the variable's value"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    return "an empty value" if value is None else text if len(text) <= 60 else text[:57] + "…"


def _without_none(type: Any) -> Any:
    """Unwrap ``X | None``, whose other half is what a person meant to write."""
    if get_origin(type) not in {Union, UnionType}:
        return type
    parts = [part for part in get_args(type) if part is not NoneType]
    return parts[0] if len(parts) == 1 else type


def _is_struct(type: Any) -> bool:
    return isinstance(type, msgspec.StructMeta)


def _joined(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


# --- showing them -------------------------------------------------------------------------------------------------


def without_secrets(value: object, written: object = None) -> Any:
    """Turn settings into plain values that anybody may see: secrets, and what came from the environment, are ``***``.

    `written` is what the configuration says, where texts from the environment are marked.
    """
    if isinstance(value, Secret) or isinstance(written, FromEnvironment):
        return str(Secret(""))
    if isinstance(value, msgspec.Struct):
        names = {field.name: field.encode_name for field in msgspec.structs.fields(value)}
        return {shown: without_secrets(getattr(value, name), _part(written, shown)) for name, shown in names.items()}
    if isinstance(value, dict):
        return {str(key): without_secrets(item, _part(written, key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [without_secrets(item, _part(written, index)) for index, item in enumerate(value)]
    is_plain = value is None or (isinstance(value, bool | int | float) and not isinstance(value, Duration))
    return value if is_plain else str(value)


def _part(written: object, key: object) -> object:
    if isinstance(written, dict):
        return written.get(key)
    if isinstance(written, list):
        return next((item for item in written if isinstance(item, FromEnvironment)), None)
    return None
