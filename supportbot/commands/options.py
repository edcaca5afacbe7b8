"""The options that several commands share, and how a command reads its configuration."""

from __future__ import annotations

import asyncio
import functools
import math
import os
from pathlib import Path

import click

from supportbot.app import mistakes_of_skills
from supportbot.config import Config, load_config, skills_despite_mistakes
from supportbot.environment import names_in, read_environment
from supportbot.errors import ConfigurationError, Problem

_HERE = Path("config.yaml")


def _or_the_one_here(_context: click.Context, _option: click.Parameter, file: Path | None) -> Path | None:
    """Take the configuration of the folder where somebody works, so that no command mistakes an empty store for it."""
    return _HERE if file is None and _HERE.is_file() else file


CONFIG = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    callback=_or_the_one_here,
    help="The configuration file (YAML); without it, config.yaml where there is one here, else the defaults.",
)
NAMED_CONFIG = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="The configuration file (YAML), where its own counts.",
)
"""For what works as well without one, and must not fail where the one that lies here has mistakes."""
DATA = click.option("--data", type=click.Path(path_type=Path), help="Keep the data in this folder instead.")
STRICT = click.option(
    "--strict",
    is_flag=True,
    help="Stop when a listed skill cannot be imported (by default it is left out, and said so).",
)

RELOAD = click.option(
    "--reload",
    is_flag=True,
    help="While you write a skill: take in each change of its file, once its test passes.",
)


def configured(config_file: Path | None, data: Path | None) -> Config:
    """Read the configuration; where it has mistakes, those of its skills and articles are told with them."""
    try:
        return load_config(config_file, data=data)
    except ConfigurationError as error:
        others = asyncio.run(mistakes_of_skills(skills_despite_mistakes(config_file))) if config_file else []
        told = sorted([*error.problems, *others], key=functools.partial(_line, config_file))
        raise ConfigurationError(told) from None


LATER = "LATER_"
"""What a variable's name stands behind where its value is not there yet."""


def configured_before_tokens(file: Path | None) -> Config:
    """Read the configuration although variables are missing: a platform gives its tokens for an app that is made."""
    if file is None or not file.is_file():
        return load_config(file)
    later = {name: f"{LATER}{name}" for name in names_in(file.read_text("utf-8", "replace"))}
    return load_config(file, environment={**later, **read_environment(file.parent), **os.environ})


def not_configured(config: Config, platform: str) -> ConfigurationError:
    """Say that a platform is not configured which a command is about."""
    where = config.file or "the defaults"
    return ConfigurationError([f"{where}: adapters.{platform} is missing; add it, or name another file with --config"])


def _line(file: Path | None, problem: str) -> float:
    """Find the line that a mistake stands in, to tell them from the top down; those of other files come last."""
    if isinstance(problem, Problem) and problem.file == str(file):
        return problem.line or math.inf
    return math.inf
