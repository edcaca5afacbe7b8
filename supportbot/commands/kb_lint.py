"""The command that finds what is weak in a knowledge base."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
import msgspec

from supportbot.commands.kb_base import BASE, JSON, served
from supportbot.commands.options import CONFIG
from supportbot.health.checks.base import counted
from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.lint import Level, Weakness, lint

_COLOURS: dict[Level, str] = {"error": "red", "warning": "yellow"}


@click.command("lint")
@BASE
@CONFIG
@JSON
@click.pass_context
def kb_lint(context: click.Context, paths: tuple[Path, ...], config_file: Path | None, as_json: bool) -> None:
    """Find what is weak: empty answers, duplicates, dead links, questions that compete or find nothing.

    It asks the articles their own questions, so it knows which ones people would get mixed up, and which articles are
    found only by who asks in the very words. Exit code 1 where there is an error; warnings are for the day. A file that
    cannot be read is exit code 2.

    \b
    supportbot kb lint --kb articles
    supportbot kb lint --config config.yaml --json | jq '.weaknesses[] | select(.rule == "competing")'
    """
    knowledge = served(paths, config_file)
    found = lint(knowledge)
    counts = Counter(weakness.level for weakness in found)
    if as_json:
        about = {"ok": not counts["error"], "articles": len(knowledge), "unpublished": knowledge.unpublished}
        click.echo(msgspec.json.encode({**about, "weaknesses": found}).decode())
    else:
        _show(knowledge, found, counts)
    context.exit(1 if counts["error"] else 0)


def _show(knowledge: Knowledge, found: list[Weakness], counts: Counter[Level]) -> None:
    for weakness in found:
        level = click.style(weakness.level, fg=_COLOURS[weakness.level])
        place = f"{weakness.place}: " if weakness.place else ""
        click.echo(f"{place}{level}: {weakness.what} [{weakness.rule}]")
    wholes = [article for article in knowledge.articles.values() if not article.part_of]
    parts, drafts = len(knowledge) - len(wholes), knowledge.unpublished
    of_which = [f"{counted(parts, 'passage')} of long ones"] if parts else []
    of_which += [f"{counted(drafts, 'draft')} left out"] if drafts else []
    about = f" ({', '.join(of_which)})" if of_which else ""
    told = [counted(counts[level], level) for level in _COLOURS]
    click.echo(f"{counted(len(wholes), 'article')}{about}: {', '.join(told)}.")
