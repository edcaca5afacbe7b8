"""A help forum on Discord: posts are questions, and who asked, or a helper, says what solved them."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.texts import Texts
from tests.scenarios.discord.conftest import Desk, OpenDesk

TEXTS = Texts()
HOW, THANKS = TEXTS("topics.how"), TEXTS("topics.thanks")
SOLUTION = "Mark as solution"


@pytest.fixture
def forum_desk(open_desk: OpenDesk) -> Any:
    """Open a desk with a help forum; returns both: ``desk, forum = await forum_desk(tags=[...])``."""

    async def start(*, tags: Any = (), requires_tag: bool = False, **more: Any) -> tuple[Desk, Any]:
        desk = await open_desk(starts=False)
        forum = desk.discord.forum("questions", tags=tags, requires_tag=requires_tag)
        return await open_desk(discord={"help_channels": [forum.id, desk.help.id]}, **more), forum

    return start


async def closed(desk: Desk, post: Any) -> None:
    """Wait until a post is archived; others may still write in it."""
    await desk.discord.until(lambda: post.archived or None, "the post is archived")
    assert not post.locked


async def test_a_post_is_answered_and_its_author_says_that_it_is_solved(forum_desk: Any) -> None:
    desk, forum = await forum_desk(tags=["Windows", "Solved"])
    ada, bo = desk.ada, desk.discord.person("Bo")
    post = await ada.posts(forum, "Password", "How do I reset my password?", tags=["Windows"])
    answer = await ada.hears(post)
    assert "Reset password" in answer
    assert answer.buttons == ["That helped", "Not quite", "Talk to a person", "Solved"]
    await bo.presses("Solved", on=answer)
    refused = await bo.sees(TEXTS("topics.not_yours"), post)
    assert refused.only_for is bo.user
    assert not post.archived
    await ada.presses("Solved", on=answer)
    assert (await ada.sees(THANKS, post)).only_for is None
    await closed(desk, post)
    assert [forum.tags[id].name for id in post.applied_tags] == ["Windows", "Solved"]
    assert not desk.discord.world_log.calls(ok=False)


async def test_a_members_answer_is_marked_as_the_solution(forum_desk: Any) -> None:
    desk, forum = await forum_desk()
    ada, bo = desk.ada, desk.discord.person("Bo")
    post = await ada.posts(forum, "Gravity", "Why do things fall?")
    line = await ada.sees(HOW, post)
    assert line.buttons == ["Solved"]
    helpful = await bo.writes(post, "Because of the earth's mass")
    refused = await bo.uses(SOLUTION, helpful)
    assert refused.original is not None
    assert refused.original.ephemeral
    assert TEXTS("topics.not_yours") in refused.original
    noted = await ada.uses(SOLUTION, helpful)
    await ada.sees("with an answer of Bo", post)
    await closed(desk, post)
    assert helpful.reactions == {"✅": [desk.discord.bot.id]}
    assert noted.original is not None
    assert noted.original.ephemeral
    assert TEXTS("topics.noted") in noted.original
    assert not desk.discord.world_log.calls(ok=False)

    said = len(bo.reads(post))
    await bo.writes(post, "There is more to it, though")
    assert not post.archived, "it goes on for who wants to add something"
    await ada.writes(desk.help, "How do I reset my password?")
    await ada.sees_thread("How do I")
    assert len(bo.reads(post)) == said + 1


async def test_a_helper_settles_a_post_of_somebody_else(forum_desk: Any) -> None:
    desk, forum = await forum_desk(tags=["Answered"])
    ada, sam = desk.ada, desk.sam
    post = await ada.posts(forum, "Gravity", "Why do things fall?")
    await ada.sees(HOW, post)
    await sam.presses("Solved")
    await ada.sees(THANKS, post)
    await closed(desk, post)
    assert [forum.tags[id].name for id in post.applied_tags] == ["Answered"]
    other = await ada.posts(forum, "Light", "Why is it fast?")
    await ada.sees(HOW, other)
    helpful = await sam.writes(other, "It has no mass")
    await sam.uses(SOLUTION, helpful)
    await ada.sees("with an answer of Sam", other)
    await closed(desk, other)


async def test_the_author_writes_that_it_is_solved_after_a_restart(forum_desk: Any) -> None:
    desk, forum = await forum_desk()
    ada = desk.ada
    post = await ada.posts(forum, "Gravity", "Why do things fall?")
    line = await ada.sees(HOW, post)
    await desk.app.stop()
    desk, _ = await forum_desk()
    await ada.writes(post, "!solved")
    await ada.sees(THANKS, post)
    await closed(desk, post)
    await ada.reopens(post)
    await ada.presses("Solved", on=line)
    await closed(desk, post)


async def test_solving_a_post_solves_the_ticket_that_was_opened_in_it(forum_desk: Any) -> None:
    desk, forum = await forum_desk()
    ada, sam = desk.ada, desk.sam
    post = await ada.posts(forum, "Locked out", "How do I reset my password?")
    await ada.hears(post)
    await ada.presses("Talk to a person")
    card = await sam.hears(desk.team)
    assert "T-1001" in card
    await ada.presses("Solved")
    await ada.sees(THANKS, post)
    await closed(desk, post)
    await sam.sees("Ada no longer needs a person for T-1001", desk.team, thread=card)


async def test_where_a_forum_wants_a_tag_a_post_without_one_gets_one(forum_desk: Any) -> None:
    desk, forum = await forum_desk(tags=["Windows", "Linux"])
    post = await desk.ada.posts(forum, "Gravity", "Why do things fall?")
    await desk.ada.sees(HOW, post)
    forum.requires_tag = True
    await desk.ada.presses("Solved")
    await closed(desk, post)
    assert [forum.tags[id].name for id in post.applied_tags] == ["Windows"]


async def test_what_a_team_member_posts_has_no_line_below_it(forum_desk: Any) -> None:
    desk, forum = await forum_desk()
    post = await desk.sam.posts(forum, "Read this first", "Be kind to one another.")
    other = await desk.ada.posts(forum, "Gravity", "Why do things fall?")
    await desk.ada.sees(HOW, other)
    assert not desk.ada.unheard(post)


async def test_elsewhere_nothing_is_solved_by_it(forum_desk: Any) -> None:
    desk, _ = await forum_desk()
    general = desk.discord.channel("general")
    message = await desk.ada.writes(general, "Look at this")
    said = await desk.ada.uses(SOLUTION, message)
    assert said.original is not None
    assert TEXTS("topics.no_topic") in said.original
    assert not message.reactions
