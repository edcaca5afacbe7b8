"""The command that shows which skills the bot has, where each comes from, and what does not work."""

from __future__ import annotations

import inspect
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import click

from supportbot.commands.options import CONFIG
from supportbot.config import Config, load_config
from supportbot.pipeline.handlers import Handler, Handlers
from supportbot.plugins import Origin, Plugin, entries_in_order, load_plugin, unlisted
from supportbot.settings import without_secrets
from supportbot.skills.base import Skill

_SHOWN = ("command", "message", "event", "timer", "choice", "fallback")
"""The kinds of handlers that are told, in this order; a start and a stop are the skill's own affair."""

_LONGEST_WHAT = 60
"""Characters of what one handler listens to; with --json it is whole."""


@click.command()
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
def skills(config_file: Path | None, as_json: bool) -> None:
    """Show the skills: in which order, from where, what they listen to, and what does not work.

    They are loaded and not started. Exit code 1 when one that is listed cannot be loaded.

    \b
    supportbot skills --config bot.yaml
    """
    config = load_config(config_file)
    plugins = [load_plugin(entry, config) for entry in entries_in_order(config)]
    others = unlisted(config)
    if as_json:
        found = [{"name": name, **_from(origin)} for name, origin in others]
        listed = [_described(plugin) for plugin in plugins]
        click.echo(json.dumps({"skills": listed, "not_listed": found}, ensure_ascii=False, indent=2))
    else:
        _show(config, plugins, others)
    if any(plugin.skill is None for plugin in plugins):
        raise click.exceptions.Exit(1)


# --- for scripts --------------------------------------------------------------------------------------------------


def _described(plugin: Plugin) -> dict[str, Any]:
    reasons = [*plugin.mistakes, *([plugin.failure] if plugin.failure else [])]
    about = {"name": plugin.entry.name, **_from(plugin.origin), "loaded": plugin.skill is not None, "reasons": reasons}
    if plugin.skill is None:
        return about
    handlers = [
        {"method": handler.name, "on": handler.mark.kind, "what": _what(handler), "role": handler.mark.role}
        for handler in _handlers(plugin.skill)
    ]
    return {**about, "settings": _settings(plugin), "handlers": handlers}


def _from(origin: Origin | None) -> dict[str, str | None]:
    place = (origin.file or origin.package) if origin else ""
    return {"from": origin.kind if origin else None, "place": str(place) if place else None}


def _handlers(skill: Skill[Any]) -> list[Handler]:
    handlers = Handlers([skill]).all
    return [handler for kind in _SHOWN for handler in handlers if handler.mark.kind == kind]


def _what(handler: Handler) -> str:
    mark = handler.mark
    if mark.kind == "message":
        return str(mark.matcher)
    return f"/{mark.name}" if mark.kind == "command" else mark.name


def _settings(plugin: Plugin) -> dict[str, Any]:
    shown: dict[str, Any] = without_secrets(plugin.skill.settings, plugin.entry.settings) if plugin.skill else {}
    return shown


# --- for a person -------------------------------------------------------------------------------------------------


def _show(config: Config, plugins: list[Plugin], others: list[tuple[str, Origin]]) -> None:
    click.echo(f"The skills of {config.file or 'the defaults'}, in the order in which they are asked:\n")
    width = max(len(plugin.entry.name) for plugin in plugins)
    for number, plugin in enumerate(plugins, 1):
        place = f"  {_near(plugin.origin)}" if plugin.origin else ""
        sign = f"{number:>2}." if plugin.skill else "  ✗"
        click.echo(f"{sign} {plugin.entry.name.ljust(width)}{place}".rstrip())
        for line in _lines(plugin):
            click.echo(f"      {line}")
    if others:
        click.echo("\nFound, and not in the list under skills:, so they do not run:\n")
        for name, origin in others:
            click.echo(f"  -  {name.ljust(width)}  {_near(origin)}")
    broken = sum(plugin.skill is None for plugin in plugins)
    if broken:
        click.echo(f"\n{broken} of {len(plugins)} cannot be loaded.")
    click.echo("\nWhich are switched off after failures, the running bot tells: /skills in the agents' channel.")


def _lines(plugin: Plugin) -> list[str]:
    if plugin.skill is None:
        return [*plugin.mistakes, *([plugin.failure] if plugin.failure else [])]
    about = inspect.cleandoc(vars(type(plugin.skill))["__doc__"] or "").partition("\n")[0]
    handlers = _handlers(plugin.skill)
    kinds = Counter(handler.mark.kind for handler in handlers)
    told = [
        f"{kind} {', '.join(dict.fromkeys(_cut(_what(handler)) for handler in handlers if handler.mark.kind == kind))}"
        for kind in ("command", "message", "event")
        if kinds[kind]
    ]
    settings = ", ".join(f"{key}={_short(value)}" for key, value in _settings(plugin).items())
    return [line for line in (about, "; ".join(told), f"settings {settings}" if settings else "") if line]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_WHAT else f"{text[: _LONGEST_WHAT - 1]}…"


def _short(value: Any) -> str:
    return value if isinstance(value, str) and value and " " not in value else json.dumps(value, ensure_ascii=False)


def _near(origin: Origin) -> str:
    """Name a file as it is seen from here."""
    if origin.file is None:
        return str(origin)
    here = os.path.relpath(origin.file)
    return str(origin.file) if here.startswith("..") else here
