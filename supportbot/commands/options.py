"""The options that several commands share, and how a command reads its configuration."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from supportbot.app import mistakes_of_skills
from supportbot.config import Config, load_config, skills_despite_mistakes
from supportbot.errors import ConfigurationError

CONFIG = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="The configuration file (YAML); without it, the defaults and sample articles.",
)
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
        raise ConfigurationError([*error.problems, *others]) from None
