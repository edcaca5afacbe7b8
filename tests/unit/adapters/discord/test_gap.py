"""What is said behind a gap waits until what was said in it was read, and no longer."""

from __future__ import annotations

import asyncio

from supportbot.adapters.discord.gap import Gap


def waiting(gap: Gap, *channels: str) -> dict[str, asyncio.Task[None]]:
    return {channel: asyncio.create_task(gap.passed(channel)) for channel in channels}


async def test_without_a_gap_nothing_waits() -> None:
    await Gap().passed("1")


async def test_each_channel_waits_until_it_was_read() -> None:
    gap = Gap()
    gap.open()
    tasks = waiting(gap, "1", "2", "3")
    await asyncio.sleep(0)
    assert not any(task.done() for task in tasks.values())
    gap.read_only(["1", "2"])
    await tasks["3"]
    gap.finish("1")
    await tasks["1"]
    assert not tasks["2"].done()
    gap.close()
    await tasks["2"]


async def test_what_takes_too_long_to_read_holds_up_nobody() -> None:
    gap = Gap(longest=0.01)
    gap.open()
    await gap.passed("1")
    gap.read_only(["1"])
    await gap.passed("1")


async def test_a_gap_that_opens_again_while_it_is_open_lasts_no_longer() -> None:
    gap = Gap(longest=0.01)
    gap.open()
    gap.open()
    await gap.passed("1")
