"""A new bot: what somebody answers becomes its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from supportbot.scaffold.placing import NewFile, filled
from supportbot.tokens import DISCORD, SLACK_APP, SLACK_BOT, Token

FILES = Path(__file__).with_name("bot_files")
CONFIG, ENVIRONMENT, IGNORED, UNIT = "config.yaml", ".env", ".gitignore", "supportbot.service"
DATA, KNOWLEDGE = "data", "knowledge"

Platform = Literal["console", "slack", "discord"]
StoreKind = Literal["sqlite", "tinydb"]

TOKENS: Mapping[Platform, tuple[Token, ...]] = {
    "console": (),
    "slack": (SLACK_BOT, SLACK_APP),
    "discord": (DISCORD,),
}
"""What each platform hands out to let a bot in."""
STORES: Mapping[StoreKind, str] = {"sqlite": f"sqlite:{DATA}/supportbot.db", "tinydb": f"tinydb:{DATA}"}
_LONGEST_NAME = 40
_KEYS: Mapping[str, str] = {"SLACK_BOT_TOKEN": "bot_token", "SLACK_APP_TOKEN": "app_token", "DISCORD_TOKEN": "token"}


@dataclass(frozen=True)
class Answers:
    """What a new bot is to be; an empty token or channel is left for later."""

    platform: Platform = "console"
    store: StoreKind = "sqlite"
    team: str = ""
    agents_channel: str = ""
    tokens: Mapping[str, str] = field(default_factory=dict)
    articles: tuple[tuple[str, str], ...] = ()
    has_articles: bool = False
    """The folder has articles already, so no samples are written."""

    @property
    def left(self) -> tuple[str, ...]:
        """Name the variables that are still to be put into ``.env``."""
        names = [token.name for token in TOKENS[self.platform] if not self.tokens.get(token.name)]
        return (*names, *([channel_variable(self.platform)] if self._channel_is_left else []))

    @property
    def _channel_is_left(self) -> bool:
        return self.platform != "console" and not self.agents_channel


@dataclass(frozen=True)
class Service:
    """Where and as whom a machine runs the bot."""

    program: Path
    folder: Path
    user: str


def channel_variable(platform: Platform) -> str:
    """Name the variable that stands for the agents' channel until it is known."""
    return f"{platform.upper()}_AGENTS_CHANNEL"


def files_of(answers: Answers, *, environment: str = "") -> dict[str, NewFile]:
    """Word the files of a new bot; `environment` is what its ``.env`` held before, of which nothing is lost."""
    return {
        CONFIG: NewFile(_config(answers)),
        ENVIRONMENT: NewFile(_environment(answers, environment), 0o600),
        IGNORED: NewFile(f"{ENVIRONMENT}\n{DATA}/\n"),
        **dict(_articles(answers)),
    }


def unit_of(answers: Answers, service: Service) -> NewFile:
    """Word the systemd unit that keeps the bot running."""
    return NewFile(
        filled(
            (FILES / UNIT).read_text("utf-8"),
            {
                "of_team": f" of {_specifiers(answers.team)}" if answers.team else "",
                "user": service.user,
                "folder": _specifiers(str(service.folder)),
                "program": _argument(service.program),
                "config": _argument(service.folder / CONFIG),
                "data": _argument(service.folder / DATA),
            },
        )
    )


# --- the configuration --------------------------------------------------------------------------------------------


def _config(answers: Answers) -> str:
    channel = f"{answers.platform}:{answers.agents_channel or f'${{{channel_variable(answers.platform)}}}'}"
    values = {
        "storage": STORES[answers.store],
        "adapters": "\n".join(_adapter(answers.platform)),
        "agents_channel": "console" if answers.platform == "console" else channel,
        "texts": "".join(f"\n  {line}" for line in _texts(answers.team)),
    }
    return filled((FILES / CONFIG).read_text("utf-8"), values)


def _adapter(platform: Platform) -> Iterator[str]:
    yield f"  {platform}:"
    for token in TOKENS[platform]:
        yield f"    {_KEYS[token.name]}: ${{{token.name}}}"


def _texts(team: str) -> Iterator[str]:
    if not team:
        yield '# greeting.hello: "Hi {name}, this is the help desk of Example Ltd. How can I help?"'
        return
    name = team.replace("{", "{{").replace("}", "}}").replace("${", "$${")
    hello = f"Hi {{name}}, this is the help desk of {name}. Ask me anything in your own words, or ask for a person."
    yield f"greeting.hello: {json.dumps(hello, ensure_ascii=False)}"
    yield f"handoff.team_name: {json.dumps(name, ensure_ascii=False)}"


def _environment(answers: Answers, before: str) -> str:
    lines = before.splitlines() or [
        "# The secrets of this bot: only its owner may read this file, and git leaves it out."
    ]
    names = {line.removeprefix("export ").partition("=")[0].strip() for line in lines}
    for token in TOKENS[answers.platform]:
        if token.name in names:
            continue
        value = answers.tokens.get(token.name, "")
        lines += ["", f"# {token.found}", f"{token.name}={value}" if value else f"# {token.name}="]
    if channel_variable(answers.platform) in answers.left:
        lines += ["", "# The ID of the channel where your team works", f"# {channel_variable(answers.platform)}="]
    return "\n".join([*lines, ""])


# --- the articles -------------------------------------------------------------------------------------------------


def _articles(answers: Answers) -> Iterator[tuple[str, NewFile]]:
    if answers.articles:
        for number, (question, answer) in enumerate(answers.articles, 1):
            name = re.sub(r"[\W_]+", "-", question.casefold()).strip("-")[:_LONGEST_NAME].strip("-")
            front = json.dumps(" ".join(question.split()), ensure_ascii=False)
            text = f"---\nquestion: {front}\n---\n{answer.strip()}\n"
            yield f"{KNOWLEDGE}/{number}-{name or 'article'}.md", NewFile(text)
    elif not answers.has_articles:
        for sample in sorted((FILES / KNOWLEDGE).glob("*.md")):
            yield f"{KNOWLEDGE}/{sample.name}", NewFile(sample.read_text("utf-8"))


# --- how systemd reads a unit -------------------------------------------------------------------------------------


def _specifiers(text: str) -> str:
    """Escape what systemd would replace: ``%h`` is somebody's home."""
    return text.replace("%", "%%")


def _argument(path: Path) -> str:
    """Quote a path that may hold spaces; a dollar sign would begin a variable."""
    return '"' + _specifiers(str(path)).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$") + '"'
