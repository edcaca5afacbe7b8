"""The command that lists what the bot says, and who hears it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import click

from supportbot.commands.options import NAMED_CONFIG, configured
from supportbot.texts import audiences, placeholders, shipped


@click.command()
@NAMED_CONFIG
@click.option("--yaml", "as_yaml", is_flag=True, help="Print a block to paste into the configuration.")
@click.argument("search", default="")
def texts(config_file: Path | None, as_yaml: bool, search: str) -> None:
    """List the bot's sentences: key, words, placeholders, and who sees them.

    SEARCH keeps those with these words in the key or the sentence. With --config, a team's own sentences are shown in
    the place of ours, and marked.

    \b
    supportbot texts
    supportbot texts "talk to a person"
    supportbot texts --config config.yaml survey
    supportbot texts --yaml greeting            (paste it under texts: in config.yaml)
    """
    own = configured(config_file, None).texts if config_file else {}
    wanted = search.casefold()
    keys = [key for key, text in shipped().items() if wanted in f"{key}\n{text}\n{own.get(key, '')}".casefold()]
    if not keys:
        raise click.ClickException(f"no sentence has {search!r} in it; without a word, all are listed")
    for number, (section, group) in enumerate(groupby(keys, key=lambda key: key.partition(".")[0])):
        if as_yaml:
            _print_yaml(audiences()[section], list(group), own, is_first=number == 0)
        else:
            _print_section(audiences()[section], list(group), own, is_first=number == 0)


def _print_section(audience: str, keys: list[str], own: Mapping[str, str], *, is_first: bool) -> None:
    click.echo(("" if is_first else "\n") + click.style(audience, bold=True))
    for key in keys:
        names = " ".join(f"{{{name}}}" for name in sorted(placeholders(shipped()[key])))
        mark = "(yours)" if key in own else ""
        click.echo("  " + "  ".join(part for part in (click.style(key, fg="cyan"), names, mark) if part))
        click.echo(_indented(own.get(key, shipped()[key])))
        if key in own:
            click.echo(_indented(f"ours: {shipped()[key]}"))


def _indented(text: str) -> str:
    return textwrap.indent(text, "      ")


def _print_yaml(audience: str, keys: list[str], own: Mapping[str, str], *, is_first: bool) -> None:
    if is_first:
        click.echo("texts:")
    click.echo(f"  # {audience}")
    for key in keys:
        text = own.get(key, shipped()[key]).replace("${", "$${")
        click.echo(f"  {key}: {json.dumps(text, ensure_ascii=False)}")
