"""Who may do what: one table over every command and choice of the loaded skills, for every kind of principal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from supportbot.adapters.console import AGENTS
from supportbot.domain.article import Article
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.event import Event
from supportbot.domain.ticket import TICKETS
from supportbot.testing.harness import BotHarness, Heard, Party
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()
REFUSED, NOT_FOUND, UNKNOWN = TEXTS("errors.refused"), TEXTS("tickets.not_found"), TEXTS("errors.unknown_choice")
ELSEWHERE = TEXTS("errors.for_requesters")
DONE = "done"

PRINCIPALS = ("requester", "other requester", "agent", "no agent in the agents' channel")

ARTICLES = (
    Article(id="invoice", question="Where do I find my invoice?", answer="Under Billing."),
    Article(id="password", question="How do I reset my password?", answer="Press Forgot."),
)

FOR_AGENTS = (REFUSED, REFUSED, DONE, REFUSED)
FOR_REQUESTERS = (DONE, DONE, ELSEWHERE, ELSEWHERE)
FOR_THE_OWNER = (DONE, NOT_FOUND, ELSEWHERE, ELSEWHERE)
FOR_ALL = (DONE, DONE, DONE, DONE)

COMMANDS: dict[str, tuple[str, tuple[str, str, str, str]]] = {
    "ticket": ("/ticket The printer", FOR_REQUESTERS),
    "ticket_about": ("/ticket_about Problem", FOR_REQUESTERS),
    "ticket_from_message": ("/ticket_from_message", FOR_REQUESTERS),
    "tickets": ("/tickets", FOR_REQUESTERS),
    "status": ("/status T-1001", (DONE, NOT_FOUND, DONE, NOT_FOUND)),
    "add": ("/add T-1001 it smokes", FOR_THE_OWNER),
    "human": ("/human please", FOR_REQUESTERS),
    "help": ("/help", FOR_ALL),
    "cancel": ("/cancel", FOR_ALL),
    "claim": ("/claim T-1001 over", FOR_AGENTS),
    "release": ("/release T-1001", FOR_AGENTS),
    "note": ("/note T-1001 smokes", FOR_AGENTS),
    "assign": ("/assign T-1001 @eve", FOR_AGENTS),
    "reply": ("/reply T-1001 hello", FOR_AGENTS),
    "canned": ("/canned", FOR_AGENTS),
    "solve": ("/solve T-1001 bye", FOR_AGENTS),
    "close": ("/close T-1001", FOR_AGENTS),
    "reopen": ("/reopen T-1001", FOR_AGENTS),
    "queue": ("/queue", FOR_AGENTS),
    "skills": ("/skills on faq", FOR_AGENTS),
}
"""What each principal gets for a command about the ticket of the requester, which is claimed by another agent."""

OF_THE_HOUSE = {"cancel", "skills"}
"""Commands that no skill brings."""

CHOICES: dict[tuple[str, str], str] = {
    ("faq", "show"): "suggested",
    ("faq", "none_of_these"): "suggested",
    ("faq", "helped"): "answered",
    ("faq", "not_quite"): "answered",
    ("tickets", "close"): "ticket shown",
    ("tickets", "add_words"): "ticket shown",
    ("handoff", "leave_as_ticket"): "waiting",
    ("handoff", "keep_waiting"): "waiting",
}
"""Every choice that a skill handles, and the message that offers it; only its requester may press it in their DM."""

EVENTS = {"ticket_solved"}
TIMERS = {("survey", "rate")}
"""What the house alone causes; there is no way to type or press it."""


class World:
    """Ada has a ticket that agent Kim has claimed; Bob, agent Sam and Eve, who is no agent, try things with it."""

    def __init__(self, bot: BotHarness) -> None:
        self.bot = bot
        self.ada, self.kim = bot.requester("ada"), bot.agent("kim")
        self.who: dict[str, Party] = dict(
            zip(PRINCIPALS, (self.ada, bot.requester("bob"), bot.agent("sam"), bot.agent("eve")), strict=True)
        )
        bot._console.is_agent = is_agent  # type: ignore[method-assign]

    async def state(self) -> list[Any]:
        """Look at what a refused person must not have changed: the tickets, and who owns the conversation."""
        tickets = await self.bot.app.store.find(TICKETS, "requester", "main", "console/local/ada")
        page = await self.bot.app.store.find(CONVERSATIONS, "requester", "main", "console/local/ada")
        return [tickets.items, [(c.owner, c.agent, c.handoff, c.refused, c.question) for c in page.items]]


async def is_agent(event: Event) -> bool:
    return event.address.channel == AGENTS and event.person.name != "eve"


@pytest.fixture
async def world(bot_with: BotWith) -> World:
    world = World(await bot_with(articles=ARTICLES))
    await world.ada.says("/human the printer is on fire")
    await world.kim.says("/claim T-1001")
    return world


def outcome(heard: str) -> str:
    return next((known for known in (REFUSED, NOT_FOUND, UNKNOWN, ELSEWHERE) if heard.startswith(known)), DONE)


# --- commands -----------------------------------------------------------------------------------------------------


async def test_every_command_choice_event_and_timer_of_the_loaded_skills_is_in_the_table(world: World) -> None:
    handlers = world.bot.app.bot.handlers
    assert set(handlers.commands) | OF_THE_HOUSE == set(COMMANDS)
    assert set(handlers.choices) == set(CHOICES)
    assert set(handlers.events) == EVENTS
    assert set(handlers.timers) == TIMERS


@pytest.mark.parametrize("principal", PRINCIPALS)
@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_does_for_each_principal_what_the_table_says(
    world: World, command: str, principal: str
) -> None:
    words, expected = COMMANDS[command]
    before = await world.state()
    heard = await world.who[principal].says(words)
    assert heard != ""
    assert outcome(heard) == dict(zip(PRINCIPALS, expected, strict=True))[principal]
    if outcome(heard) != DONE:
        assert await world.state() == before


@pytest.mark.parametrize("principal", ["other requester", "no agent in the agents' channel"])
@pytest.mark.parametrize("command", COMMANDS)
async def test_nobody_learns_whether_anothers_ticket_exists(world: World, command: str, principal: str) -> None:
    words, _ = COMMANDS[command]
    if "T-1001" not in words:
        return
    who = world.who[principal]
    real, invented = await who.says(words), await who.says(words.replace("T-1001", "T-4711"))
    assert real.replace("T-1001", "REF") == invented.replace("T-4711", "REF")
    assert real.choices == invented.choices


@pytest.mark.parametrize("words", ["T-1001", "it is about T-1001, is it done?", "t-1001"])
async def test_naming_anothers_ticket_in_words_says_the_same_as_naming_none(world: World, words: str) -> None:
    bob = world.who["other requester"]
    assert await bob.says(words) == await bob.says(words.replace("1001", "4711"))
    assert "printer" not in await bob.says(words)


async def test_a_list_of_tickets_shows_only_ones_own(world: World) -> None:
    assert (await world.who["other requester"].says("/tickets")).startswith(TEXTS("tickets.none"))


@pytest.mark.parametrize("spelled", ["/claim T-1001", "!claim T-1001", "/CLAIM t-1001", "/Claim   T-1001"])
async def test_no_spelling_of_a_command_gets_around_its_role(world: World, spelled: str) -> None:
    before = await world.state()
    for principal in ("requester", "other requester", "no agent in the agents' channel"):
        assert await world.who[principal].says(spelled) == REFUSED
    assert await world.state() == before


async def test_the_role_is_asked_when_somebody_acts_not_when_a_choice_was_shown(world: World) -> None:
    await world.kim.says("/release T-1001")
    assert await world.who["no agent in the agents' channel"].presses("Claim") == REFUSED
    assert "sam" in await world.who["agent"].presses("Claim")


async def test_words_of_no_agent_in_a_cases_thread_reach_nobody(world: World) -> None:
    (case,) = (await world.bot.app.store.find(CONVERSATIONS, "owner", "main", "agent")).items
    before = len(world.bot.shown)
    assert await world.who["no agent in the agents' channel"].says("hello ada", case=case.id) == REFUSED
    assert [line for line in world.bot.shown[before:] if line["to"] == "ada"] == []


async def test_words_of_an_agent_who_has_not_claimed_reach_nobody(world: World) -> None:
    (case,) = (await world.bot.app.store.find(CONVERSATIONS, "owner", "main", "agent")).items
    before = len(world.bot.shown)
    await world.who["agent"].says("hello ada", case=case.id)
    assert [line for line in world.bot.shown[before:] if line["to"] == "ada"] == []


async def test_a_requester_cannot_write_into_a_cases_thread_by_naming_it(world: World) -> None:
    (case,) = (await world.bot.app.store.find(CONVERSATIONS, "owner", "main", "agent")).items
    before = len(world.bot.shown)
    await world.who["other requester"].says("hello ada", case=case.id)
    assert {line["to"] for line in world.bot.shown[before:]} == {"bob"}


# --- choices ------------------------------------------------------------------------------------------------------


async def offered(bot: BotHarness, what: str) -> Heard:
    """Let Ada be shown a message with choices."""
    ada = bot.requester("ada")
    if what == "suggested":
        return await ada.says("my invoice or password")
    if what == "answered":
        return await ada.says("Where do I find my invoice?")
    await ada.says("/human it burns")
    if what == "waiting":
        return Heard([line for line in await bot.advance("16m") if line["to"] == "ada"])
    return await ada.says("/status T-1001")


def id_of(bot: BotHarness, heard: Heard, choice: tuple[str, str]) -> str:
    """Find the button of a handler in a message."""
    labels = {
        ("faq", "show"): "Where",
        ("faq", "none_of_these"): TEXTS("faq.none_of_these"),
        ("faq", "helped"): TEXTS("faq.that_helped"),
        ("faq", "not_quite"): TEXTS("faq.not_quite_label"),
        ("tickets", "close"): TEXTS("tickets.close_label"),
        ("tickets", "add_words"): TEXTS("tickets.add_label"),
        ("handoff", "leave_as_ticket"): TEXTS("handoff.leave_it"),
        ("handoff", "keep_waiting"): TEXTS("handoff.keep_waiting"),
    }
    shown = [button for line in heard.lines for button in line.get("choices", [])]
    return next(str(button["id"]) for button in shown if button["label"].startswith(labels[choice]))


@pytest.mark.parametrize("choice", CHOICES, ids=".".join)
@pytest.mark.parametrize("principal", ["bob", "eve"])
async def test_a_choice_in_ones_own_chat_does_nothing_for_anybody_else(
    bot_with: BotWith, choice: tuple[str, str], principal: str
) -> None:
    bot = await bot_with(articles=ARTICLES)
    world = World(bot)
    heard = await offered(bot, CHOICES[choice])
    before, shown = await world.state(), len(bot.shown)
    party = bot.requester("bob") if principal == "bob" else bot.agent("eve")
    answer = await bot.act(party, press=id_of(bot, heard, choice))
    assert answer == UNKNOWN
    assert "it burns" not in answer
    assert await world.state() == before
    assert [line for line in bot.shown[shown:] if line["to"] == "ada"] == []
    await bot.act(bot.requester("ada"), press=id_of(bot, heard, choice))
    assert bot.shown[-1]["text"] != UNKNOWN


@pytest.mark.parametrize("label", ["greeting.human", "greeting.ticket", "greeting.tickets"])
async def test_a_command_behind_anothers_choice_is_not_done_in_their_name(bot_with: BotWith, label: str) -> None:
    bot = await bot_with()
    hello = await bot.requester("ada").says("hello")
    button = next(b for b in hello.lines[0]["choices"] if b["label"] == TEXTS(label))
    assert await bot.act(bot.requester("bob"), press=button["id"]) == UNKNOWN
    assert (await bot.app.store.find(TICKETS, "requester", "main", "console/local/ada")).items == []


@pytest.mark.parametrize("press", ["nonsense", "o_0000000000000000.1", ".", "o_0000000000000000.99", "\0", "x" * 200])
async def test_an_invented_choice_gets_a_reply_and_does_nothing(world: World, press: str) -> None:
    before = await world.state()
    for party in world.who.values():
        assert await world.bot.act(party, press=press) == UNKNOWN
    assert await world.state() == before


async def test_a_number_that_was_not_offered_is_an_unknown_choice(bot_with: BotWith) -> None:
    bot = await bot_with()
    hello = await bot.requester("ada").says("hello")
    name = hello.lines[0]["choices"][0]["id"].rpartition(".")[0]
    for number in ("0", "-1", "99", "1e1", "١", "", " 1", "1 "):
        assert await bot.act(bot.requester("ada"), press=f"{name}.{number}") == UNKNOWN


# --- what only the house causes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", ["/ticket_solved T-1001", "/rate T-1001", "/survey T-1001", "/deadline", "/skill_off"]
)
async def test_what_only_the_house_causes_cannot_be_typed(world: World, words: str) -> None:
    before = await world.state()
    for principal, party in world.who.items():
        heard = await party.says(words)
        assert heard.startswith(TEXTS("errors.unknown_command", command=words[1:].partition(" ")[0])), principal
    assert await world.state() == before


async def test_only_the_requester_rates(world: World) -> None:
    await world.kim.says("/solve T-1001")
    survey = [line for line in await world.bot.advance("1h") if line["to"] == "ada"]
    five = survey[-1]["choices"][4]["id"]
    for principal in PRINCIPALS[1:]:
        await world.bot.act(world.who[principal], press=five)
    (ticket,) = (await world.bot.app.store.find(TICKETS, "requester", "main", "console/local/ada")).items
    assert ticket.survey.rating == 0
    await world.bot.act(world.ada, press=five)
    (ticket,) = (await world.bot.app.store.find(TICKETS, "requester", "main", "console/local/ada")).items
    assert ticket.survey.rating == 5
