"""Dialogues replay: a handler reads as straight-line Python, and survives restarts, digressions and silence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from supportbot import ClaimedAlready, OnceFailed, Person, Settings, Skill, Turn, Unavailable, faults, match, on, read
from supportbot.adapters.base import Sent
from supportbot.dialogue import DEEPEST, MOST_STEPS, failure, result_of
from supportbot.domain.dialogue import DIALOGUES, Step
from supportbot.domain.reply import Outgoing
from supportbot.errors import IllegalMove, NotFound, ReplayMismatch, SkillError, StoreFailed, SupportbotError, TryLater
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()


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


# --- it goes on ---------------------------------------------------------------------------------------------------


async def test_a_dialogue_survives_a_restart_before_each_answer(bot_with: BotWith) -> None:
    bot = await bot_with(Order())
    ada = bot.requester("ada")
    assert await ada.says("order") == "What would you like?"
    await bot.restart()
    assert await ada.says("bolts") == "How many?"
    await bot.restart()
    assert await ada.says("3") == "3 bolts, thank you."


@pytest.mark.parametrize("store", ["tinydb:{}/data", "sqlite:{}/data.sqlite"], ids=["tinydb", "sqlite"])
async def test_a_dialogue_goes_on_in_another_process_that_opens_the_same_store(
    bot_with: BotWith, tmp_path: Any, store: str
) -> None:
    url = store.format(tmp_path)
    async with BotHarness(Order(), store=url) as first:
        assert await first.requester("ada").says("order") == "What would you like?"
    second = await bot_with(Order(), store=url)
    second._acts = 100  # another process numbers its lines anew; ids of events do not come twice
    assert await second.requester("ada").says("bolts") == "How many?"


async def test_nothing_said_or_done_before_a_question_is_said_or_done_again(bot_with: BotWith) -> None:
    class Report(Skill[Settings]):
        @on.message(match.words("report"))
        async def report(self, turn: Turn) -> str:
            await turn.say("Let me write that down.")
            ticket = await turn.open_ticket(subject="A report")
            seen = int(await turn.recall("seen", 0)) + 1
            await turn.remember("seen", seen)
            await turn.ask(f"{ticket.reference}: what happened?")
            await turn.ask("How often?", read.number)
            return f"Report number {seen}."

    bot = await bot_with(Report())
    ada = bot.requester("ada")
    assert await ada.says("report") == "Let me write that down.\n\nT-1001: what happened?"
    assert await ada.says("it broke") == "How often?"
    await bot.restart()
    assert await ada.says("2") == "Report number 1."
    assert bot.agents_channel.count("A report") == 1


async def test_finally_runs_at_each_replay_and_the_answers_come_in_between(bot_with: BotWith) -> None:
    ends: list[str] = []

    class Tidy(Skill[Settings]):
        @on.message(match.words("tidy"))
        async def tidy(self, turn: Turn) -> str:
            answers = []
            try:
                answers.append(await turn.ask("Which room?"))
                answers.append(await turn.ask("When?"))
            finally:
                ends.append(" ".join(answers))
            return "Tidied."

    ada = (await bot_with(Tidy(), fails=False)).requester("ada")  # else each question is rehearsed, too
    await ada.says("tidy")
    await ada.says("kitchen")
    assert await ada.says("now") == "Tidied."
    assert ends == ["", "kitchen", "kitchen now"]


async def test_loops_except_exception_and_timeouts_let_the_suspension_pass(bot_with: BotWith) -> None:
    class Three(Skill[Settings]):
        @on.message(match.words("three"))
        async def three(self, turn: Turn) -> str:
            answers = []
            for number in range(3):
                try:
                    async with asyncio.timeout(5):
                        with suppress(Exception):
                            answers.append(await turn.ask(f"Word {number}?"))
                except Exception:  # noqa: BLE001 - what a careful author may write
                    return "swallowed"
            return " ".join(answers)

    ada = (await bot_with(Three())).requester("ada")
    assert await ada.says("three") == "Word 0?"
    assert await ada.says("one") == "Word 1?"
    assert await ada.says("two") == "Word 2?"
    assert await ada.says("three words") == "one two three words"


async def test_time_ids_and_chance_come_out_the_same_in_a_replay(bot_with: BotWith) -> None:
    runs: list[tuple[Any, ...]] = []

    class Draw(Skill[Settings]):
        @on.message(match.words("draw"))
        async def draw(self, turn: Turn) -> str:
            before = (turn.now, turn.new_id(), turn.new_id(), turn.random.random(), turn.text, turn.person.name)
            await turn.ask("Ready?")
            runs.append((*before, turn.now, turn.random.random()))
            await turn.ask("Really?")
            return "Drawn."

    bot = await bot_with(Draw(), fails=False)
    ada = bot.requester("ada")
    await ada.says("draw")
    await bot.advance("1h")
    await ada.says("yes")
    await bot.advance("1h")
    await bot.restart()
    assert await ada.says("yes") == "Drawn."
    first, second = runs
    assert first == second
    assert first[1] != first[2]
    assert (first[6] - first[0]).total_seconds() == 3600


async def test_messages_that_come_fast_are_taken_in_order(bot_with: BotWith) -> None:
    bot = await bot_with(Order())
    for number, text in enumerate(["order", "bolts", "3"]):
        await bot.app.bot.receive(bot._console.event("ada", key=f"fast{number}", text=text))
    await bot.app.bot.crew.idle()
    assert [line["text"] for line in bot.shown] == ["What would you like?", "How many?", "3 bolts, thank you."]


# --- once ---------------------------------------------------------------------------------------------------------


class Pay(Skill[Settings]):
    """Charges once, whatever happens; `does` is what the bank does."""

    calls: list[str]
    does: Callable[[], Any]

    @on.message(match.words("pay"))
    async def pay(self, turn: Turn) -> str:
        async def charge(key: str) -> Any:
            type(self).calls.append(key)
            return type(self).does()

        try:
            receipt = await turn.once(charge)
        except OnceFailed as failed:
            receipt = f"failed ({failed.kind}) {failed}"
        await turn.ask(f"Receipt {receipt}. Happy?")
        return f"Receipt {receipt}."


def pay(does: Callable[[], Any]) -> Pay:
    Pay.calls, Pay.does = [], staticmethod(does)
    return Pay()


def raising(error: Exception) -> Callable[[], Any]:
    def act() -> Any:
        raise error

    return act


async def test_what_is_done_once_is_done_once_over_replays_and_restarts(bot_with: BotWith) -> None:
    bot = await bot_with(pay(lambda: 77))
    ada = bot.requester("ada")
    assert await ada.says("pay") == "Receipt 77. Happy?"
    await bot.restart()
    assert await ada.says("yes") == "Receipt 77."
    assert len(Pay.calls) == 1


async def test_a_failure_inside_once_replays_as_the_same_failure(bot_with: BotWith) -> None:
    bot = await bot_with(pay(raising(LookupError("no such card"))))
    ada = bot.requester("ada")
    assert "failed (LookupError) LookupError: no such card. Happy?" in await ada.says("pay")
    await bot.restart()
    assert await ada.says("no") == "Receipt failed (LookupError) LookupError: no such card."
    assert len(Pay.calls) == 1


async def test_once_is_stored_by_itself_so_a_turn_that_is_run_again_does_not_do_it_again(bot_with: BotWith) -> None:
    bot = await bot_with(pay(lambda: 77), fails=False)
    left = [RuntimeError("the power went out")]
    faults.arm("turn.before_commit", lambda: raising(left.pop())() if left else None)
    try:
        assert await bot.requester("ada").says("pay") == ""
        shown = await bot.advance("5s")
    finally:
        faults.disarm()
    assert [line["text"] for line in shown] == ["Receipt 77. Happy?"]
    assert len(Pay.calls) == 1


async def test_once_without_a_stored_result_runs_again_with_the_same_idempotency_key(
    bot_with: BotWith,
) -> None:
    bot = await bot_with(pay(lambda: 77), fails=False)
    left = [StoreFailed("the disk is full")]
    faults.arm("once.before_store", lambda: raising(left.pop())() if left else None)
    try:
        assert await bot.requester("ada").says("pay") == ""
        shown = await bot.advance("5s")
    finally:
        faults.disarm()
    assert [line["text"] for line in shown] == ["Receipt 77. Happy?"]
    assert len(Pay.calls) == 2
    assert len(set(Pay.calls)) == 1


async def test_a_service_that_is_down_is_apologised_for_and_does_not_count_against_the_skill(
    bot_with: BotWith, capsys: pytest.CaptureFixture[str]
) -> None:
    bot = await bot_with(pay(raising(Unavailable("the bank is down"))))
    for name in ("ada", "bob", "cleo", "dan", "eve"):
        heard = await bot.requester(name).says("pay")
        assert heard == TEXTS("errors.unavailable")
        assert TEXTS("handoff.talk_to_person") in heard.choices
    told = [line for line in capsys.readouterr().err.splitlines() if "a service is unavailable" in line]
    assert len(told) == 5
    assert all("pay" in line and "test_dialogue.py:" in line and "the bank is down" not in line for line in told)
    Pay.does = staticmethod(lambda: 78)
    assert await bot.requester("ada").says("pay") == "Receipt 78. Happy?"
    assert ": off" not in await bot.agent("sam").says("/skills")


# --- what a handler may not do ------------------------------------------------------------------------------------


async def swallows(turn: Turn) -> str:
    try:  # noqa: SIM105 - as people write it
        await turn.ask("Which?")
    except:  # noqa: E722 - the mistake that is proved here
        pass
    return "went on"


async def asks_in_a_task(turn: Turn) -> str:
    return await asyncio.create_task(turn.ask("Which?"))


async def gathers(turn: Turn) -> str:
    return " ".join(await asyncio.gather(turn.ask("Which?"), turn.ask("When?")))


async def gathers_and_swallows(turn: Turn) -> str:
    return str(await asyncio.gather(turn.ask("Which?"), turn.ask("When?"), return_exceptions=True))


async def groups(turn: Turn) -> str:
    async with asyncio.TaskGroup() as group:
        group.create_task(turn.ask("Which?"))
    return "went on"


async def says_in_a_task(turn: Turn) -> str:
    await asyncio.create_task(turn.say("beside"))
    return "went on"


def leaf(error: BaseException) -> BaseException:
    return leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


@pytest.mark.parametrize(
    "mistake",
    [swallows, asks_in_a_task, gathers, gathers_and_swallows, groups, says_in_a_task],
    ids=lambda f: f.__name__,
)
async def test_swallowing_a_question_or_asking_in_a_task_is_an_error_that_names_file_and_line(
    bot_with: BotWith, mistake: Callable[[Turn], Awaitable[str]]
) -> None:
    class Wrong(Skill[Settings]):
        @on.message(match.words("wrong"))
        async def wrong(self, turn: Turn) -> str:
            return await mistake(turn)

    bot = await bot_with(Wrong())
    with pytest.raises((SkillError, ExceptionGroup)) as caught:
        await bot.requester("ada").says("wrong")
    first, last = mistake.__code__.co_firstlineno, max(line for *_, line in mistake.__code__.co_lines() if line)
    assert isinstance(leaf(caught.value), SkillError)
    assert any(f"{__file__}:{line}" in str(leaf(caught.value)) for line in range(first, last + 1))
    assert bot.shown[-1]["text"] == TEXTS("errors.broken")


async def test_a_handler_takes_two_hundred_steps_at_most(bot_with: BotWith) -> None:
    class Endless(Skill[Settings]):
        @on.message(match.words("endless"))
        async def endless(self, turn: Turn) -> str:
            for number in range(1_000):
                await turn.remember("number", number)
            return "done"

    bot = await bot_with(Endless())
    with pytest.raises(SkillError, match=rf"over {MOST_STEPS} steps.*{__file__}:\d+"):
        await bot.requester("ada").says("endless")


async def test_a_handler_that_does_not_replay_fails_in_its_authors_test(bot_with: BotWith) -> None:
    moods = iter(["glad", "sad"])

    class Moody(Skill[Settings]):
        @on.message(match.words("mood"))
        async def mood(self, turn: Turn) -> str:
            await turn.remember(next(moods), 1)
            await turn.ask("How are you?")
            return "I see."

    ada = (await bot_with(Moody())).requester("ada")
    with pytest.raises(ReplayMismatch, match=r"remember\(glad\).*remember\(sad\).*" + __file__):
        await ada.says("mood")


# --- releases -----------------------------------------------------------------------------------------------------


def release(*questions: tuple[str, Any, str], last: str = "Done.") -> Skill[Settings]:
    """Make a release of one skill that asks these questions: words, reader, key."""

    class Orders(Skill[Settings]):
        name = "orders"

        @on.message(match.words("buy"))
        async def buy(self, turn: Turn) -> str:
            answers = [await turn.ask(words, reader, key=key) for words, reader, key in questions]
            return f"{last} {answers}"

    return Orders()


async def test_wording_may_change_between_releases(bot_with: BotWith) -> None:
    bot = await bot_with(release(("What?", read.text, ""), ("Many?", read.number, "")))
    ada = bot.requester("ada")
    await ada.says("buy")
    await ada.says("bolts")
    await bot.restart(
        release(("What is it, please?", read.text, ""), ("How many are it?", read.number, ""), last="Ok.")
    )
    assert await ada.says("3") == "Ok. ['bolts', 3.0]"


async def test_a_key_keeps_a_step_when_its_reader_changes(bot_with: BotWith) -> None:
    bot = await bot_with(release(("Order?", read.text, "order"), ("Many?", read.number, "")))
    ada = bot.requester("ada")
    await ada.says("buy")
    await ada.says("123456")
    await bot.restart(release(("Order?", read.pattern(r"\d{6}"), "order"), ("Many?", read.number, "")))
    assert await ada.says("3") == "Done. ['123456', 3.0]"


@pytest.mark.parametrize(
    "changed",
    [
        release(("New?", read.yes_no, ""), ("What?", read.text, ""), ("Many?", read.number, "")),
        release(("Many?", read.number, "")),
        release(),
    ],
    ids=["a step was put before", "a step was removed", "all steps were removed"],
)
async def test_a_handler_that_changed_is_apologised_for_and_may_start_afresh(
    bot_with: BotWith, changed: Skill[Settings]
) -> None:
    bot = await bot_with(release(("What?", read.text, ""), ("Many?", read.number, "")), fails=False)
    ada = bot.requester("ada")
    await ada.says("buy")
    await ada.says("bolts")
    await bot.restart(changed)
    heard = await ada.says("3")
    assert heard == TEXTS("dialogue.changed_since")
    assert heard.choices[:2] == [TEXTS("dialogue.start_again"), TEXTS("handoff.talk_to_person")]
    await bot.restart()
    fresh = await ada.presses(TEXTS("dialogue.start_again"))
    assert fresh.partition("?")[0] in ("New", "Many", "Done. []")
    assert [leaf(error) for error in bot.errors if not isinstance(error, ReplayMismatch)] == []


async def test_a_changed_handler_may_go_to_a_person_instead(bot_with: BotWith) -> None:
    bot = await bot_with(release(("What?", read.text, ""), ("Many?", read.number, "")), fails=False)
    ada = bot.requester("ada")
    await ada.says("buy")
    await ada.says("bolts")
    await bot.restart(release(("Many?", read.number, "")))
    await ada.says("3")
    assert "T-1001" in await ada.presses(TEXTS("handoff.talk_to_person"))


async def test_a_changed_handler_is_no_bug_and_never_switches_its_skill_off(bot_with: BotWith) -> None:
    bot = await bot_with(release(("What?", read.text, ""), ("Many?", read.number, "")), fails=False)
    people = [bot.requester(name) for name in ("ada", "bob", "cleo", "dan")]
    for person in people:
        await person.says("buy")
        await person.says("bolts")
    await bot.restart(release(("Many?", read.number, "")))
    for person in people:
        assert await person.says("3") == TEXTS("dialogue.changed_since")
    assert ": off" not in await bot.agent("sam").says("/skills")


async def test_a_handler_that_is_gone_is_apologised_for(bot_with: BotWith) -> None:
    bot = await bot_with(Order())
    ada = bot.requester("ada")
    await ada.says("order")
    await bot.restart(Weigh())
    heard = await ada.says("bolts")
    assert heard == TEXTS("dialogue.changed_since")
    assert TEXTS("handoff.talk_to_person") in heard.choices


# --- what is kept -------------------------------------------------------------------------------------------------


async def test_the_journal_is_a_document_that_says_step_by_step_what_was_done(bot_with: BotWith) -> None:
    bot = await bot_with(Order())
    ada = bot.requester("ada")
    await ada.says("order")
    await ada.says("bolts")
    (dialogue,) = (await bot.app.store.find(DIALOGUES, "skill", "order")).items
    assert [(step.kind, step.name, step.result) for step in dialogue.steps] == [("ask", "text", "bolts")]
    assert dialogue.question
    assert dialogue.question.text == "How many?"
    assert msgspec.json.decode(msgspec.json.encode(dialogue), type=type(dialogue)) == dialogue


async def test_a_dialogue_that_has_ended_leaves_nothing_waiting(bot_with: BotWith) -> None:
    bot = await bot_with(Order())
    ada = bot.requester("ada")
    for words in ("order", "bolts", "3"):
        await ada.says(words)
    assert (await bot.app.store.find(DIALOGUES, "skill", "order")).items == []
    assert await bot.app.store.pending("turns") == []


# --- refusals replay ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [NotFound("no T-9"), IllegalMove("it is closed"), SkillError("no")], ids=str)
def test_a_refusal_replays_as_the_same_error(error: SupportbotError) -> None:
    with pytest.raises(type(error), match=str(error)) as replayed:
        result_of(failure("desk", "claim", error), str)
    assert type(replayed.value) is type(error)


def test_a_lost_claim_replays_with_whoever_has_the_case() -> None:
    sam = Person(id="console/local/sam", name="Sam")
    stored = msgspec.json.decode(
        msgspec.json.encode(failure("desk", "claim", ClaimedAlready(sam, "T-1001"))), type=Step
    )
    with pytest.raises(ClaimedAlready, match="Sam has T-1001") as replayed:
        result_of(stored, str)
    assert (replayed.value.agent, replayed.value.reference) == (sam, "T-1001")


def test_any_other_error_of_the_house_replays_with_its_text() -> None:
    with pytest.raises(SupportbotError, match="trying again in 3 s") as replayed:
        result_of(failure("desk", "claim", TryLater(3)), str)
    assert type(replayed.value) is SupportbotError


class Quiz(Skill[Settings]):
    """A dialogue of agents; it takes a case over where its claimer is to give it up."""

    @on.command("quiz", role="agent")
    async def quiz(self, turn: Turn) -> str:
        colour = await turn.ask("Which colour?", read.choice("blue", "red"))
        return f"It is {colour}."

    @on.command("take", role="agent")
    async def take(self, turn: Turn) -> str:
        try:
            await turn.desk.claim(turn.args)
        except ClaimedAlready as taken:
            if await turn.confirm(f"{taken.agent.name} has it; take it over?"):
                ticket = await turn.desk.claim(taken.reference, take_over=True)
                return f"{ticket.status} with {ticket.assignee.name if ticket.assignee else None}"
        return "Nothing."


async def test_an_agent_who_comes_second_is_asked_and_may_take_the_case_over(bot_with: BotWith) -> None:
    bot = await bot_with(Quiz())
    await bot.requester("ada").says("/human")
    await bot.agent("sam").says("/take T-1001")
    tess = bot.agent("tess")
    assert await tess.says("/take T-1001") == "sam has it; take it over?"
    assert "open with tess" in await tess.says("yes")


async def test_an_agent_answers_a_question_in_words(bot_with: BotWith) -> None:
    bot = await bot_with(Quiz())
    sam = bot.agent("sam")
    assert await sam.says("/quiz") == "Which colour?"
    assert (await sam.says("seventeen")).endswith("Which colour?")
    assert await sam.says("blue") == "It is blue."
    assert await sam.says("blue") == ""  # agents talk among themselves


async def test_a_question_asked_in_a_cases_thread_is_answered_there_and_nowhere_else(bot_with: BotWith) -> None:
    bot = await bot_with(Quiz())
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human")
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    assert await sam.says("/quiz") == "Which colour?"
    await sam.says("blue is the button to press", case=case)
    assert [line["text"] for line in bot.shown if line["to"] == "ada"][-1] == "blue is the button to press"
    assert await sam.says("blue") == "It is blue."
    assert await sam.says("/quiz", case=case) == "Which colour?"
    assert await sam.says("red", case=case) == "It is red."
    assert [line["text"] for line in bot.shown if line["to"] == "ada"][-1] == "blue is the button to press"


async def test_a_question_comes_back_after_a_command_only_where_it_was_asked(bot_with: BotWith) -> None:
    bot = await bot_with(Quiz())
    await bot.requester("ada").says("/human")
    sam, case = bot.agent("sam"), bot.agents_channel.conversation
    await sam.says("/quiz", case=case)
    assert "Which colour?" not in await sam.says("/queue")
    assert "Which colour?" in await sam.says("/queue", case=case)
    assert await sam.says("blue", case=case) == "It is blue."


async def test_an_agent_who_is_not_understood_is_asked_again_in_the_same_thread(
    bot_with: BotWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = await bot_with(Quiz())
    await bot.requester("ada").says("/human")
    sam, case, threads = bot.agent("sam"), bot.agents_channel.conversation, list[str]()
    send = bot._console.send

    async def sends(outgoing: Outgoing) -> Sent:
        threads.append(outgoing.address.thread)
        return await send(outgoing)

    monkeypatch.setattr(bot._console, "send", sends)
    await sam.says("/quiz", case=case)
    await sam.says("seventeen", case=case)
    assert threads == [case, case]


# --- how many wait ------------------------------------------------------------------------------------------------


def asking(number: int) -> Skill[Settings]:
    """Make a skill whose command asks one question."""

    class Asks(Skill[Settings]):
        name = f"asks_{number}"

        @on.command(f"ask_{'abcde'[number]}")
        async def ask(self, turn: Turn) -> str:
            return f"{number}: {await turn.ask(f'Question {number}?')}"

    return Asks()


async def test_a_fourth_dialogue_ends_the_one_that_waited_longest_and_says_so(bot_with: BotWith) -> None:
    bot = await bot_with(*map(asking, range(5)))
    ada = bot.requester("ada")
    for number in range(DEEPEST):
        assert await ada.says(f"/ask_{'abcde'[number]}") == f"Question {number}?"
    heard = await ada.says("/ask_d")
    assert heard == f"{TEXTS('dialogue.too_many')}\n\nQuestion {DEEPEST}?"
    assert (await bot.app.store.find(DIALOGUES, "skill", "asks_0")).items == []
    for number in range(DEEPEST, 0, -1):
        assert (await ada.says("so")).startswith(f"{number}: so")
    assert await bot.app.store.pending("turns") == []  # the deadline of the one that was let go went with it


async def test_whoever_begins_a_dialogue_again_begins_it_anew(bot_with: BotWith) -> None:
    bot = await bot_with(asking(0), asking(1))
    ada = bot.requester("ada")
    await ada.says("/ask_a")
    assert await ada.says("/ask_a") == "Question 0?"
    assert await ada.says("so") == "0: so"
    assert (await bot.app.store.find(DIALOGUES, "skill", "asks_0")).items == []
