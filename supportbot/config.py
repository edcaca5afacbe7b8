"""The configuration: one file, typed, read at the start; every mistake in it is told at once, with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from supportbot import texts
from supportbot.adapter_settings import AdaptersSettings, ConsoleSettings, DiscordSettings, Port, SlackSettings
from supportbot.clock import shown
from supportbot.desk_settings import DeskSettings, LimitsSettings
from supportbot.environment import plain, read_environment
from supportbot.errors import ConfigurationError
from supportbot.logs import masked
from supportbot.settings import Duration, KeptFor, Secret, Settings, convert, mistakes
from supportbot.tokens import literal_tokens
from supportbot.yaml_lines import Source, read_yaml

__all__ = [
    "AdaptersSettings",
    "CatchUpSettings",
    "Config",
    "ConsoleSettings",
    "DeskSettings",
    "DiscordSettings",
    "Duration",
    "HealthSettings",
    "LimitsSettings",
    "LogsSettings",
    "RetentionSettings",
    "Secret",
    "Settings",
    "SkillEntry",
    "SlackSettings",
    "StorageSettings",
    "load_config",
    "read_settings",
    "skills_despite_mistakes",
    "storage_under",
]

S = TypeVar("S", bound=Settings)

BUILT_IN_SKILLS = ("greeting", "faq", "tickets", "handoff", "survey", "help")

StoreAddress = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(tinydb|sqlite|postgresql):.",
        max_length=1_000,
        description="tinydb:FOLDER, sqlite:FILE or postgresql://…",
    ),
]


class StorageSettings(Settings):
    """Where the bot keeps everything: ``tinydb:DIR``, ``sqlite:FILE`` or ``postgresql://…``."""

    url: StoreAddress = "tinydb:supportbot-data"

    def __repr__(self) -> str:
        return f"StorageSettings(url={masked(self.url)!r})"


class CatchUpSettings(Settings):
    """What is done about messages that were written while the bot was away."""

    max_age: Duration = Duration("12h")
    """What is older gets no answer any more: the agents get a list of it."""


class HealthSettings(Settings):
    """Where ``/healthz``, ``/readyz`` and ``/metrics`` answer while the bot runs."""

    host: str = "127.0.0.1"
    """Who can ask: by default only this machine."""
    port: Port = 8080


class RetentionSettings(Settings):
    """How long what people said is kept; a job of every day removes what is older."""

    conversations: KeptFor = KeptFor("365d")
    """A conversation that ended is removed this long after its last word, with its closed tickets; or ``forever``."""


class LogsSettings(Settings):
    """What the bot writes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """What is written: this, and all that is worse."""
    format: Literal["text", "json"] = "text"
    """Lines for people, or one JSON object a line for a collector."""


class SkillEntry:
    """One skill in the list: its name, its settings as written, and the place they stand at."""

    __slots__ = ("line", "name", "path", "settings")

    def __init__(
        self, name: str, settings: dict[str, Any] | None = None, *, line: int | None = None, path: str = ""
    ) -> None:
        self.name = name
        self.settings = settings or {}
        self.line = line
        self.path = path or name

    @classmethod
    def from_setting(cls, value: object) -> SkillEntry:
        """Read a name, or a mapping of one name to its settings."""
        name, settings = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else (value, None)
        if not isinstance(name, str) or not isinstance(settings, dict | None):
            raise ValueError("an entry is a skill's name, or a mapping of one name to its settings, as - faq: {…}")
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name):
            raise ValueError(f"{shown(name)} is not a skill's name; names are small letters, digits and _")
        return cls(name, settings)

    @classmethod
    def setting_schema(cls) -> dict[str, Any]:
        """Describe it to an editor."""
        named = {"type": "object", "minProperties": 1, "maxProperties": 1}
        return {"anyOf": [{"type": "string"}, named], "description": "a skill's name, or its name with its settings"}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SkillEntry) and (self.name, self.settings) == (other.name, other.settings)

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"SkillEntry({self.name!r}, {sorted(self.settings)})"


class ConfigFile(Settings):
    """The keys of a configuration file."""

    storage: StorageSettings = StorageSettings()
    adapters: AdaptersSettings = AdaptersSettings(console=ConsoleSettings())
    desk: DeskSettings = DeskSettings()
    skills: tuple[SkillEntry, ...] = msgspec.field(default_factory=lambda: tuple(map(SkillEntry, BUILT_IN_SKILLS)))
    """The skills that run, asked in this order; the fallback is always there, last."""
    skill_paths: tuple[str, ...] = ()
    """Folders with skills of your own."""
    texts: dict[str, str] = msgspec.field(default_factory=dict)
    """Sentences of the bot to say differently, by their key in supportbot/texts.yaml."""
    limits: LimitsSettings = LimitsSettings()
    catch_up: CatchUpSettings = CatchUpSettings()
    retention: RetentionSettings = RetentionSettings()
    health: HealthSettings | None = None
    logs: LogsSettings = LogsSettings()


class Config(ConfigFile):
    """A configuration as the bot runs with it: places are resolved against the folder of its file."""

    folder: Path = Path()
    file: Path | None = None
    storage_line: int | None = None
    """Where the file names the store, if it does."""

    def resolve(self, place: str) -> Path:
        """Find a path that was written in the file."""
        return self.folder / _at_home(place)


def load_config(path: Path | None, *, data: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Read a configuration file, or take the defaults; ConfigurationError has every mistake.

    `data` keeps the store in another folder; `environment` stands in for the process's variables.
    """
    if path is None:
        return _with_data(Config(), data)
    source = read_yaml(path, read_environment(path.parent, environment))
    shape = _shape(source)
    if problems := source.problems(_all_mistakes(shape, path.parent)):
        raise ConfigurationError(problems)
    marked = {"skills": shape["skills"]} if "skills" in shape else {}  # each skill's settings are checked later
    given = convert({**plain(shape), **marked}, ConfigFile)
    fields = {name: getattr(given, name) for name in given.__struct_fields__}
    fields |= {**_placed(given, source), "folder": path.parent.resolve(), "file": path}
    return _with_data(Config(**fields), data)


def skills_despite_mistakes(path: Path) -> Config:
    """Read the skills of a file that has mistakes elsewhere, so that theirs can be told at once with the others."""
    try:
        source = read_yaml(path, read_environment(path.parent))
        shape = _shape(source)
    except ConfigurationError:
        return Config(skills=())
    wrong = [*source.mistakes, *dict(_all_mistakes(shape, path.parent))]
    entries = []
    for index, value in enumerate(shape["skills"] if isinstance(shape.get("skills"), list) else ()):
        where = f"skills[{index}]"
        if not any(place == where or place.startswith(f"{where}.") for place in wrong):
            entry = SkillEntry.from_setting(value)
            entry.line, entry.path = source.lines.get(where), f"{where}.{entry.name}"
            entries.append(entry)
    paths = shape["skill_paths"] if isinstance(shape.get("skill_paths"), list) else ()
    places = [path.parent.resolve() / _at_home(place) for place in paths if isinstance(place, str)]
    known = tuple(str(place) for place in places if _is_folder(place))
    return Config(skills=tuple(entries), skill_paths=known, folder=path.parent.resolve(), file=path)


def read_settings(entry: SkillEntry, type: type[S], file: Path) -> S:
    """Read a skill's settings; ConfigurationError has every mistake in them."""
    if found := list(mistakes(entry.settings, type, entry.path)):
        source = Source(file, lines=_lines_again(entry, file))
        raise ConfigurationError(source.problems(found))
    return convert(plain(entry.settings), type)


def storage_under(folder: Path, url: str) -> str:
    """Move a store's url into a folder, under the same file name where it names a file; a server stays where it is."""
    member, _, place = url.partition(":")
    if member == "tinydb":
        return f"tinydb:{folder}"
    return f"sqlite:{folder / Path(place).name}" if member == "sqlite" else url


def _shape(source: Source) -> dict[str, Any]:
    """Take the file's mapping, where a section without anything below it is as good as left out."""
    if not isinstance(source.data, dict | None):
        raise ConfigurationError([source.problem("", "not a mapping; write sections such as storage:, desk:, skills:")])
    shape = {key: value for key, value in (source.data or {}).items() if value is not None}
    adapters = shape.get("adapters")
    if isinstance(adapters, dict):  # "console:" alone asks for the console
        shape["adapters"] = {key: {} if value is None else value for key, value in adapters.items()}
    return shape


def _all_mistakes(shape: dict[str, Any], folder: Path) -> Iterator[tuple[str, str]]:
    yield from mistakes(shape, ConfigFile)
    yield from literal_tokens(shape)
    yield from _skills_given_twice(shape.get("skills"))
    yield from _missing_folders(shape.get("skill_paths"), folder)
    yield from _channels_without_adapter(shape)
    yield from _channels_without_workspace(shape)
    yield from _missing_canned_replies(shape.get("desk"), folder)
    overrides = shape.get("texts")
    if isinstance(overrides, dict) and overrides:
        for key, message in texts.mistakes({key: text for key, text in overrides.items() if isinstance(text, str)}):
            yield f"texts.{key}", message


def _skills_given_twice(skills: Any) -> Iterator[tuple[str, str]]:
    seen = set()
    for index, entry in enumerate(skills if isinstance(skills, list) else ()):
        name = next(iter(entry), None) if isinstance(entry, dict) else entry
        if isinstance(name, str) and name in seen:
            yield f"skills[{index}]", f"{name} is in the list twice; remove one of the two"
        seen.add(name if isinstance(name, str) else None)


def _missing_folders(paths: Any, folder: Path) -> Iterator[tuple[str, str]]:
    for index, path in enumerate(paths if isinstance(paths, list) else ()):
        if isinstance(path, str) and not _is_folder(folder / _at_home(path)):
            yield f"skill_paths[{index}]", f"there is no folder {shown(path)}; it is looked for beside this file"


def _missing_canned_replies(desk: Any, folder: Path) -> Iterator[tuple[str, str]]:
    place = desk.get("canned_replies") if isinstance(desk, dict) else None
    if isinstance(place, str) and place and not _is_there(folder / _at_home(place), Path.is_file):
        yield "desk.canned_replies", f"there is no file {shown(place)}; it is looked for beside this file"


def _is_folder(path: Path) -> bool:
    return _is_there(path, Path.is_dir)


def _is_there(path: Path, look: Callable[[Path], bool]) -> bool:
    try:
        return look(path)
    except OSError:  # a name that is too long, say
        return False


def _at_home(place: str) -> Path:
    """Spell out ``~``; one of nobody's home is a name like others."""
    try:
        return Path(place).expanduser()
    except RuntimeError:
        return Path(place)


def _channels_without_adapter(shape: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Find channels, of the desk or of a skill, on a platform that is not served."""
    adapters = shape.get("adapters")
    served = adapters if isinstance(adapters, dict) else {}
    for where, channel in _channels(shape) if isinstance(adapters, dict | None) else ():
        adapter = channel.partition(":")[0] if isinstance(channel, str) else ""
        if adapter in {"slack", "discord"} and adapter not in served:
            yield (
                where,
                f"{channel} needs adapters.{adapter}, which is not configured; add it or choose another channel",
            )


def _channels_without_workspace(shape: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Find channels in a workspace of Slack that has no token."""
    slack = shape["adapters"].get("slack") if isinstance(shape.get("adapters"), dict) else None
    given = slack.get("workspaces") if isinstance(slack, dict) else None
    named = given if isinstance(given, dict) else {}
    for where, channel in _channels(shape) if isinstance(slack, dict) else ():
        adapter, _, place = str(channel).partition(":")
        workspace, slash, _ = place.partition("/")
        if adapter == "slack" and slash and workspace not in {"main", *named}:
            missing = f"adapters.slack.workspaces.{workspace}"
            yield where, f"{channel} needs {missing}, which is not configured; add its token"


def _channels(shape: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    desk, skills = shape.get("desk"), shape.get("skills")
    if isinstance(desk, dict):
        yield "desk.agents_channel", desk.get("agents_channel")
    for index, entry in enumerate(skills if isinstance(skills, list) else ()):
        settings = entry.get("survey") if isinstance(entry, dict) else None
        if isinstance(settings, dict):
            yield f"skills[{index}].survey.low_rating_to", settings.get("low_rating_to")


def _placed(given: ConfigFile, source: Source) -> dict[str, Any]:
    """Tell the fields that a file's place completes: where each skill stands, and paths from its folder on."""
    folder = source.file.parent.resolve()
    for index, entry in enumerate(given.skills):
        where = f"skills[{index}]"
        entry.line = source.lines.get(where)
        entry.path = f"{where}.{entry.name}"
    member, _, place = given.storage.url.partition(":")
    url = given.storage.url
    if member != "postgresql" and url != "tinydb:memory":
        url = f"{member}:{folder / _at_home(place)}"
    canned = str(folder / _at_home(given.desk.canned_replies)) if given.desk.canned_replies else ""
    adapters = given.adapters if given.adapters.given else AdaptersSettings(console=ConsoleSettings())
    return {
        "storage_line": source.lines.get("storage.url"),
        "storage": msgspec.structs.replace(given.storage, url=url),
        "desk": msgspec.structs.replace(given.desk, canned_replies=canned),
        "skill_paths": tuple(str(folder / _at_home(path)) for path in given.skill_paths),
        "adapters": adapters,
    }


def _with_data(config: Config, data: Path | None) -> Config:
    if data is None:
        return config
    url = storage_under(data, config.storage.url)
    return msgspec.structs.replace(config, storage=msgspec.structs.replace(config.storage, url=url), storage_line=None)


def _lines_again(entry: SkillEntry, file: Path) -> Mapping[str, int]:
    """Find the lines of a skill's settings; they are only looked for when there is a mistake to tell."""
    try:
        lines = dict(read_yaml(file, read_environment(file.parent)).lines)
    except ConfigurationError:
        lines = {}
    return {**lines, **({entry.path: entry.line} if entry.line and entry.path not in lines else {})}
