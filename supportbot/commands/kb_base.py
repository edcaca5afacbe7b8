"""Which articles a command of the knowledge base is about: those of files and folders, or those of a configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from supportbot.app import look_at_skills
from supportbot.config import load_config
from supportbot.errors import ConfigurationError
from supportbot.knowledge.base import Knowledge

BASE = click.option(
    "--kb",
    "paths",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A file or folder with articles; more than once for several. Without it, those of the configuration.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")


def served(paths: Sequence[Path], config_file: Path | None) -> Knowledge:
    """Serve these files and folders, or what the skill faq of a configuration would serve."""
    knowledge = Knowledge()
    if paths:
        knowledge.serve(paths)
        return knowledge
    if config_file is None:
        raise click.UsageError("Say which articles: --kb FOLDER, or --config FILE of a bot that has some.")
    config = load_config(config_file)
    faq = tuple(entry for entry in config.skills if entry.name == "faq")
    loaded, mistakes = asyncio.run(look_at_skills(msgspec.structs.replace(config, skills=faq), knowledge))
    mistakes += [failure.why for failure in loaded.failures]
    if mistakes:
        raise ConfigurationError(mistakes)
    if not len(knowledge):
        raise ConfigurationError([f"{config_file}: the bot has no articles; add them as - faq: {{sources: [FOLDER]}}"])
    return knowledge
