"""The commands of the knowledge base."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.match_lines import serve_lines


@click.group()
def kb() -> None:
    """Look after the knowledge base."""


@kb.command("match")
@click.option("--kb", "base", type=click.Path(path_type=Path), required=True, help="A file or folder with articles.")
@click.option("--json", "as_json", is_flag=True, help="The default: kept for scripts that say so.")
def kb_match(base: Path, as_json: bool) -> None:  # noqa: ARG001 - lines are JSON either way
    """Show what the articles answer.

    Each line in is a message (a JSON object; typed in a terminal, plain words), each line out says which articles fit
    and what the bot would do.

    \b
    echo '{"text": "how do I reset my password?"}' | supportbot kb match --kb articles/
    """
    knowledge = Knowledge()
    knowledge.serve([base])
    lines = (raw.decode("utf-8", "surrogateescape") for raw in sys.stdin.buffer)
    serve_lines(knowledge, _typed(lines) if sys.stdin.isatty() else lines, click.echo)


def _typed(lines: Iterator[str]) -> Iterator[str]:
    """Take what a person types as it is."""
    click.echo("Ask something, in your own words; Ctrl-D ends it.", err=True)
    for line in lines:
        yield line if line.lstrip().startswith("{") or not line.strip() else json.dumps({"text": line.strip()})
