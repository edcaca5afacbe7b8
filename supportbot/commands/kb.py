"""The commands of the knowledge base."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from supportbot.commands.kb_lint import kb_lint
from supportbot.commands.kb_preview import kb_preview
from supportbot.commands.kb_test import kb_test
from supportbot.knowledge.base import ENGINE_NAMES, EngineName, Knowledge
from supportbot.knowledge.match_lines import serve_lines


@click.group()
def kb() -> None:
    """Look after the knowledge base.

    \b
    supportbot kb match --kb articles                             ask it something
    supportbot kb lint --kb articles                              find what is weak in it
    supportbot kb test questions.yaml --kb articles               hold it to what it should answer
    supportbot kb preview old new --questions questions.yaml      see what an edit changes
    """


kb.add_command(kb_lint)
kb.add_command(kb_test)
kb.add_command(kb_preview)


@kb.command("match")
@click.option("--kb", "base", type=click.Path(path_type=Path), required=True, help="A file or folder with articles.")
@click.option("--engine", type=click.Choice(ENGINE_NAMES), default="auto", help="As the setting of the faq skill.")
@click.option("--json", "as_json", is_flag=True, help="The default: kept for scripts that say so.")
def kb_match(base: Path, engine: EngineName, as_json: bool) -> None:  # noqa: ARG001 - lines are JSON either way
    """Show what the articles answer.

    Each line in is a message (a JSON object; typed in a terminal, plain words), each line out says which articles fit
    and what the bot would do.

    \b
    echo '{"text": "how do I reset my password?"}' | supportbot kb match --kb articles/
    """
    knowledge = Knowledge(engine=engine)
    knowledge.serve([base])
    lines = (raw.decode("utf-8", "surrogateescape") for raw in sys.stdin.buffer)
    serve_lines(knowledge, _typed(lines) if sys.stdin.isatty() else lines, click.echo)


def _typed(lines: Iterator[str]) -> Iterator[str]:
    """Take what a person types as it is."""
    click.echo("Ask something, in your own words; Ctrl-D ends it.", err=True)
    for line in lines:
        yield line if line.lstrip().startswith("{") or not line.strip() else json.dumps({"text": line.strip()})
