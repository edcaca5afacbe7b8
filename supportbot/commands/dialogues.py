"""The command that looks, before a deploy, whether waiting dialogues would go on with the installed skills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from supportbot.adapters.console import Console
from supportbot.app import open_app
from supportbot.clock import SystemClock
from supportbot.commands import process
from supportbot.commands.beside import open_beside
from supportbot.commands.options import CONFIG, DATA, configured
from supportbot.config import Config
from supportbot.pipeline.check import Check, Checked
from supportbot.testing.guard import forbid_connections

_SHOWN = 5
"""How many conversations are named for one reason; ``--json`` names all."""


@click.group()
def dialogues() -> None:
    """Look after the dialogues that wait for an answer."""


@dialogues.command()
@CONFIG
@DATA
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
@click.pass_context
def check(context: click.Context, config_file: Path | None, data: Path | None, as_json: bool) -> None:
    """See before a deploy whether all waiting dialogues would go on.

    Each is run with the installed skills to the question where it waits. Nothing is said, stored or done: what
    turn.once did is read, never repeated. The exit code is 1 where some would not go on, 0 otherwise. On SQLite it runs
    beside the bot; with a tinydb store stop the bot first.

    \b
    supportbot dialogues check --config bot.yaml
    supportbot dialogues check --config bot.yaml --json | jq '.changed[].where'
    """
    found: list[Checked] = []
    left_out: list[str] = []
    process.run(_look(configured(config_file, data), found, left_out))
    changed = [checked for checked in found if checked.outcome != "goes on"]
    for why in left_out:
        click.echo(f"left out: {why}", err=True)
    if as_json:
        click.echo(_as_json(found, changed))
    else:
        _show(found, changed)
    context.exit(1 if changed else 0)


async def _look(config: Config, found: list[Checked], left_out: list[str]) -> None:
    forbid_connections()
    clock = SystemClock()
    store = await open_beside(config.storage.url)
    here = msgspec.structs.replace(config, desk=msgspec.structs.replace(config.desk, agents_channel="console"))
    try:
        app = await open_app(here, clock, [lambda clock: Console(lambda _: None, clock)], store=store)
    except BaseException:
        await store.close()
        raise
    left_out += [failure.why for failure in app.failures]
    bot = app.bot
    bot.isolation.start()
    try:
        async for checked in Check(store, bot.rules, bot.handlers, bot.dispatch.questions).all(clock.now()):
            found.append(checked)  # noqa: PERF401 - what was seen before trouble counts
    finally:
        await app.stop(0)


def _as_json(found: list[Checked], changed: list[Checked]) -> str:
    counts = Counter[str](checked.outcome for checked in found)
    report = {
        "dialogues": len(found),
        "go_on": counts["goes on"],
        "start_afresh": counts["starts afresh"],
        "fail": counts["fails"],
        "changed": [
            {
                "outcome": checked.outcome,
                "skill": checked.dialogue.skill,
                "handler": checked.dialogue.handler,
                "conversation": checked.dialogue.conversation,
                "where": checked.where,
                "why": checked.why,
            }
            for checked in changed
        ],
    }
    return msgspec.json.encode(report).decode()


def _show(found: list[Checked], changed: list[Checked]) -> None:
    counts = Counter[str](checked.outcome for checked in found)
    wait = "1 dialogue waits" if len(found) == 1 else f"{len(found)} dialogues wait"
    go_on = "all go on" if found and not changed else f"{counts['goes on'] or 'none'} would go on"
    parts = [go_on, *(f"{counts[name]} would {verb}" for name, verb in _VERBS.items() if counts[name])]
    click.echo(f"{wait}: {', '.join(parts)}." if found else "No dialogue waits.")
    for reason, alike in _by_reason(changed):
        click.echo(f"\n{reason}")
        names = [checked.dialogue.conversation for checked in alike]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        click.echo(f"  {'conversation' if len(names) == 1 else 'conversations'} {', '.join(names[:_SHOWN])}{more}")


_VERBS = {"starts afresh": "start afresh", "fails": "fail"}


def _by_reason(changed: Iterable[Checked]) -> Iterable[tuple[str, list[Checked]]]:
    reasons: dict[str, list[Checked]] = {}
    for checked in changed:
        place = f"{checked.where}: " if checked.where else ""
        what = f"{checked.dialogue.skill}.{checked.dialogue.handler} {checked.outcome}"
        reasons.setdefault(f"{what}\n  {place}{checked.why}", []).append(checked)
    return reasons.items()
