"""What people write to hurt goes through every path of the desk: it calls nobody, hides no link, feigns no form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from supportbot.testing.discord import DiscordWorld, Message
from tests.faults.discord.conftest import answered, said, serving
from tests.faults.platforms.hostility import SKILLS, Paths

MARKS = (
    *("@everyone", "@here", "<@{victim}>", "<@!{victim}>", "<@&{role}>", "<#{team}>", "<t:1:R>", "<:emoji:{role}>"),
    *("<a:emoji:{role}>", "</help:{role}>", "<id:customize>", "\\<@{victim}>", "\\\\<@{victim}>", "@\u200beveryone"),
    *(
        "[Your bank](https://evil.example)",
        "[https://bank.example](https://evil.example)",
        "[a](<https://evil.example>)",
    ),
    *("[a]: https://evil.example\n\n[a]", "![x](https://evil.example/x.png)", "<https://evil.example|bank>"),
    *("<https://evil.example>", "[x](https://evil.example 'title')", "\\[a](https://evil.example)", "discord.gg/evil"),
    *("**bold**", "__under__", "*i*", "_i_", "~~s~~", "||spoiler||", "`", "``", "```", "```py\ncode", "\\", "\\\\"),
    *("\n", "\n\n", "> quote", ">>> all", "# big", "\n# big", "\n-# small", "- item\n", "1. one\n"),
    *("\n>>> all", "* item\n", "[", "]", "(", ")", "<", ">", "https://evil.example/@everyone"),
    *("\u202e", "\u200b", "\u2028", "\x00", "\ufeff", "﹫everyone", "＠here", "xn--", "javascript:alert(1)"),
    *("https://evil.example/<@{victim}>", "https://evil.example/**x**"),
    *("\n**Sam**\nIt is all right", "**T-9999** – eve would like to talk", " ", "hello", "T-1001", "&lt;@{victim}&gt;"),
    *("| a | b |\n|---|---|\n", "<b>html</b>", "&#60;@{victim}&#62;", "@everybody", "@Victim", "{{x}}", "🎫"),
)
FEIGNED = re.compile(
    r"<@|<t:|<a?:\w+:|</\w|<id:|@everyone\b|@here\b|\]\(|\|\||~~|```|(?<!\w)__|^\s*#{1,3} |^\s*-# |^>>> ", re.MULTILINE
)
"""What none of the bot's own words has: mentions, times, emoji, hidden links and spoilers, headings and listings."""
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)


def bare(text: str) -> str:
    """Leave out what is escaped, what is code, and addresses that are links to themselves."""
    plain = re.sub(r"\\[^\w\s]", "\ue000", text)
    return re.sub(r"<https?://[^\s<>]*>", "\ue000", CODE.sub("\ue000", plain))


class OnDiscord(Paths):
    """On Discord everybody has a role, too, which can be called; the bot may call everyone, as a new server lets it."""

    def __init__(self, discord: DiscordWorld, seed: int) -> None:
        super().__init__(discord, MARKS, seed)
        agents = discord.role("Agents", [self.sam, self.victim])
        self.team = discord.channel("support-team", only_for=[agents])
        self.room = discord.channel("help")
        self.ids |= {"role": discord.role("everybody", [self.victim]).id, "team": self.team.id}

    async def begins(self) -> None:
        await self.ada.runs("/human", reason="it burns")
        self.card = await self.sam.hears(self.team)
        await self.sam.presses("Claim", on=self.card)
        await self.sam.sees_thread()

    def check(self, words: str) -> None:
        """Look at everything that the bot said: nobody is named, nothing is feigned."""
        for channel in self.world._backstage.directory.channels.values():
            for message in said(channel)[-40:]:
                harmless(message, words)
                assert f"<#{self.team.id}>" not in bare(message.text), (words, message.text)


def harmless(message: Message, words: str) -> None:
    assert message.notifies == set(), (words, message)
    assert not message.mentions_everyone, (words, message)
    assert not FEIGNED.search(bare(message.text)), (words, message.text, FEIGNED.search(bare(message.text)))


async def attack(discord: DiscordWorld, folder: Path, count: int) -> None:
    paths = OnDiscord(discord, 6)
    async with serving(discord, folder, paths.team.id, skills=SKILLS, storage="tinydb:memory") as app:
        await paths.begins()
        for _ in range(count):
            words = paths.words()
            if words.strip():
                await paths.goes_once(words)
                await answered(discord, app)
                paths.check(words)
    assert not [message for message in paths.victim.notifications if message.author.bot]


async def test_hostile_words_notify_nobody_hide_no_link_and_feign_nothing(
    discord: DiscordWorld, tmp_path: Path
) -> None:
    await attack(discord, tmp_path, 100)


@pytest.mark.full
async def test_5_000_hostile_words_notify_nobody_hide_no_link_and_feign_nothing(
    discord: DiscordWorld, tmp_path: Path
) -> None:
    await attack(discord, tmp_path, 5_000)


@pytest.mark.parametrize("seed", range(3))
async def test_hostile_names_titles_and_files_notify_nobody_hide_no_link_and_feign_nothing(
    discord: DiscordWorld, tmp_path: Path, seed: int
) -> None:
    await with_names(discord, tmp_path, MARKS[seed::20])


@pytest.mark.full
async def test_every_hostile_name_title_and_file_notifies_nobody_and_feigns_nothing(
    discord: DiscordWorld, tmp_path: Path
) -> None:
    await with_names(discord, tmp_path, MARKS)


async def with_names(discord: DiscordWorld, folder: Path, marks: tuple[str, ...]) -> None:
    """Let people and their files be called so, one after another."""
    paths = OnDiscord(discord, 1)
    async with serving(discord, folder, paths.team.id, skills=SKILLS, storage="tinydb:memory") as app:
        for mark in marks:
            name = paths.named(mark).strip() or "x"
            paths.ada = discord.person(name)
            paths.sam.user.display_name = name
            await paths.begins()
            await paths.ada.dm("it is broken")
            await paths.sam.writes(paths.team, "have you tried turning it off?", thread=paths.card)
            await paths.ada.uploads(paths.ada.direct, name.replace("/", "-") or "x", b"data", name)
            await answered(discord, app)
            await paths.sam.runs("/solve", await paths.sam.sees_thread(), words=name)
            await answered(discord, app)
            paths.check(name)
