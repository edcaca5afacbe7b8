"""The command that shows what an edit of the knowledge base changes for those who ask."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
import msgspec

from supportbot.commands.kb_base import JSON, served
from supportbot.knowledge.outcome import Change, Effect, Outcome, compare
from supportbot.knowledge.questions import read_questions

_COLOURS: dict[Effect, str] = {"worse": "red", "better": "green", "changed": "yellow", "edited": "blue"}
"""The effects, in the order in which they are told."""


@click.command("preview")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--questions", "file", type=click.Path(path_type=Path), required=True,
              help="What people ask: the file of kb test, or plain text (.txt) with a question a line.")  # fmt: skip
@JSON
@click.pass_context
def kb_preview(context: click.Context, old: Path, new: Path, file: Path, as_json: bool) -> None:
    """Show which questions get something else from the articles in NEW than from those in OLD.

    Where a question says in `expect` which article is right, the change is for better or for worse; else it is only
    told. "edited" is the same article with other words. Exit code 1 where something is worse.

    \b
    supportbot kb preview articles edited --questions questions.yaml
    git worktree add ../live main && supportbot kb preview ../live/articles articles --questions asked.txt
    """
    before, after = served([old], None), served([new], None)
    questions = read_questions(file)
    compared = [compare(before, after, question) for question in questions]
    changes = [change for change in compared if change]
    counts = Counter(change.effect for change in changes)
    if as_json:
        about = {"ok": not counts["worse"], "questions": len(questions)}
        click.echo(msgspec.json.encode({**about, "changes": changes}).decode())
    else:
        _show(changes, counts, len(questions))
    context.exit(1 if counts["worse"] else 0)


def _show(changes: list[Change], counts: Counter[Effect], asked: int) -> None:
    for effect, colour in _COLOURS.items():
        for change in [change for change in changes if change.effect == effect]:
            click.echo(f"{click.style(f'{effect:<8}', fg=colour)} {change.question.text}")
            if effect != "edited":
                click.echo(f"{'':<8} {_told(change.old)} → {_told(change.new)}{_expected(change)}")
    told = ", ".join(f"{counts[effect]} {effect}" for effect in _COLOURS if counts[effect])
    click.echo(f"{len(changes)} of {asked} questions get something else{f': {told}' if told else ''}.")


def _told(found: Outcome) -> str:
    return f"{found.decision} {', '.join(found.articles)}".rstrip()


def _expected(change: Change) -> str:
    return f" (expected: {change.question.expected})" if change.question.expected else ""
