"""The command that looks at the dead letters, and runs them again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from supportbot.clock import SECOND
from supportbot.commands import process
from supportbot.commands.beside import open_beside
from supportbot.commands.options import CONFIG, DATA, configured
from supportbot.config import Config
from supportbot.domain.work import Work
from supportbot.errors import NotFound
from supportbot.storage.base import Store

_MOST = 10_000


@click.command()
@CONFIG
@DATA
@click.argument("work_id", required=False)
@click.option("--all", "everything", is_flag=True, help="Run all dead letters again.")
def retry(config_file: Path | None, data: Path | None, work_id: str | None, everything: bool) -> None:
    """List the dead letters, or run them again.

    A dead letter is work that failed five times and is kept. Mend the cause first: it is in the log, under the same
    name. A running bot on SQLite takes it up within seconds; on TinyDB stop the bot first.

    \b
    supportbot retry --config bot.yaml                        list them
    supportbot retry --config bot.yaml w_3k9mz07qc4hd8v2p     run one again
    supportbot retry --config bot.yaml --all                  run all again
    """
    if work_id and everything:
        raise click.UsageError("give the name of one dead letter, or --all")
    config = configured(config_file, data)
    process.run(_retry(config, work_id or "", everything=everything))


async def _retry(config: Config, work_id: str, *, everything: bool) -> None:
    is_only_asked = not (work_id or everything)
    store = await open_beside(config.storage.url, read_only=is_only_asked)
    try:
        dead = await store.buried(limit=_MOST)
        if is_only_asked:
            _show(dead)
            return
        chosen = dead if everything else [work for work in dead if work_id in (work.code, work.id)]
        if work_id and not chosen:
            raise NotFound(f"there is no dead letter {work_id}; `supportbot retry` lists those that there are")
        await _revive(store, chosen)
    finally:
        await store.close()


async def _revive(store: Store, chosen: list[Work]) -> None:
    revived = [work.code for work in chosen if await store.revive(work.id)]
    for code in revived:
        click.echo(f"{code} is run again")
    if not revived:
        click.echo("There are no dead letters.")


def _show(dead: list[Work]) -> None:
    """List them without anybody's words: their names, what they are, and what kept them from being done."""
    if not dead:
        click.echo("There are no dead letters.")
        return
    for work in dead:
        since = datetime.fromtimestamp(work.due / SECOND, UTC)
        click.echo(f"{work.code}  {work.queue}  {since:%Y-%m-%d %H:%M} UTC  {work.error or '?'}")
