"""A skill that uses the whole public API. It is only type-checked: what an author sees is what stands here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any, assert_type

import supportbot
from supportbot import (
    PASS,
    Channel,
    Choice,
    ClaimedAlready,
    ConfigurationError,
    Duration,
    File,
    IllegalMove,
    NoAnswer,
    NotAllowed,
    NotFound,
    OnceFailed,
    Pass,
    Person,
    Reply,
    Secret,
    Settings,
    Skill,
    Start,
    Ticket,
    Turn,
    Unavailable,
    escape,
    match,
    on,
    read,
)
from supportbot.testing.harness import BotHarness, Heard

assert_type(supportbot.__version__, str)


class AuthorSettings(Settings):
    token: Secret | None = None
    delay: Duration = Duration("10m")
    told: Channel | None = None
    limit: float = 50
    sources: tuple[str, ...] = ()


AuthorSettings(limit=3, delay=Duration("1h"))


class NoSettings(Skill[Settings]):
    """A skill without settings."""


class Author(Skill[AuthorSettings]):
    """Everything an author may write."""

    name = "author"
    time_limit = 5.0

    @on.start
    async def start(self, start: Start) -> None:
        if not self.settings.sources:
            raise ConfigurationError(["sources: give at least one"])
        start.knowledge.serve([start.folder / source for source in self.settings.sources])

    @on.stop
    async def stop(self) -> None: ...

    @on.message(match.words("refund", "money back"), first=True)
    async def words(self, turn: Turn) -> str:
        return turn.text

    @on.message(match.any_of(match.exactly("hi"), match.all_of(match.question, match.files)))
    async def joined(self, turn: Turn) -> Reply | Pass:
        return PASS if turn.in_public or turn.in_thread else Reply("Hello", [Choice("Hi", to="hi", value="1")])

    @on.message(match.but_not(match.anything, match.when(str.isupper)))
    def plain(self, turn: Turn) -> str | None:
        return turn.text or None

    @on.message(match.pattern(r"(\d+)", case_sensitive=True))
    async def found(self, turn: Turn) -> str:
        assert_type(turn.found, dict[str, str])
        return turn.found["1"]

    @on.command("author", help="what it does", role="agent")
    async def command(self, turn: Turn) -> str:
        return turn.args

    @on.choice("hi")
    async def choice(self, turn: Turn) -> str:
        return turn.value

    @on.event("ticket_solved")
    async def event(self, turn: Turn) -> None:
        assert_type(turn.data, dict[str, Any])

    @on.timer
    async def timer(self, turn: Turn) -> None: ...

    @on.fallback
    async def fallback(self, turn: Turn) -> Reply:
        return Reply(escape(turn.text), (Choice("Talk to a person", command="human"),))

    async def what_happened(self, turn: Turn) -> None:
        assert_type(turn.person, Person)
        assert_type(turn.person.name, str)
        assert_type(turn.is_agent, bool)
        assert_type(turn.owner, str)
        assert_type(turn.conversation_id, str)
        assert_type(turn.now, dt.datetime)
        assert_type(turn.date_of(0), dt.datetime)
        assert_type(turn.random.random(), float)
        assert_type(turn.new_id("order"), str)
        assert_type(turn.phrase("dialogue.yes", name="ada"), str)
        for name, line, role in turn.commands:
            assert_type((name, line, role), tuple[str, str, str])

    async def questions(self, turn: Turn) -> None:
        assert_type(await turn.ask("What?"), str)
        assert_type(await turn.ask(Reply("What?"), within="10m", yielding=True), str)
        assert_type(await turn.ask("How?", read.text), str)
        assert_type(await turn.ask("How?", read.text_up_to(80)), str)
        assert_type(await turn.ask("How much?", read.number, key="amount"), float)
        assert_type(await turn.ask("How many?", read.whole_number(at_least=1, at_most=5)), int)
        assert_type(await turn.ask("Which?", read.pattern(r"\d{6}")), str)
        assert_type(await turn.ask("Sure?", read.yes_no, within=dt.timedelta(hours=1)), bool)
        assert_type(await turn.ask("Which?", read.choice("A", "B", other="C")), str)
        assert_type(await turn.ask("When?", read.date), dt.date)
        assert_type(await turn.ask("Where to?", read.email), str)
        assert_type(await turn.ask("Which number?", read.phone), str)
        assert_type((await turn.ask("Show me", read.file)).name, str)
        assert_type(await turn.ask("When?", read.moment("Europe/Berlin"), unless_said=True), dt.datetime)
        assert_type(await turn.ask("Show me", read.either(read.file, read.choice("No"))), File | str)
        assert_type(await turn.ask("All:", read.form(order=("Which?", read.number))), dict[str, Any])
        assert_type(await turn.ask("", read.form("Return", why=("Why?", read.line, "Broken"))), dict[str, Any])
        assert_type(turn.filled_in, bool)
        assert_type(turn.about.text if turn.about else "", str)
        assert_type(await turn.ask("Own?", read.of("own", int, int, hint="A number.")), int)
        assert_type(await turn.confirm("Sure?", key="sure", within="1d"), bool)
        assert_type(await turn.choose("Which?", ["a", "b"], key="which"), str)
        assert_type(await turn.choose("Which?", {"One": "1"}, within="1d", yielding=True), str)

    async def verbs(self, turn: Turn, charge: Callable[[str], Awaitable[int]]) -> None:
        await turn.say("One moment")
        await turn.say(Reply("Here", files=turn.files))
        assert_type(await turn.once(charge, key="charge", type=int), int)
        opened = await turn.open_ticket(subject="s", category="c", details="d", files=turn.files, priority="high")
        assert_type(opened, Ticket)
        assert_type(opened.reference, str)
        assert_type(await turn.hand_off(reason="r"), Ticket)
        await turn.remember("key", {"plain": 1}, about="conversation")
        await turn.recall("key", 0, about="everyone")
        planned = await turn.schedule(self.timer, after=self.settings.delay, key="k", anything="goes")
        await turn.schedule(self.timer, after="10m")
        await turn.schedule(self.timer, at=turn.now + dt.timedelta(seconds=self.settings.delay.seconds))
        assert_type(planned, str)
        await turn.cancel(planned)

    async def nouns(self, turn: Turn) -> None:
        assert_type(await turn.tickets.mine(), list[Ticket])
        assert_type(await turn.tickets.find("T-1042"), Ticket)
        assert_type(await turn.tickets.current(), Ticket | None)
        await turn.tickets.add("T-1042", "words")
        await turn.tickets.close("T-1042")
        await turn.tickets.hand_off("T-1042", reason="r")
        await turn.tickets.keep_waiting("T-1042")
        await turn.tickets.stop_waiting("T-1042")
        await turn.tickets.rate("T-1042", 5, comment="fine")
        assert_type(await turn.tickets.ask_rating("T-1042"), bool)

        assert_type(await turn.desk.claim("T-1042", take_over=True), Ticket)
        await turn.desk.release("T-1042", to="bot")
        await turn.desk.assign("T-1042", "@sam")
        await turn.desk.note("T-1042", "words")
        await turn.desk.reply("T-1042", "words")
        for name in turn.desk.canned:
            assert_type(await turn.desk.reply_canned("T-1042", name), Ticket)
        await turn.desk.solve("T-1042", "words")
        await turn.desk.close()
        await turn.desk.reopen()
        for conversation, ticket in await turn.desk.queue():
            assert_type(conversation.queued_at, int)
            assert_type(ticket.subject, str)

        found = turn.knowledge.match(turn.text)
        if found.decision == "answer" and found.top:
            article = turn.knowledge.article(found.top.id)
            if article:
                await turn.knowledge.shown(article, turn.text)
        assert_type(await turn.knowledge.missed(turn.text), int)
        assert_type(await turn.knowledge.question(), str)
        assert_type(turn.knowledge.misses, int)
        assert_type(turn.knowledge.is_refused, bool)
        await turn.knowledge.refused("a", "b")
        await turn.knowledge.helped()

    async def errors(self, turn: Turn, charge: Callable[[str], Awaitable[int]]) -> None:
        try:
            await turn.once(charge)
        except OnceFailed as error:
            raise Unavailable(f"{error.kind} at the bank") from error
        try:
            await turn.ask("Still there?", within="1h")
        except NoAnswer:
            return
        try:
            await turn.desk.claim("T-1042")
        except ClaimedAlready as taken:
            assert_type(taken.agent, Person)
        except (NotFound, NotAllowed, IllegalMove) as error:
            assert_type(str(error), str)

    def secret(self) -> str:
        return self.settings.token.reveal() if self.settings.token else ""


async def talk() -> None:
    async with BotHarness(config="bot.yaml", once={"charge": [7, OnceFailed("Timeout", "too late")]}) as configured:
        await configured.requester("ada").says("hi")
    async with BotHarness(Author(AuthorSettings(limit=5)), NoSettings(), built_in=["tickets"], fails=False) as bot:
        ada, sam = bot.requester("ada"), bot.agent("sam")
        assert_type(await ada.says("hi", id="m1", files=[("photo.jpg", b"")]), Heard)
        heard = await ada.presses("Hi")
        assert_type(heard.choices, list[str])
        assert_type(heard.files, list[str])
        await sam.says("hello", case=heard.conversation)
        assert_type(bot.agents_channel, Heard)
        assert_type((await bot.advance("26h"))[0]["text"], Any)
        await bot.restart()
