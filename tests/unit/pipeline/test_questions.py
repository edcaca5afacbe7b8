"""Open questions: whose words answer them, to whom a message goes meanwhile, and what happens when nobody answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from supportbot import NoAnswer, Settings, Skill, Turn, match, on, read
from supportbot.dialogue import DEEPEST
from supportbot.domain.dialogue import DIALOGUES
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()


def fragment(key: str) -> str:
    """Take the beginning of a sentence, up to its first placeholder."""
    return TEXTS._texts[key].partition("{")[0]


class Order(Skill[Settings]):
    """Asks for words, then for a number."""

    @on.message(match.words("order"))
    async def order(self, turn: Turn) -> str:
        what = await turn.ask("What would you like?")
        count = await turn.ask("How many?", read.number)
        return f"{count:g} {what}, thank you."


class Weigh(Skill[Settings]):
    """Asks for a number."""

    @on.message(match.words("weigh"))
    async def weigh(self, turn: Turn) -> str:
        return f"{await turn.ask('How heavy is it?', read.number):g} kg."


# --- whose dialogue it is -----------------------------------------------------------------------------------------


class Colour(Skill[Settings]):
    """Asks to choose."""

    @on.message(match.words("paint"))
    async def paint(self, turn: Turn) -> str:
        return f"{await turn.choose('Which colour?', ['Red', 'Green'])}, good."


async def test_words_of_someone_else_in_the_thread_do_not_answer_the_question(bot_with: BotWith) -> None:
    bot = await bot_with(Order())
    ada, bob = bot.requester("ada"), bot.requester("bob")
    assert await ada.says("order", room="#help", mentioned=True) == "What would you like?"
    assert await bob.says("a hammer", room="#help") == ""
    assert await ada.says("bolts", room="#help") == "How many?"
    assert await bob.says("7", room="#help") == ""
    assert await ada.says("3", room="#help") == "3 bolts, thank you."


async def test_a_press_by_someone_else_does_not_answer_the_question(bot_with: BotWith) -> None:
    bot = await bot_with(Colour())
    ada, bob = bot.requester("ada"), bot.requester("bob")
    await ada.says("paint", room="#help", mentioned=True)
    assert await bob.presses("Red", room="#help") == TEXTS("dialogue.not_your_question")
    assert await ada.presses("Red", room="#help") == "Red, good."


async def test_two_people_in_one_thread_have_a_dialogue_each(bot_with: BotWith) -> None:
    bot = await bot_with(Order())
    ada, bob = bot.requester("ada"), bot.requester("bob")
    await ada.says("order", room="#help", mentioned=True)
    await bob.says("order", room="#help", mentioned=True)
    assert await ada.says("bolts", room="#help") == "How many?"
    assert await bob.says("nuts", room="#help") == "How many?"
    assert await ada.says("3", room="#help") == "3 bolts, thank you."
    assert await bob.says("4", room="#help") == "4 nuts, thank you."


async def test_the_same_person_elsewhere_does_not_answer_the_question(bot_with: BotWith) -> None:
    bot = await bot_with(Order())
    ada = bot.requester("ada")
    await ada.says("order", room="#help", mentioned=True)
    assert await ada.says("bolts") != "How many?"
    assert await ada.says("nuts", room="#help") == "How many?"


# --- to whom a message goes ---------------------------------------------------------------------------------------


async def test_a_command_goes_before_the_open_question_which_then_comes_back(bot_with: BotWith) -> None:
    ada = (await bot_with(Order())).requester("ada")
    await ada.says("order")
    heard = await ada.says("/tickets")
    assert heard.startswith(TEXTS("tickets.none"))
    assert heard.endswith("What would you like?")
    assert await ada.says("bolts") == "How many?"


async def test_a_choice_goes_before_the_open_question_which_then_comes_back(bot_with: BotWith) -> None:
    ada = (await bot_with(Order())).requester("ada")
    await ada.says("hi")
    await ada.says("order")
    heard = await ada.presses(TEXTS("greeting.tickets"))
    assert heard.startswith(TEXTS("tickets.none"))
    assert heard.endswith("What would you like?")


async def test_a_text_reader_takes_every_plain_text(bot_with: BotWith) -> None:
    ada = (await bot_with(Order(), Weigh())).requester("ada")
    await ada.says("order")
    assert await ada.says("weigh the hello help") == "How many?"
    assert await ada.says("2") == "2 weigh the hello help, thank you."


async def test_asking_for_a_person_works_inside_a_dialogue_too(bot_with: BotWith) -> None:
    bot = await bot_with(Order())
    ada = bot.requester("ada")
    await ada.says("order")
    assert "T-1001" in await ada.says("can I talk to someone?")
    assert (await bot.app.store.find(DIALOGUES, "skill", "order")).items == []


async def test_cancel_ends_the_dialogue(bot_with: BotWith) -> None:
    bot = await bot_with(Order())
    ada = bot.requester("ada")
    await ada.says("order")
    assert await ada.says("/cancel") == TEXTS("dialogue.cancelled")
    assert await ada.says("/cancel") == TEXTS("dialogue.nothing_to_cancel")
    assert (await bot.app.store.find(DIALOGUES, "skill", "order")).items == []


async def test_what_a_typed_reader_cannot_read_is_tried_by_the_others_once_then_asked_again(bot_with: BotWith) -> None:
    ada = (await bot_with(Order(), Weigh())).requester("ada")
    await ada.says("weigh")
    heard = await ada.says("hello")
    assert heard.startswith(fragment("greeting.hello"))
    assert heard.endswith("How heavy is it?")
    assert await ada.says("5") == "5 kg."


async def test_an_answer_that_nobody_can_read_is_asked_again_with_a_hint_and_then_a_person_is_offered(
    bot_with: BotWith,
) -> None:
    ada = (await bot_with(Weigh())).requester("ada")
    await ada.says("weigh")
    first = await ada.says("rather heavy")
    assert first == f"{TEXTS('dialogue.hint.number')}\nHow heavy is it?"
    assert TEXTS("handoff.talk_to_person") not in first.choices
    second = await ada.says("very heavy")
    assert TEXTS("dialogue.offer_person") in second
    assert TEXTS("handoff.talk_to_person") in second.choices
    assert await ada.says("5") == "5 kg."


async def test_the_second_unread_answer_goes_to_no_other_skill(bot_with: BotWith) -> None:
    ada = (await bot_with(Weigh(), Order())).requester("ada")
    await ada.says("weigh")
    await ada.says("rather heavy")
    heard = await ada.says("hello")
    assert not heard.startswith(fragment("greeting.hello"))
    assert heard.endswith(TEXTS("dialogue.offer_person") + "\nHow heavy is it?")


async def test_a_digression_that_asks_parks_the_dialogue_which_comes_back_when_it_ends(bot_with: BotWith) -> None:
    bot = await bot_with(Weigh(), Order())
    ada = bot.requester("ada")
    await ada.says("weigh")
    assert await ada.says("oh, I must order something") == "What would you like?"
    await bot.restart()
    assert await ada.says("bolts") == "How many?"
    heard = await ada.says("3")
    assert heard.lines[0]["text"] == "3 bolts, thank you."
    assert heard.lines[1]["text"] == TEXTS("dialogue.resumed", question="How heavy is it?")
    assert await ada.says("5") == "5 kg."


def asker(word: str) -> Skill[Settings]:
    class Asker(Skill[Settings]):
        name = word

        @on.message(match.words(word))
        async def begin(self, turn: Turn) -> str:
            return f"{word} {await turn.ask(f'{word}?', read.number):g}."

    return Asker()


async def test_dialogues_are_parked_three_deep_at_most(bot_with: BotWith) -> None:
    words = ["alpha", "bravo", "charlie", "delta"]
    bot = await bot_with(*map(asker, words))
    bot._skills = ()  # made by a factory: they are not made again
    ada = bot.requester("ada")
    for word in words[:DEEPEST]:
        assert await ada.says(word) == f"{word}?"
    assert (await ada.says("delta")).endswith("charlie?")
    assert await ada.says("3") == f"charlie 3.\n\n{TEXTS('dialogue.resumed', question='bravo?')}"
    assert await ada.says("2") == f"bravo 2.\n\n{TEXTS('dialogue.resumed', question='alpha?')}"
    assert await ada.says("1") == "alpha 1."


# --- nobody answers -----------------------------------------------------------------------------------------------


class Hurry(Skill[Settings]):
    """Waits ten minutes for an answer."""

    @on.message(match.words("hurry"))
    async def hurry(self, turn: Turn) -> str:
        try:
            answer = await turn.ask("Quick!", within="10m")
        except NoAnswer:
            answer = await turn.ask("Too late. Why?")
            return f"Late because of {answer}."
        return f"Just in time: {answer}"


async def test_within_raises_no_answer_in_the_handler_when_the_time_is_over(bot_with: BotWith) -> None:
    bot = await bot_with(Hurry())
    ada = bot.requester("ada")
    await ada.says("hurry")
    assert await bot.advance("9m") == []
    assert [line["text"] for line in await bot.advance("2m")] == ["Too late. Why?"]
    await bot.restart()
    assert await ada.says("rain") == "Late because of rain."


async def test_an_answer_in_time_takes_the_deadline_away(bot_with: BotWith) -> None:
    bot = await bot_with(Hurry())
    ada = bot.requester("ada")
    await ada.says("hurry")
    await bot.advance("9m")
    assert await ada.says("here") == "Just in time: here"
    assert await bot.advance("30d") == []


async def test_a_no_answer_that_nobody_catches_ends_the_dialogue_kindly(bot_with: BotWith) -> None:
    class Strict(Skill[Settings]):
        @on.message(match.words("strict"))
        async def strict(self, turn: Turn) -> str:
            return await turn.ask("Quick!", within="10m")

    bot = await bot_with(Strict())
    await bot.requester("ada").says("strict")
    assert [line["text"] for line in await bot.advance("11m")] == [TEXTS("dialogue.expired")]


async def test_without_within_a_dialogue_ends_kindly_after_a_day(bot_with: BotWith) -> None:
    bot = await bot_with(Order())
    ada = bot.requester("ada")
    await ada.says("order")
    assert await bot.advance("23h") == []
    assert [line["text"] for line in await bot.advance("2h")] == [TEXTS("dialogue.expired")]
    assert await bot.advance("30d") == []
    assert await ada.says("bolts") != "How many?"


# --- questions that do not insist ---------------------------------------------------------------------------------


class Comment(Skill[Settings]):
    """Asks without insisting."""

    @on.message(match.words("begin"))
    async def begin(self, turn: Turn) -> str:
        return f"Noted: {await turn.ask('Anything to add?', yielding=True)}"


async def test_a_yielding_question_takes_what_no_other_skill_takes(bot_with: BotWith) -> None:
    ada = (await bot_with(Comment(), Weigh())).requester("ada")
    await ada.says("begin")
    assert await ada.says("no, all is well") == "Noted: no, all is well"


async def test_other_skills_hear_the_answer_to_a_yielding_question_first_and_then_it_lapses(bot_with: BotWith) -> None:
    ada = (await bot_with(Comment(), Weigh())).requester("ada")
    await ada.says("begin")
    assert await ada.says("weigh") == "How heavy is it?"
    assert await ada.says("5") == "5 kg."
    assert "Noted" not in await ada.says("no, all is well")


# --- choices ------------------------------------------------------------------------------------------------------


async def test_buttons_outlive_restarts(bot_with: BotWith) -> None:
    bot = await bot_with(Colour())
    ada = bot.requester("ada")
    assert (await ada.says("paint")).choices == ["Red", "Green"]
    await bot.restart()
    assert await ada.presses("Green") == "Green, good."


async def test_an_old_choice_says_that_it_is_answered_already(bot_with: BotWith) -> None:
    class Twice(Skill[Settings]):
        @on.message(match.words("twice"))
        async def twice(self, turn: Turn) -> str:
            first = await turn.choose("First?", ["One", "Two"])
            return f"{first} {await turn.choose('Second?', ['Three', 'Four'])}"

    bot = await bot_with(Twice())
    ada = bot.requester("ada")
    await ada.says("twice")
    assert await ada.presses("One") == "Second?"
    assert (await ada.presses("Two")).startswith(TEXTS("dialogue.already_answered"))
    assert await ada.presses("Four") == "One Four"
    await bot.restart()
    assert await ada.presses("Three") == TEXTS("dialogue.already_answered")
