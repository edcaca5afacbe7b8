"""The command that copies one store into another."""

from __future__ import annotations

import click

from supportbot.commands import process
from supportbot.commands.progress import progress
from supportbot.domain.schema import SCHEMA
from supportbot.storage.move import move as move_store
from supportbot.storage.open import open_store


@click.command()
@click.argument("source")
@click.argument("target")
def move(source: str, target: str) -> None:
    """Copy a store into another, empty one.

    All of it is read back and checked; the source stays as it is.

    \b
    supportbot move tinydb:supportbot-data sqlite:supportbot.db
    """
    process.run(_move(source, target))


async def _move(source: str, target: str) -> None:
    old = await open_store(source, SCHEMA, read_only=True, alone=True)
    try:
        new = await open_store(target, SCHEMA)
        try:
            with progress() as bar:
                report = await move_store(
                    old,
                    new,
                    lambda written: bar.show("Copying", written),
                    lambda checked, total: bar.show("Reading back", checked, total),
                )
        finally:
            await new.close()
    finally:
        await old.close()
    click.echo(f"Moved {report.total} items, and read all of them back.")
    click.echo(f"Now set storage.url to {target}; {source} is as it was.")
