"""What people write to hurt goes through every path of the desk: it notifies nobody and hides no link."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportbot.testing.slack import Message, Person, SlackWorld
from tests.faults.platforms.hostility import SKILLS, Paths
from tests.faults.slack.conftest import answered, serving

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


class OnSlack(Paths):
    """In Slack everybody is in a group, too, which can be called."""

    def __init__(self, slack: SlackWorld, seed: int) -> None:
        super().__init__(slack, MARKS, seed)
        self.team = slack.channel("team", [self.sam, self.victim], private=True)
        self.room = slack.channel("help", [self.ada, self.sam, self.victim])
        self.ids["group"] = slack.user_group("everybody", [self.victim]).id
        self._seen = 0

    async def begins(self) -> None:
        await self.ada.runs("/support human")
        self.card = await self.sam.hears(self.team)
        await self.sam.presses("Claim", on=self.card)

    def check(self, said: str) -> None:
        """Look at everything that the bot posted or changed: nobody is named, no link says another address."""
        calls = self.world.world_log.calls()
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
    paths = OnSlack(slack, 6)
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
    paths = OnSlack(slack_world, 1)
    name = paths.named(mark).strip() or "x"
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
