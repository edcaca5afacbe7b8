"""A turn: what a handler learns from it, and what its verbs do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from supportbot import Choice, IllegalMove, NotAllowed, NotFound, Reply, Settings, Skill, Turn, match, on, read
from supportbot.desk import handoffs
from supportbot.desk.case import Case
from supportbot.desk.ledger import Ledger
from supportbot.errors import SkillError
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()


def doing(handle: Callable[[Turn], Awaitable[Any]], word: str = "go") -> Skill[Settings]:
    """Make a skill that does this when somebody says the word."""

    class Doing(Skill[Settings]):
        @on.message(match.words(word))
        async def act(self, turn: Turn) -> Any:
            return await handle(turn)

    return Doing()


# --- what it tells ------------------------------------------------------------------------------------------------


async def test_a_turn_tells_who_said_what_and_when(bot_with: BotWith) -> None:
    seen: list[Any] = []

    async def look(turn: Turn) -> str:
        seen.extend([turn.text, turn.person.name, turn.is_agent, turn.in_public, turn.in_thread, turn.owner, turn.now])
        return "Seen."

    bot = await bot_with(doing(look))
    await bot.requester("ada").says("go on")
    now = datetime.fromtimestamp(bot.clock.now() / 1000, UTC)
    assert seen == ["go on", "ada", False, False, False, "bot", now]


async def test_a_turn_has_the_groups_that_a_pattern_found(bot_with: BotWith) -> None:
    class Order(Skill[Settings]):
        @on.message(match.pattern(r"order (?P<number>\d+) of (\w+)"))
        async def order(self, turn: Turn) -> str:
            return f"{turn.found['number']} {turn.found['2']}"

    assert await (await bot_with(Order())).requester("ada").says("my order 42 of bolts") == "42 bolts"


async def test_a_turn_has_what_stands_behind_a_command_and_the_value_of_a_choice(bot_with: BotWith) -> None:
    class Pick(Skill[Settings]):
        @on.command("pick", help="pick one")
        async def pick(self, turn: Turn) -> Reply:
            return Reply(f"You said {turn.args!r}", [Choice("One", to="picked", value="1")])

        @on.choice("picked")
        async def picked(self, turn: Turn) -> str:
            return f"Picked {turn.value}."

    ada = (await bot_with(Pick())).requester("ada")
    assert await ada.says("/pick  a card ") == "You said 'a card'"
    assert await ada.presses("One") == "Picked 1."


async def test_ids_of_a_turn_differ_from_each_other_and_from_other_turns(bot_with: BotWith) -> None:
    ids: list[str] = []

    async def name(turn: Turn) -> str:
        ids.extend([turn.new_id(), turn.new_id("order")])
        return "Named."

    ada = (await bot_with(doing(name))).requester("ada")
    await ada.says("go")
    await ada.says("go")
    assert len(set(ids)) == 4
    assert ids[1].startswith("order_")


# --- talking ------------------------------------------------------------------------------------------------------


async def test_what_is_said_before_the_end_comes_before_what_is_returned(bot_with: BotWith) -> None:
    async def talk(turn: Turn) -> str:
        await turn.say("First.")
        await turn.say(Reply("Second.", [Choice("Help", command="help")]))
        return "Third."

    heard = await (await bot_with(doing(talk))).requester("ada").says("go")
    assert heard == "First.\n\nSecond.\n\nThird."
    assert heard.choices == ["Help"]


async def test_a_handler_that_says_nothing_is_never_silence(bot_with: BotWith) -> None:
    async def nothing(turn: Turn) -> None:
        return None

    assert await (await bot_with(doing(nothing))).requester("ada").says("go") == TEXTS("errors.done")


async def test_a_handler_that_only_opens_a_ticket_or_hands_off_is_spoken_for(bot_with: BotWith) -> None:
    async def opens(turn: Turn) -> None:
        await turn.open_ticket(subject="A thing")

    async def hands_off(turn: Turn) -> None:
        await turn.hand_off(reason="a reason")

    bot = await bot_with(doing(opens))
    assert await bot.requester("ada").says("go") == TEXTS("tickets.created", reference="T-1001")
    bot = await bot_with(doing(hands_off))
    assert await bot.requester("ada").says("go") == TEXTS("handoff.queued", reference="T-1001")


async def test_confirm_takes_yes_and_no_in_words_and_as_choices(bot_with: BotWith) -> None:
    async def sure(turn: Turn) -> str:
        return str(await turn.confirm("Sure?"))

    ada = (await bot_with(doing(sure))).requester("ada")
    assert (await ada.says("go")).choices == ["Yes", "No"]
    assert await ada.presses("No") == "False"
    await ada.says("go")
    assert await ada.says("Yes, please!") == "True"


async def test_choose_takes_a_label_a_number_and_the_beginning_of_one_label(bot_with: BotWith) -> None:
    async def size(turn: Turn) -> str:
        return await turn.choose("Size?", {"Small": "s", "Large": "l"})

    ada = (await bot_with(doing(size))).requester("ada")
    for said, value in (("Large", "l"), ("1", "s"), ("la", "l"), ("SMALL", "s"), ("l", "l")):
        await ada.says("go")
        assert await ada.says(said) == value


# --- doing --------------------------------------------------------------------------------------------------------


async def test_a_ticket_and_a_handoff_reach_the_agents(bot_with: BotWith) -> None:
    async def both(turn: Turn) -> str:
        ticket = await turn.open_ticket(subject="A *thing*", category="Bug", details="It\nbroke", priority="high")
        handed = await turn.hand_off(reason="it is bad")
        assert handed.reference == ticket.reference
        assert (handed.subject, handed.category, handed.priority) == ("A *thing*", "Bug", "high")
        return ticket.reference

    bot = await bot_with(doing(both))
    assert await bot.requester("ada").says("go") == "T-1001"
    card = bot.agents_channel.lines[-1]["text"]
    assert "it is bad" in card
    assert "A *thing* (Bug)" in card
    assert "> It\n> broke" in card


@pytest.mark.parametrize("about", ["person", "conversation", "everyone"])
async def test_a_skill_remembers_over_restarts_about_whom_it_was_told(bot_with: BotWith, about: Any) -> None:
    async def count(turn: Turn) -> str:
        number = int(await turn.recall("count", 0, about=about)) + 1
        await turn.remember("count", number, about=about)
        return str(number)

    skill = doing(count)
    bot = await bot_with(skill)
    assert await bot.requester("ada").says("go") == "1"
    await bot.restart()
    assert await bot.requester("ada").says("go") == "2"
    assert await bot.requester("bob").says("go") == ("3" if about == "everyone" else "1")


async def test_none_forgets(bot_with: BotWith) -> None:
    async def forget(turn: Turn) -> str:
        await turn.remember("key", {"a": [1, 2]})
        before = await turn.recall("key")
        await turn.remember("key", None)
        return f"{before} {await turn.recall('key', 'gone')}"

    assert await (await bot_with(doing(forget))).requester("ada").says("go") == "{'a': [1, 2]} gone"


async def test_what_is_forgotten_and_remembered_anew_in_one_turn_is_kept(bot_with: BotWith) -> None:
    async def handle(turn: Turn) -> str:
        before = await turn.recall("key", "nothing")
        await turn.remember("key", None)
        await turn.remember("key", turn.text)
        return str(before)

    ada = (await bot_with(doing(handle))).requester("ada")
    assert await ada.says("go one") == "nothing"
    assert await ada.says("go two") == "go one"
    assert await ada.says("go") == "go two"


async def test_one_skill_does_not_see_what_another_remembers(bot_with: BotWith) -> None:
    class Other(Skill[Settings]):
        @on.message(match.words("peek"))
        async def peek(self, turn: Turn) -> str:
            return str(await turn.recall("secret"))

    async def keep(turn: Turn) -> str:
        await turn.remember("secret", 42)
        return "Kept."

    ada = (await bot_with(doing(keep), Other())).requester("ada")
    await ada.says("go")
    assert await ada.says("peek") == "None"


@pytest.mark.parametrize("after", ["10m", timedelta(minutes=10), 600_000], ids=str)
async def test_a_handler_may_be_scheduled_with_data(bot_with: BotWith, after: Any) -> None:
    class Remind(Skill[Settings]):
        @on.message(match.words("remind"))
        async def begin(self, turn: Turn) -> str:
            await turn.schedule(self.remind, after=after, what="tea")
            return "I will."

        @on.timer
        async def remind(self, turn: Turn) -> str:
            return f"{turn.person.name}, {turn.data['what']}!"

    bot = await bot_with(Remind())
    await bot.requester("ada").says("remind me")
    assert await bot.advance("9m") == []
    assert [line["text"] for line in await bot.advance("1m")] == ["ada, tea!"]


async def test_a_handler_may_be_scheduled_at_an_instant_on_any_clock(bot_with: BotWith) -> None:
    class Ring(Skill[Settings]):
        @on.message(match.words("ring"))
        async def begin(self, turn: Turn) -> str:
            await turn.schedule(self.ring, at=datetime(2026, 1, 5, 15, tzinfo=ZoneInfo("Asia/Kolkata")))
            return "I will."

        @on.timer
        async def ring(self, turn: Turn) -> str:
            return f"{turn.now:%H:%M}"

    bot = await bot_with(Ring())
    await bot.requester("ada").says("ring me")
    assert await bot.advance("29m") == []
    assert [line["text"] for line in await bot.advance("1m")] == ["09:30"]


async def test_what_was_said_already_is_not_asked_for(bot_with: BotWith) -> None:
    async def handle(turn: Turn) -> str:
        day = await turn.ask("Which day?", read.date, unless_said=True)
        count = await turn.ask("How many?", read.number)
        again = await turn.ask("And on which day back?", read.date, key="back", unless_said=True)
        return f"{count:g} from {day} to {again}"

    bot = await bot_with(doing(handle))
    ada = bot.requester("ada")
    assert await ada.says("go tomorrow") == "How many?"
    await bot.advance("20h")  # the day after: what was "tomorrow" stays the day that it was
    await bot.restart()
    assert await ada.says("2") == "2 from 2026-01-06 to 2026-01-06"
    assert await ada.says("go now") == "Which day?"
    assert await ada.says("friday") == "How many?"
    assert await ada.says("3") == "And on which day back?"
    assert await ada.says("saturday") == "3 from 2026-01-09 to 2026-01-10"


async def test_the_desk_gives_a_ticket_back_as_it_is_after_the_action(bot_with: BotWith) -> None:
    class Acts(Skill[Settings]):
        @on.command("act", role="agent")
        async def act(self, turn: Turn) -> str:
            claimed = await turn.desk.claim("T-1001")
            released = await turn.desk.release("T-1001")
            assigned = await turn.desk.assign("T-1001", "@tess")
            return " ".join(
                f"{ticket.status}/{ticket.assignee.name if ticket.assignee else '-'}"
                for ticket in (claimed, released, assigned)
            )

    bot = await bot_with(Acts())
    await bot.requester("ada").says("/human")
    await bot.agent("tess").says("hello")
    assert "open/sam open/- open/tess" in await bot.agent("sam").says("/act")


async def test_rating_tells_whether_it_is_a_low_one(bot_with: BotWith) -> None:
    async def rates(turn: Turn) -> str:
        return str([await turn.tickets.rate("T-1001", stars) for stars in (1, 2, 3, 5)])

    bot = await bot_with(doing(rates))
    ada = bot.requester("ada")
    await ada.says("/human")
    await bot.agent("sam").says("/solve T-1001")
    assert "[True, True, False, False]" in await ada.says("go")


async def test_a_way_on_is_a_person_and_a_ticket_where_there_are_skills_for_them(bot_with: BotWith) -> None:
    async def shows(turn: Turn) -> Reply:
        return Reply("Perhaps:", turn.way_on())

    person, ticket = TEXTS("handoff.talk_to_person"), TEXTS("tickets.open_one")
    for built_in, ways in ((("handoff", "tickets"), [person, ticket]), (("tickets",), [ticket]), (("help",), [])):
        bot = await bot_with(doing(shows), built_in=built_in)
        assert (await bot.requester("ada").says("go")).choices == ways


async def test_a_turn_that_only_speaks_says_nothing_into_a_talk_that_a_person_took_meanwhile(
    bot_with: BotWith,
) -> None:
    bots: list[BotHarness] = []
    took: list[str] = []

    class Plan(Skill[Settings]):
        @on.message(match.words("plan"))
        async def plan(self, turn: Turn) -> str:
            await turn.schedule(self.later, after="1m")
            return "Planned."

        @on.timer
        async def later(self, turn: Turn) -> str:
            if not took:
                took.append(turn.conversation_id)
                ledger = Ledger(bots[0].app.store, bots[0].app.bot.rules, bots[0].clock.now(), "elsewhere")
                case = await Case.load(ledger, turn.conversation_id)
                assert case
                await handoffs.hand_off(case, "taken")
                await bots[0].app.store.commit(ledger.changes())
            return "The bot speaks."

    bots.append(await bot_with(Plan()))
    await bots[0].requester("ada").says("plan")
    shown = await bots[0].advance("2m")
    assert took
    assert [line for line in shown if line["to"] == "ada"] == []


# --- what it refuses ----------------------------------------------------------------------------------------------


async def test_the_desk_is_for_agents_only_whatever_the_skill_does(bot_with: BotWith) -> None:
    refused: list[str] = []

    async def tries_everything(turn: Turn) -> str:
        desk = turn.desk
        for act in (
            desk.claim, desk.release, desk.solve, desk.close, desk.reopen,
            lambda ref: desk.note(ref, "x"), lambda ref: desk.reply(ref, "x"), lambda ref: desk.assign(ref, "@x"),
            lambda _: desk.queue(),
        ):  # fmt: skip
            try:
                await act("T-1001")
            except NotAllowed:
                refused.append("refused")
        return "Tried."

    bot = await bot_with(doing(tries_everything))
    await bot.requester("bob").says("/human")
    assert await bot.requester("ada").says("go") == "Tried."
    assert len(refused) == 9


async def test_anothers_ticket_is_not_found_and_the_house_says_so_for_the_skill(bot_with: BotWith) -> None:
    async def finds(turn: Turn) -> str:
        return (await turn.tickets.find("T-1001")).subject

    bot = await bot_with(doing(finds))
    await bot.requester("bob").says("/human")
    assert await bot.requester("ada").says("go") == TEXTS("tickets.not_found")


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (NotAllowed("x"), "errors.refused"),
        (IllegalMove("x"), "errors.not_possible"),
        (NotFound("x"), "tickets.not_found"),
    ],
    ids=["not allowed", "illegal move", "not found"],
)
async def test_a_refusal_that_a_skill_lets_out_is_said_and_is_no_failure(
    bot_with: BotWith, error: Exception, key: str
) -> None:
    async def lets_out(turn: Turn) -> str:
        raise error

    assert await (await bot_with(doing(lets_out))).requester("ada").says("go") == TEXTS(key)


async def test_a_verb_in_a_task_of_its_own_is_an_error(bot_with: BotWith) -> None:
    async def beside(turn: Turn) -> str:
        await asyncio.gather(turn.remember("a", 1), turn.remember("b", 2))
        return "done"

    with pytest.raises(SkillError, match="in a task of its own"):
        await (await bot_with(doing(beside))).requester("ada").says("go")
