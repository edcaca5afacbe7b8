"""The limits of messages, commands and threads, and what Discord refuses with when one is passed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from supportbot.testing.discord import component_rules, mentions
from supportbot.testing.discord.messages import COMPONENTS_V2
from supportbot.testing.discord.wire import Json, Mistake, Refused

TEXT = 2000
EMBEDS = 10
EMBED_WORDS = 6000
EMBED_PARTS = {"title": 256, "description": 4096}
EMBED_FIELDS = 25
FILES = 10
NONCE = 25
NAME = 100
"""The name of a thread."""
TAGS = 5
CHOICES = 25
AUTO_ARCHIVE = (60, 1440, 4320, 10080)
SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
MOST_COMMANDS = {SLASH: 100, USER_MENU: 15, MESSAGE_MENU: 15}
_COMMAND = re.compile(r"[-_'\w]{1,32}")  # our own tests' commands, never what somebody wrote


def check_message(body: Json, *, files: int, has_sticker: bool = False) -> None:
    """Refuse a message that says nothing, or too much."""
    newer = bool(int(body.get("flags") or 0) & COMPONENTS_V2)
    content, embeds, components = body.get("content") or "", body.get("embeds") or [], body.get("components") or []
    found = [*_longest(content, TEXT, "content"), *_longest(str(body.get("nonce") or ""), NONCE, "nonce")]
    if newer and (content or embeds):
        text = "The 'content' and 'embeds' fields cannot be used when using MessageFlags.IS_COMPONENTS_V2"
        found.append(Mistake("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text))
    found += _most(embeds, EMBEDS, "embeds")
    for number, embed in enumerate(embeds):
        found += _embed(embed, f"embeds.{number}")
    if sum(_size(embed) for embed in embeds) > EMBED_WORDS:
        text = f"Embed size exceeds maximum size of {EMBED_WORDS}"
        found.append(Mistake("embeds", "MAX_EMBED_SIZE_EXCEEDED", text))
    found += component_rules.of_message(components, newer=newer)
    if files > FILES:
        found.append(Mistake("files", "BASE_TYPE_MAX_LENGTH", f"Must be {FILES} or fewer in length."))
    if found:
        raise Refused.invalid(found)
    mentions.check(body.get("allowed_mentions"))
    if not (content.strip() or embeds or files or has_sticker or components):
        raise Refused(400, 50006, "Cannot send an empty message")


def _embed(embed: Json, place: str) -> Iterator[Mistake]:
    for part, most in EMBED_PARTS.items():
        yield from _longest(embed.get(part) or "", most, f"{place}.{part}")
    yield from _longest((embed.get("footer") or {}).get("text") or "", 2048, f"{place}.footer.text")
    yield from _longest((embed.get("author") or {}).get("name") or "", 256, f"{place}.author.name")
    fields = embed.get("fields") or []
    yield from _most(fields, EMBED_FIELDS, f"{place}.fields")
    for number, field in enumerate(fields):
        for part, most in (("name", 256), ("value", 1024)):
            words = field.get(part) or ""
            if not words:
                yield Mistake(f"{place}.fields.{number}.{part}", "BASE_TYPE_REQUIRED", "This field is required")
            yield from _longest(words, most, f"{place}.fields.{number}.{part}")


def _size(embed: Json) -> int:
    fields = [part for field in embed.get("fields") or () for part in (field.get("name"), field.get("value"))]
    others = [(embed.get("footer") or {}).get("text"), (embed.get("author") or {}).get("name")]
    return sum(len(words or "") for words in (embed.get("title"), embed.get("description"), *fields, *others))


def check_modal(modal: Json) -> None:
    """Refuse a modal that breaks a rule."""
    if found := component_rules.of_modal(modal):
        raise Refused.invalid(found)


def check_choices(choices: Sequence[Json]) -> None:
    """Refuse the choices of an autocompletion that are too many or too long."""
    found = list(_most(choices, CHOICES, "data.choices"))
    for number, choice in enumerate(choices):
        found += _between(str(choice.get("name") or ""), NAME, f"data.choices.{number}.name")
        found += _longest(str(choice.get("value", "")), NAME, f"data.choices.{number}.value")
    if found:
        raise Refused.invalid(found)


def check_thread(name: object, auto_archive: object) -> None:
    """Refuse a thread without a name, or with a span that there is not."""
    found = list(_between(str(name or ""), NAME, "name"))
    if auto_archive not in (None, *AUTO_ARCHIVE):
        text = f"Value must be one of {AUTO_ARCHIVE}."
        found.append(Mistake("auto_archive_duration", "BASE_TYPE_CHOICES", text))
    if found:
        raise Refused.invalid(found)


def check_commands(commands: Sequence[Json]) -> None:
    """Refuse commands whose names or options break a rule, or of which there are too many."""
    found: list[Mistake] = []
    kinds = Counter(command.get("type") or SLASH for command in commands)
    for kind, most in MOST_COMMANDS.items():
        if kinds[kind] > most:
            raise Refused(400, 30032, f"Maximum number of application commands reached ({most})")
    names = Counter((command.get("type") or SLASH, command.get("name")) for command in commands)
    for number, command in enumerate(commands):
        found += _command(command, str(number))
        if names[command.get("type") or SLASH, command.get("name")] > 1:
            text = "Application command names must be unique"
            found.append(Mistake(str(number), "APPLICATION_COMMANDS_DUPLICATE_NAME", text))
    if found:
        raise Refused.invalid(found)


def _command(command: Json, place: str) -> Iterator[Mistake]:
    name = str(command.get("name") or "")
    if (command.get("type") or SLASH) != SLASH:
        yield from _between(name, 32, f"{place}.name")
        if command.get("description"):
            text = "Context menu commands cannot have description"
            yield Mistake(f"{place}.description", "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION", text)
        return
    yield from _named(command, place)
    yield from _options(command.get("options") or [], f"{place}.options")


def _options(options: Sequence[Json], place: str) -> Iterator[Mistake]:
    yield from _most(options, CHOICES, place)
    for number, option in enumerate(options):
        yield from _named(option, f"{place}.{number}")
        yield from _most(option.get("choices") or [], CHOICES, f"{place}.{number}.choices")
        yield from _options(option.get("options") or [], f"{place}.{number}.options")


def _named(thing: Json, place: str) -> Iterator[Mistake]:
    name = str(thing.get("name") or "")
    if not _COMMAND.fullmatch(name) or name != name.lower():
        text = "Command name is invalid"
        yield Mistake(f"{place}.name", "APPLICATION_COMMAND_INVALID_NAME", text)
    yield from _between(str(thing.get("description") or ""), 100, f"{place}.description")


def _between(text: str, most: int, place: str) -> Iterator[Mistake]:
    if not 1 <= len(text) <= most:
        yield Mistake(place, "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {most} in length.")


def _longest(text: str, most: int, place: str) -> Iterator[Mistake]:
    if len(text) > most:
        yield Mistake(place, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


def _most(items: Iterable[object], most: int, place: str) -> Iterator[Mistake]:
    if len(list(items)) > most:
        yield Mistake(place, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
