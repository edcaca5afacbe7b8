"""The commands about what is kept: save it, put it back, give it out, and take a person out of it."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from supportbot.clock import SystemClock
from supportbot.commands import process
from supportbot.commands.beside import open_beside
from supportbot.commands.options import CONFIG, DATA, configured
from supportbot.commands.progress import Bar, progress
from supportbot.config import Config
from supportbot.data import archive, people
from supportbot.data import export as exports
from supportbot.data.archive import Archive
from supportbot.data.erase import Erasure, Receipt, finish
from supportbot.data.people import Someone
from supportbot.data.traces import Traces
from supportbot.domain.schema import SCHEMA
from supportbot.errors import StoreError
from supportbot.ids import Ids
from supportbot.storage.base import Store, place_of
from supportbot.storage.open import open_store
from supportbot.storage.replace import copies_of

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@CONFIG
@DATA
@_FILE
def backup(config_file: Path | None, data: Path | None, file: Path) -> None:
    """Save everything that the bot keeps in one file.

    The bot may run meanwhile, if it keeps its data in SQLite; on TinyDB stop it first. What is saved is the state of
    one moment, files included. A copy elsewhere is a backup; the same disk is not.

    \b
    supportbot backup --config bot.yaml bot-monday.backup
    """
    process.run(_backup(configured(config_file, data), file))


async def _backup(config: Config, file: Path) -> None:
    _refuse_memory(config.storage.url)
    store = await open_beside(config.storage.url)
    try:
        with progress() as bar:
            footer = await archive.write(
                store,
                file,
                member=place_of(config.storage.url)[0],
                now=SystemClock().now(),
                progress=lambda count: bar.show("Saving", count),
            )
    finally:
        await store.close()
    click.echo(f"Saved {footer.items} items in {file}.")


@click.command()
@CONFIG
@DATA
@click.option("--replace", is_flag=True, help="Take the place of a store with data in it, which is kept beside.")
@_FILE
def restore(config_file: Path | None, data: Path | None, file: Path, replace: bool) -> None:
    """Put back what a backup has, into the store that the configuration names.

    Stop the bot first. The backup is checked whole, then written beside the store and read back; only then does it
    take the store's place. It may come from any kind of store.

    \b
    supportbot restore --config bot.yaml bot-monday.backup
    """
    process.run(_restore(configured(config_file, data), file, replace=replace))


async def _restore(config: Config, file: Path, *, replace: bool) -> None:
    url, saved = config.storage.url, Archive(file)
    with progress() as bar:
        header = saved.check(lambda count: bar.show("Checking the backup", count))
        restored = await archive.restore(
            saved,
            url,
            SystemClock(),
            replace=replace,
            progress=lambda count: bar.show("Writing", count),
            checked=lambda count, total: bar.show("Reading back", count, total),
        )
    click.echo(f"Restored {restored.items} items of {header.at} into {url}, and read all of them back.")
    if restored.before:
        click.echo(f"What was there before is in {restored.before}; remove it when you need it no more.")


@click.command()
@CONFIG
@DATA
@click.option("--person", help="Everything about one person: their id, or their name where only one has it.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def export(config_file: Path | None, data: Path | None, person: str | None, folder: Path) -> None:
    """Write tickets, ratings and conversations as CSV and JSON lines into a new folder.

    With --person it is everything that is held about one person, files included, for them to read.

    \b
    supportbot export --config bot.yaml report
    supportbot export --config bot.yaml --person slack/T024BE7LD/U2147483697 for-ada
    """
    process.run(_export(configured(config_file, data), folder, person))


async def _export(config: Config, folder: Path, person: str | None) -> None:
    _refuse_memory(config.storage.url)
    store = await open_beside(config.storage.url)
    try:
        with progress() as bar:
            someone = await _find(store, person, bar) if person else None
            exports.make_folder(folder)

            def show(count: int) -> None:
                bar.show("Writing", count)

            if someone:
                counts = await exports.export_person(store, folder, someone, show)
            else:
                counts = await exports.export(store, folder, show)
    finally:
        await store.close()
    click.echo(f"Wrote into {folder}: {', '.join(f'{name} {count}' for name, count in counts.items())}.")


@click.command()
@CONFIG
@DATA
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--everywhere", is_flag=True, help="Take out their name also where it may be an ordinary word.")
@click.option("--receipt", type=click.Path(path_type=Path, dir_okay=False), help="Write the receipt here, as JSON.")
@click.argument("person")
def erase(  # noqa: PLR0917 - click names each of them
    config_file: Path | None, data: Path | None, yes: bool, everywhere: bool, receipt: Path | None, person: str
) -> None:
    """Remove everything about one person, for good.

    PERSON is their id, or their name where only one has it. Stop the bot first. What is theirs goes: conversations,
    tickets, files, what skills remember of them. Where they took part in other people's cases, somebody without a
    name takes their place. Backups are not touched.

    \b
    supportbot erase --config bot.yaml slack/T024BE7LD/U2147483697
    supportbot erase --config bot.yaml "Ada Lovelace" --yes --receipt receipt.json
    """
    process.run(_erase(configured(config_file, data), person, receipt, yes=yes, everywhere=everywhere))


async def _erase(config: Config, person: str, receipt: Path | None, *, yes: bool, everywhere: bool) -> None:
    _refuse_memory(config.storage.url)
    clock = SystemClock()
    store = await open_store(config.storage.url, SCHEMA, takes_work=True, clock=clock)
    try:
        with progress() as bar:
            try:
                someone = await _find(store, person, bar)
            except people.Unclear:
                if await finish(store, clock):
                    click.echo("The erasure that was cut off is finished: nothing of it is left on the disk.")
                    return
                raise
            erasure = Erasure(store, clock, someone, ids=Ids(), everywhere=everywhere, progress=bar.show)
            traces = await erasure.look()
        if not yes:
            _ask(someone, traces)
        with progress() as bar:
            erasure.progress = bar.show
            done = await erasure.erase()
    finally:
        await store.close()
    _hand_out(done, receipt)
    for copy in copies_of(config.storage.url):
        click.echo(f"{copy} is an earlier copy, and still has it all; remove it when you need it no more.", err=True)


def _ask(someone: Someone, traces: Traces) -> None:
    click.echo(f"{someone.id} ({', '.join(someone.names) or 'no name is known'})")
    _show("will be removed", traces.removed)
    _show("of others will name somebody in their place", traces.disguised)
    if traces.mentions_left:
        click.echo(f"  {traces.mentions_left} words elsewhere may be their name or not; --everywhere takes them out")
    if not sys.stdin.isatty():
        raise click.UsageError("this cannot be undone; give --yes where nobody can be asked")
    click.confirm("This cannot be undone. Go on?", abort=True)


def _show(what: str, counts: dict[str, int]) -> None:
    if listed := ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count):
        click.echo(f"  {what}: {listed}")


def _hand_out(receipt: Receipt, file: Path | None) -> None:
    text = msgspec.json.format(msgspec.json.encode(receipt), indent=2).decode() + "\n"
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, "utf-8")
    except OSError:
        click.echo(text, nl=False)  # it is done, and this is all that tells of it
        raise
    click.echo(f"Erased; the receipt {receipt.receipt} is in {file}. Backups made before still have it all.")


# --- what they share ----------------------------------------------------------------------------------------------


async def _find(store: Store, person: str, bar: Bar) -> Someone:
    return await people.find(store, person, lambda count: bar.show("Looking for them", count))


def _refuse_memory(url: str) -> None:
    if url == "tinydb:memory":
        raise StoreError(f"{url} ends with its process, so nothing is kept; give a store with a place in storage.url")
