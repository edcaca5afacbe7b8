"""Files: what somebody shows is kept once, goes on by reference, and reaches the people who take over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from supportbot import File, Reply, Settings, Skill, Turn, match, on, read
from supportbot.domain.dialogue import DIALOGUES
from supportbot.testing.harness import BotHarness, Party

BotWith = Callable[..., Awaitable[BotHarness]]
PHOTO = ("lamp.png", b"\x89PNG a broken lamp")


class Repair(Skill[Settings]):
    """Asks for a photo, and for a word after it."""

    @on.message(match.words("repair"))
    async def repair(self, turn: Turn) -> Reply:
        photo = await turn.ask("Show me?", read.either(read.file, read.choice("I have none")), unless_said=True)
        what = await turn.ask("What is it?")
        photos = [photo] if isinstance(photo, File) else []
        await turn.open_ticket(subject=f"Repair of {what}", details="It is broken", files=photos)
        await turn.hand_off(reason="needs a look")
        return Reply("This one?", files=photos)


async def kept(bot: BotHarness, heard_file: dict[str, str]) -> bytes:
    opened = await bot.app.store.open_file(heard_file["id"])
    assert opened
    with opened:
        return opened.read()


async def test_the_journal_of_a_dialogue_keeps_a_file_by_reference(bot_with: BotWith) -> None:
    bot = await bot_with(Repair())
    ada = bot.requester("ada")
    await ada.says("repair")
    await ada.says("here", files=[PHOTO])

    (dialogue,) = (await bot.app.store.find(DIALOGUES, "skill", "repair", limit=2)).items
    reference = dialogue.steps[0].result
    assert {**reference, "id": ""} == {"id": "", "name": "lamp.png", "media_type": "image/png", "size": len(PHOTO[1])}
    assert await kept(bot, reference) == PHOTO[1]


async def test_a_file_is_handed_on_after_a_restart(bot_with: BotWith) -> None:
    bot = await bot_with(Repair())
    ada = bot.requester("ada")
    await ada.says("repair")
    await ada.says("", files=[PHOTO])
    await bot.restart()

    heard = await ada.says("my lamp")
    assert (heard, heard.files) == ("This one?", ["lamp.png"])
    assert await kept(bot, heard.lines[0]["files"][0]) == PHOTO[1]


async def test_a_file_that_came_with_the_wish_is_not_asked_for(bot_with: BotWith) -> None:
    bot = await bot_with(Repair())
    assert await bot.requester("ada").says("repair this", files=[PHOTO]) == "What is it?"


async def test_who_has_no_file_goes_on_without_one(bot_with: BotWith) -> None:
    bot = await bot_with(Repair())
    ada = bot.requester("ada")
    assert (await ada.says("repair")).choices == ["I have none"]
    assert await ada.says("sorry, I have none") == "What is it?"


async def test_a_ticket_that_is_handed_off_at_once_is_one_card_with_its_files(bot_with: BotWith) -> None:
    bot = await bot_with(Repair())
    ada = bot.requester("ada")
    await ada.says("repair", files=[PHOTO])
    await ada.says("my lamp")

    (card,) = bot.agents_channel.lines
    for words in ("would like to talk to a person", "needs a look", "Repair of my lamp", "It is broken"):
        assert words in card["text"]
    assert [file["name"] for file in card["files"]] == ["lamp.png"]
    assert await bot.agent("sam").presses("Claim") == "sam has T-1001 now."


async def test_a_person_sees_the_files_that_came_before_they_took_over(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says("my lamp looks like this", files=[PHOTO])
    await ada.says("", files=[("bill.pdf", b"%PDF"), PHOTO])
    await ada.says("/human")

    assert bot.agents_channel.files == ["lamp.png", "bill.pdf"]
    assert "ada: (files: 2)" in bot.agents_channel


async def test_a_file_that_comes_while_people_have_the_case_reaches_them(bot: BotHarness, waiting: Party) -> None:
    await waiting.says("this is it", files=[PHOTO])
    await waiting.says("", files=[("bill.pdf", b"%PDF")])

    first, second = bot.agents_channel.lines[-2:]
    assert "this is it" in first["text"]
    assert "(files: 1)" in second["text"]
    assert [line["files"][0]["name"] for line in (first, second)] == ["lamp.png", "bill.pdf"]
    assert await kept(bot, second["files"][0]) == b"%PDF"
