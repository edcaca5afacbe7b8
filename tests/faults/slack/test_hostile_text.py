"""What people write to hurt goes through every path of the desk: it notifies nobody and hides no link."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from supportbot.testing.slack import Message, Person, SlackWorld
from tests.faults.slack.conftest import answered, serving

SKILLS = ["greeting", {"faq": {"sources": ["faq.yaml"]}}, "tickets", "handoff", {"survey": {"delay": "0s"}}, "help"]
MARKS = (
    *("<!channel>", "<!here>", "<!everyone>", "<@{victim}>", "<@{victim}|ada>", "<!subteam^{group}>", "<#C1|x>"),
    *("&lt;!channel&gt;", "&amp;lt;!here&amp;gt;", "@channel", "@here", "@everyone", "@victim", "<!date^1^{{x}}|y>"),
    *("<https://evil.example|https://bank.example>", "[https://bank.example](https://evil.example)"),
    *("[Your bank](https://evil.example)", "<https://evil.example|click>", "<mailto:a@b.example|help>"),
    *("[a]: https://evil.example\n\n[a]", "![x](https://evil.example/x.png)", "<https://evil.example>"),
    *("*bold*", "_i_", "~s~", "`", "```", ">", ">>>", "\n", "\\", "|", "&", "<", ">", "[", "](", ")", "<!", "<@", "**"),
    *("\u202e", "\u200b", "\u2028", "\x00", "\ufeff", "﹤!channel﹥", "＜!here＞", "xn--", "javascript:alert(1)"),
    *("https://evil.example/<!here>", "https://bank.example|https://evil.example", " ", "hello", "T-1001", "\n\n# big"),
    *("- item\n", "1. one\n", "| a | b |\n|---|---|\n", "<b>html</b>", "&#60;!channel&#62;", "\\<!channel>", ":tada:"),
)


def hostile(chance: random.Random, victim: str, group: str) -> str:
    words = chance.choices(MARKS, k=chance.randint(1, 6))
    return chance.choice(("", " ", "\n")).join(words).replace("{victim}", victim).replace("{group}", group)


class Paths:
    """A desk through which words go: Ada's case is claimed by Sam; the victim is to hear of nothing."""

    def __init__(self, slack: SlackWorld, seed: int) -> None:
        self.slack, self.chance = slack, random.Random(seed)
        self.ada, self.sam, self.victim = (slack.person(name) for name in ("Ada", "Sam", "Victim"))
        self.team = slack.channel("team", [self.sam, self.victim], private=True)
        self.room = slack.channel("help", [self.ada, self.sam, self.victim])
        self.group = slack.user_group("everybody", [self.victim])
        self.card: Any = None
        self._seen = 0

    def words(self) -> str:
        return hostile(self.chance, self.victim.id, self.group.id)

    async def begins(self) -> None:
        await self.ada.runs("/support human")
        self.card = await self.sam.hears(self.team)
        await self.sam.presses("Claim", on=self.card)

    async def goes_once(self, words: str) -> None:
        """Send words down one of the paths, as typed and as they are on the wire."""
        exact = self.chance.random() < 0.7
        if not exact:
            words = words.replace("@everybody", "")
        ways = (
            self._asked,
            self._answered,
            self._noted,
            self._replied,
            self._in_a_room,
            self._as_subject,
            self._edited,
        )
        await self.chance.choices(ways, weights=(5, 5, 1, 1, 2, 1, 1))[0](words, exact)

    async def _asked(self, words: str, exact: bool) -> None:
        await self.ada.dm(words, exact=exact)

    async def _answered(self, words: str, exact: bool) -> None:
        await self.sam.writes(self.team, words, thread=self.card, exact=exact)

    async def _noted(self, words: str, exact: bool) -> None:
        await self.sam.writes(self.team, f"// {words}", thread=self.card, exact=exact)

    async def _replied(self, words: str, exact: bool) -> None:
        await self.sam.writes(self.team, f"/reply T-1 {words}", thread=self.card, exact=exact)

    async def _in_a_room(self, words: str, exact: bool) -> None:
        await self.ada.writes(self.room, f"<@{self.slack.bot.id}> {words}", exact=True)

    async def _as_subject(self, words: str, exact: bool) -> None:
        await self.ada.writes(self.room, f"<@{self.slack.bot.id}> /ticket {words}", exact=True)

    async def _edited(self, words: str, exact: bool) -> None:
        message = await self.ada.dm("hello")
        await self.ada.edits(message, words or "hello", exact=exact)

    def check(self, said: str) -> None:
        """Look at everything that the bot posted or changed: nobody is named, no link says another address."""
        calls = self.slack.world_log.calls()
        for call in calls[self._seen :]:
            assert "link_names" not in call.arguments
            assert call.arguments.get("parse") != "full"
        self._seen = len(calls)
        channels = (self.ada.direct, self.sam.direct, self.team, self.room)
        for message in [message for channel in channels for message in channel.heard[-40:] if message.author.is_app]:
            harmless(message, said)


def harmless(message: Message, said: str) -> None:
    assert message.notifies == set(), (said, message, message.text, message.blocks, message.username)
    assert [link for link in message.links if link[0] not in (link[1], "")] == [], (said, message)


async def attack(slack: SlackWorld, folder: Path, count: int) -> None:
    paths = Paths(slack, 6)
    async with serving(slack, folder, paths.team.id, skills=SKILLS, storage="tinydb:memory") as app:
        await paths.begins()
        for _ in range(count):
            words = paths.words()
            await paths.goes_once(words)
            await answered(slack, app)
            paths.check(words)


async def test_hostile_words_notify_nobody_and_hide_no_link(slack_world: SlackWorld, tmp_path: Path) -> None:
    await attack(slack_world, tmp_path, 150)


@pytest.mark.full
async def test_5_000_hostile_words_notify_nobody_and_hide_no_link(slack_world: SlackWorld, tmp_path: Path) -> None:
    slack_world.patience = 60
    await attack(slack_world, tmp_path, 5_000)


@pytest.mark.parametrize("mark", MARKS, ids=ascii)
async def test_hostile_names_and_titles_notify_nobody_and_hide_no_link(
    slack_world: SlackWorld, tmp_path: Path, mark: str
) -> None:
    paths = Paths(slack_world, 1)
    name = mark.replace("{victim}", paths.victim.id).replace("{group}", paths.group.id).strip() or "x"
    paths.ada.user.real_name = paths.ada.user.name = name
    paths.sam.user.real_name = paths.sam.user.name = name
    async with serving(slack_world, tmp_path, paths.team.id, skills=SKILLS, storage="tinydb:memory") as app:
        await paths.begins()
        await paths.ada.dm("it is broken")
        await paths.sam.writes(paths.team, "have you tried turning it off?", thread=paths.card)
        await paths.sam.writes(paths.team, f"/solve {name}", thread=paths.card)
        await paths.ada.opens_home()
        await uploaded(paths.ada, name)
        await answered(slack_world, app)
        paths.check(name)


async def uploaded(person: Person, name: str) -> None:
    await person.uploads(person.direct, name.replace("/", "-") or "x", b"data", name)
