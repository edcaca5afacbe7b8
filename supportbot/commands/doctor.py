"""The command that looks at everything that can be looked at, and says what to do."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import click
import msgspec

from supportbot.adapters.open import platforms_of
from supportbot.commands.options import CONFIG, DATA
from supportbot.config import Config, load_config, skills_despite_mistakes
from supportbot.domain.finding import Finding
from supportbot.errors import ConfigurationError
from supportbot.health.checks.base import Patient
from supportbot.health.doctor import examine

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command()
@CONFIG
@DATA
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
@click.pass_context
def doctor(context: click.Context, config_file: Path | None, data: Path | None, as_json: bool) -> None:
    """Check all that can be checked, and say what to do.

    It changes nothing, and works while the bot runs and when it does not. The exit code is 1 where there is a problem,
    0 otherwise; warnings are for the day.

    \b
    supportbot doctor --config bot.yaml
    supportbot doctor --config bot.yaml --json | jq '.findings[] | select(.state == "problem")'
    """
    findings = asyncio.run(examine(_patient(config_file, data)))
    counts = Counter(finding.state for finding in findings)
    if as_json:
        click.echo(msgspec.json.encode({"ok": not counts["problem"], "findings": findings}).decode())
    else:
        _show(findings)
        click.echo(f"{counts['ok']} ok, {counts['warning']} to look at, {counts['problem']} to mend now.")
    context.exit(1 if counts["problem"] else 0)


def _patient(file: Path | None, data: Path | None) -> Patient:
    try:
        config = load_config(file, data=data)
    except ConfigurationError as error:
        skills = skills_despite_mistakes(file) if file else Config(skills=())
        return Patient(file=file, config=None, skills=skills, mistakes=error.problems)
    try:
        return Patient(file=file, config=config, skills=config, adapters=platforms_of(config))
    except ConfigurationError as error:
        return Patient(file=file, config=config, skills=config, mistakes=error.problems)


def _show(findings: list[Finding]) -> None:
    width = max(len(finding.name) for finding in findings)
    for finding, after in zip(findings, [*findings[1:], None], strict=True):
        state = click.style(f"{finding.state:<8}", fg=_COLOURS[finding.state])
        click.echo(f"{state} {finding.name:<{width}}  {finding.what}")
        if finding.todo and (after is None or after.todo != finding.todo):  # said once for all that it mends
            click.echo(f"{'':<8} {'':<{width}}  → {finding.todo}")
