"""A Slack that tells everything twice, late and in another order: each thing has its effect once, in its order."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportbot.testing.slack import Delivery, SlackWorld
from tests.faults.platforms.skills import Clerk
from tests.faults.slack.conftest import MODES, answered, said, serving, told

PEOPLE = 40


async def redeliver(slack: SlackWorld, folder: Path, mode: str, count: int) -> None:
    """Let everybody write in waves until the bot was told so many things, then see what stands in Slack.

    A wave comes in any order, three of ten twice, some of those much later; half of it stands in a channel and
    mentions the bot, so that Slack tells it as two events. Each of these deliveries may overtake the next.
    """
    people = [slack.person(f"p{number}") for number in range(PEOPLE)]
    team, room = slack.channel("team", [], private=True), slack.channel("help", people)
    written: dict[str, list[str]] = {person.id: [] for person in people}
    asked: dict[str, str] = {}
    slack.trouble.repeats, slack.trouble.delay = 0.3, 0.004
    slack.trouble.new_ids = 0.5 if mode == "socket" else 1.0  # the same bytes within a second are a forger's replay
    async with serving(slack, folder, team.id, mode=mode, own=[Clerk()]) as app:
        wave = 0
        while len(slack.deliveries.all) < count:
            async with slack.trouble.holding(shuffled=True):
                for number, person in enumerate(people):
                    if (number + wave) % 2:
                        words = f"question {wave} of {number}"
                        question = await person.writes(room, f"@supportbot {words}")
                        asked[question.ts] = words
                    else:
                        written[person.id].append(f"message {wave} of {number}")
                        await person.dm(written[person.id][-1])
            replay(slack)
            await told(slack)
            wave += 1
        slack.trouble.ends()
        await answered(slack, app)
    for person in people:
        lines = [line for message in said(person.direct) for line in message.shown.split("\n") if line]
        assert lines == written[person.id]
    assert {message.thread: message.shown.strip() for message in said(room)} == asked
    assert len(said(room)) == len(asked)
    assert not [delivery for delivery in slack.deliveries.all if len(delivery.attempts) > 1]


def replay(slack: SlackWorld) -> None:
    """Tell again a few things of any age, some under another event id."""
    chance = slack.trouble.chance
    told: list[Delivery] = slack.deliveries.all
    for delivery in chance.sample(told, k=min(len(told), 4)):
        fresh = {"event_id": f"Ev{chance.random()}"} if chance.random() < slack.trouble.new_ids else {}
        slack.deliveries.deliver("events_api", {**delivery.payload, **fresh})


@pytest.mark.parametrize("mode", MODES)
async def test_what_comes_twice_late_and_in_another_order_is_answered_once_and_in_order(
    slack_world: SlackWorld, tmp_path: Path, mode: str
) -> None:
    await redeliver(slack_world, tmp_path, mode, 400)


@pytest.mark.full
@pytest.mark.parametrize("mode", MODES)
async def test_20_000_deliveries_bring_no_extra_reply(slack_world: SlackWorld, tmp_path: Path, mode: str) -> None:
    slack_world.patience = 120
    await redeliver(slack_world, tmp_path, mode, 20_000)
