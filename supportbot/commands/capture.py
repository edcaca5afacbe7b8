"""The command that makes a redacted test of a real case."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from supportbot.commands import process
from supportbot.commands.beside import open_beside
from supportbot.commands.options import CONFIG, DATA, configured
from supportbot.config import Config
from supportbot.testing.capture import Captured
from supportbot.testing.capture import capture as captured
from supportbot.testing.case_record import read_case

_TENANTS = ("main",)


@click.command()
@CONFIG
@DATA
@click.argument("reference")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it there, not here.")
def capture(config_file: Path | None, data: Path | None, reference: str, output: Path | None) -> None:
    """Write a real case as a test that passes, with stand-ins for what is personal.

    What was said and pressed, by the requester and by agents, becomes a conversation in a BotHarness with your skills;
    what turn.once did is not done again, its results come from the store; pauses become bot.advance. The head of the
    file says what was kept, and what a redaction cannot do. On SQLite it runs beside the bot; with a tinydb store stop
    the bot first.

    \b
    supportbot capture T-1042 --config bot.yaml
    supportbot capture T-1042 --config bot.yaml -o tests/test_lost_parcel.py
    """
    config = configured(config_file, data)
    found: list[Captured] = []
    process.run(_capture(config, reference, output or Path("test_case.py"), found))
    if output:
        output.write_text(found[0].text, "utf-8")
        click.echo(f"Wrote {output}. Read it before you share it; its head says what is kept.", err=True)
    else:
        click.echo(found[0].text, nl=False)
    _remark(found[0])


async def _capture(config: Config, reference: str, target: Path, found: list[Captured]) -> None:
    store = await open_beside(config.storage.url)
    try:
        record = await read_case(store, reference, _TENANTS)
    finally:
        await store.close()
    if config.file:
        config = msgspec.structs.replace(config, file=config.file.resolve())
    found.append(await captured(record, config, target))


def _remark(made: Captured) -> None:
    if made.differs:
        answers = "1 answer is" if made.differs == 1 else f"{made.differs} answers are"
        click.echo(f"{answers} not what was said then: look for `# then:`.", err=True)
    if made.failure:
        click.echo(f"A skill fails in it ({made.failure}); without fails=False the test fails with that.", err=True)
