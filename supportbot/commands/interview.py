"""What a new bot is to be: asked one thing after the other, or taken from options."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

import click

from supportbot.domain.words import clean
from supportbot.scaffold.bot import TOKENS, Answers, Platform, StoreKind
from supportbot.tokens import Token

_CHANNELS: Mapping[str, tuple[str, str]] = {
    "slack": (r"[CG][A-Z0-9]{6,}", "In Slack: the channel's name, at the bottom of About; it begins with C"),
    "discord": (r"[0-9]{15,20}", "In Discord: right-click the channel, Copy Channel ID; it is a long number"),
}
"""How the ID of a channel looks, and where a person finds it."""
_LONGEST_NAME = 80


def from_options(given: Mapping[str, Any], known: Mapping[str, str]) -> Answers:
    """Take the answers from options, the tokens from the environment, and the defaults for the rest."""
    platform: Platform = given["platform"] or "console"
    return Answers(
        platform=platform,
        store=given["store"] or "sqlite",
        team=_team(given["team"] or ""),
        agents_channel=_channel(platform, given["agents_channel"] or ""),
        tokens={token.name: _known(token, known) for token in TOKENS[platform]},
        articles=tuple(_article(*article) for article in given["articles"]),
        has_articles=given["has_articles"],
    )


def by_asking(given: Mapping[str, Any], known: Mapping[str, str]) -> Answers:
    """Ask for what is not given; Enter takes what stands in brackets, or leaves a thing for later."""
    click.echo("A few questions; Enter takes what stands in brackets. Nothing is written before the last answer.\n")
    platform: Platform = given["platform"] or click.prompt(
        "Where will people talk to it?", type=click.Choice(get_args(Platform)), default="console"
    )
    tokens = {token.name: _asked_token(token, known) for token in TOKENS[platform]}
    channel = _channel(platform, given["agents_channel"] or "")
    if platform in _CHANNELS and not channel:
        click.echo(f"\nYour team gets its cases in a channel. {_CHANNELS[platform][1]}.")
        channel = _asked("The channel's ID (Enter: later)", lambda text: _channel(platform, text))
    store: StoreKind = given["store"] or click.prompt(
        "\nWhat keeps the data? sqlite is for most; tinydb is a file to look into, for a few thousand messages",
        type=click.Choice(get_args(StoreKind)),
        default="sqlite",
    )
    team = _team(given["team"]) if given["team"] else _asked("\nThe name of your team (Enter: none)", _team)
    articles = tuple(_article(*article) for article in given["articles"])
    return Answers(
        platform=platform,
        store=store,
        team=team,
        agents_channel=channel,
        tokens=tokens,
        articles=articles or (() if given["has_articles"] else _asked_articles()),
        has_articles=given["has_articles"],
    )


def _asked(question: str, checked: Callable[[str], str], *, hidden: bool = False) -> str:
    """Ask until the answer is right; an empty one always is."""
    answer = click.prompt(
        question,
        default="",
        show_default=False,
        hide_input=hidden,
        value_proc=lambda text: checked(text) if text else "",
    )
    return str(answer)


def _asked_token(token: Token, known: Mapping[str, str]) -> str:
    if value := _known(token, known):
        click.echo(f"{token.name} is set already; it is used.")
        return value
    click.echo(f"\n{token.name}: {token.found}.")
    value = _asked("Paste it here; it is not shown (Enter: later)", lambda text: _token(token, text), hidden=True)
    click.echo("Taken; it goes into .env." if value else "Left for later.")
    return value


def _asked_articles() -> tuple[tuple[str, str], ...]:
    click.echo("\nWhat do people ask you? Two questions are enough to begin with.")
    articles: list[tuple[str, str]] = []
    while len(articles) < 2:
        later = "three samples to change" if not articles else "that is all"
        question = _asked(f"A question (Enter: {later})", _line)
        if not question:
            break
        articles.append((question, _asked("Its answer (Enter: write it later)", _line)))
    return tuple(articles)


# --- what an answer has to look like ------------------------------------------------------------------------------


def _known(token: Token, known: Mapping[str, str]) -> str:
    """Take a token that is set already; a wrong one is not written anywhere."""
    value = known.get(token.name, "").strip()
    if value and (mistake := token.mistake(value)):
        raise click.UsageError(f"{token.name} is set, but {mistake}; set it right, or unset it")
    return value


def _token(token: Token, text: str) -> str:
    text = text.strip()
    if mistake := token.mistake(text):
        raise click.UsageError(f"{mistake}; nothing was kept")
    return text


def _channel(platform: Platform, text: str) -> str:
    text = text.strip().removeprefix(f"{platform}:")
    if not text:
        return ""
    if platform not in _CHANNELS:
        raise click.UsageError("in the console, the agents' channel is the console; leave --agents-channel out")
    pattern, found = _CHANNELS[platform]
    if not re.fullmatch(pattern, text):
        raise click.UsageError(f"{text!r} is no channel's ID. {found}")
    return text


def _team(text: str) -> str:
    name = _line(text)
    if len(name) > _LONGEST_NAME:
        raise click.UsageError(f"a name of more than {_LONGEST_NAME} characters does not fit into a greeting")
    return name


def _article(question: str, answer: str) -> tuple[str, str]:
    if not _line(question):
        raise click.UsageError('an article needs a question, as --article "Are you open?" "Monday to Friday."')
    return _line(question), clean(answer)


def _line(text: str) -> str:
    """Make one line of printable text of what somebody typed."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in clean(text)).split())
