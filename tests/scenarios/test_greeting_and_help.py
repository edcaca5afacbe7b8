"""First contact: a greeting that says what the bot can do, help from the skills that run, thanks taken kindly."""

from __future__ import annotations

import pytest

from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts


async def test_a_greeting_says_what_the_bot_can_do_with_choices(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    heard = await ada.says("Hi there!")
    assert heard == texts("greeting.hello", name="ada")
    assert heard.choices == ["Open a ticket", "My tickets", "Talk to a person", "What can you do?"]


@pytest.mark.parametrize("choice", ["Open a ticket", "My tickets", "Talk to a person", "What can you do?"])
async def test_every_choice_of_the_greeting_leads_somewhere(bot: BotHarness, texts: Texts, choice: str) -> None:
    ada = bot.requester("ada")
    await ada.says("hello")
    first_words = {
        "Open a ticket": texts("tickets.ask_subject"),
        "My tickets": texts("tickets.none"),
        "Talk to a person": texts("handoff.queued", reference="T-1001"),
        "What can you do?": texts("help.intro"),
    }
    assert (await ada.presses(choice)).startswith(first_words[choice])


async def test_the_greeting_offers_only_what_is_loaded(bot_with) -> None:
    bot = await bot_with(built_in=("greeting", "help"))
    assert (await bot.requester("ada").says("hello")).choices == ["What can you do?"]


async def test_a_name_cannot_smuggle_formatting_into_the_greeting(bot: BotHarness) -> None:
    heard = await bot.requester("[free money](https://evil.example)").says("hi")
    assert "[free money](https://evil.example)" in heard  # shown as it was written, with every mark escaped inside
    outgoing = bot.shown[-1]["text"]
    assert outgoing == heard


async def test_help_lists_the_commands_of_the_loaded_skills(bot: BotHarness, texts: Texts) -> None:
    heard = await bot.requester("ada").says("/help")
    for command in ("/ticket", "/tickets", "/status", "/human", "/help", "/cancel"):
        assert f"`{command}`" in heard
    assert heard.startswith(texts("help.intro"))


async def test_help_shows_a_requester_none_of_the_agents_commands(bot: BotHarness) -> None:
    heard = await bot.requester("ada").says("!help")
    for command in ("claim", "release", "note", "assign", "solve", "close", "queue", "skills"):
        assert f"/{command}`" not in heard


async def test_help_shows_an_agent_the_agents_commands(bot: BotHarness) -> None:
    heard = await bot.agent("sam").says("/help")
    for command in ("claim", "release", "note", "assign", "solve", "close", "queue", "skills", "status"):
        assert f"`/{command}`" in heard
    assert "`/human`" not in heard


async def test_help_does_not_list_what_is_not_loaded(bot_with) -> None:
    bot = await bot_with(built_in=("help",))
    heard = await bot.requester("ada").says("what can you do?")
    assert "/ticket" not in heard
    assert heard.choices == []


async def test_thanks_are_taken_kindly(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("How do I reset my password?")
    assert await ada.says("Thank you so much!") == texts("greeting.welcome")


async def test_an_unknown_command_says_where_the_known_ones_are(bot: BotHarness, texts: Texts) -> None:
    heard = await bot.requester("ada").says("/refund please")
    assert heard == texts("errors.unknown_command", command="refund")


async def test_a_slash_that_is_no_command_is_plain_words(bot: BotHarness, texts: Texts) -> None:
    heard = await bot.requester("ada").says("/etc/hosts is broken since Tuesday")
    assert heard == texts("faq.not_found")


@pytest.mark.parametrize("words", ["", "   ", "\n"])
async def test_an_empty_message_gets_a_reply(bot: BotHarness, texts: Texts, words: str) -> None:
    assert await bot.requester("ada").says(words) == texts("errors.empty_message")


@pytest.mark.parametrize("words", ["😀", "??", "\x00\x07", "x" * 20_000, "́"])
async def test_odd_messages_get_a_reply_too(bot: BotHarness, words: str) -> None:
    assert await bot.requester("ada").says(words)


async def test_cancel_with_nothing_to_cancel_says_so(bot: BotHarness, texts: Texts) -> None:
    assert await bot.requester("ada").says("/cancel") == texts("dialogue.nothing_to_cancel")
