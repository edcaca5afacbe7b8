"""The commands of the knowledge base."""

from __future__ import annotations

import sys
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

    Each line in is a message (a JSON object), each line out says which articles fit and what the bot would do.

    \b
    echo '{"text": "how do I reset my password?"}' | supportbot kb match --kb articles/
    """
    knowledge = Knowledge()
    knowledge.serve([base])
    lines = (raw.decode("utf-8", "surrogateescape") for raw in sys.stdin.buffer)
    serve_lines(knowledge, lines, click.echo)
