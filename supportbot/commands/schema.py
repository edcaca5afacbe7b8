"""The command that describes the configuration file to editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from supportbot.commands.options import NAMED_CONFIG, configured
from supportbot.config import Config
from supportbot.config_schema import json_schema
from supportbot.plugins import find_skills
from supportbot.skills.base import name_of, settings_type


@click.command()
@NAMED_CONFIG
def schema(config_file: Path | None) -> None:
    """Print the JSON schema (draft-07) of the configuration file, for your editor.

    With --config the settings of your own skills are in it, too. Name the file in the first line of the configuration,
    and an editor with a YAML server completes keys and marks mistakes:

    \b
    supportbot schema > supportbot.schema.json
    supportbot schema --config config.yaml > supportbot.schema.json
    # yaml-language-server: $schema=supportbot.schema.json
    """
    loaded, _ = find_skills(configured(config_file, None) if config_file else Config())
    skills = {name_of(type(skill)): settings_type(type(skill)) for skill in loaded.skills}
    click.echo(json.dumps(json_schema(skills), ensure_ascii=False, indent=2))
