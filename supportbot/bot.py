"""The bot: one message's way through the house, readable from top to bottom. ::

platform ─► adapter ─► intake ─► (stored, then acknowledged) ─► one conversation at a time
                                                                     │
     desk  ◄── turn ◄── skill ◄── dispatch ◄── ownership ◄───────────┘
       │                                        (an agent has it? relay, skip the skills)
       └─► one commit ─► outbox ─► delivery ─► adapter ─► platform
"""

from __future__ import annotations

from dataclasses import replace

from supportbot.adapters.base import Adapter
from supportbot.clock import Clock
from supportbot.desk import attachments, closing
from supportbot.desk.ledger import Ledger
from supportbot.desk.rules import Rules
from supportbot.domain.address import PLACES, Address
from supportbot.domain.dialogue import DIALOGUES
from supportbot.domain.event import Event, Signal
from supportbot.domain.reply import Outgoing, Purpose, Reply
from supportbot.domain.work import TURNS, Work, outbox, to_send
from supportbot.errors import Conflict, LostClaim, Unfinished
from supportbot.faults import fault_point
from supportbot.ids import derived
from supportbot.knowledge.base import Knowledge
from supportbot.pipeline import corrections, ownership, panels, relay, succession, topics
from supportbot.pipeline.blocks import BLOCKING, Blocks
from supportbot.pipeline.crew import MOST_ATTEMPTS, Crew
from supportbot.pipeline.delivery import Delivery
from supportbot.pipeline.dispatch import Dispatch
from supportbot.pipeline.floods import Floods
from supportbot.pipeline.handlers import Handlers
from supportbot.pipeline.hints import Hints
from supportbot.pipeline.intake import Intake
from supportbot.pipeline.isolation import Isolation
from supportbot.pipeline.loops import Loop
from supportbot.pipeline.ownership import Scene
from supportbot.pipeline.rooms import BUILT_IN, Rooms
from supportbot.pipeline.running import Running, answer, way_on
from supportbot.pipeline.switches import Switches
from supportbot.pipeline.timers import Timers
from supportbot.pipeline.unanswered import Unanswered
from supportbot.storage.base import Changes, Store
from supportbot.vitals import Vitals

_MOST_RERUNS = 20


class Bot:
    """Everything between an adapter and the store."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        rules: Rules,
        handlers: Handlers,
        knowledge: Knowledge,
        adapters: dict[str, Adapter],
    ) -> None:
        self.store = store
        self.clock = clock
        self.rules = rules
        self.adapters = adapters
        self.vitals = Vitals()
        self.isolation = Isolation()
        self.switches = Switches(clock)
        floods = Floods(rules.limits, unlimited=adapters.keys() - rules.strangers)
        self.blocks = Blocks(store, rules, clock, is_agent=self._is_agent)
        self.intake = Intake(
            store, rules, clock, floods=floods, blocks=self.blocks, is_agent=self._is_agent, vitals=self.vitals
        )
        self.delivery = Delivery(store, clock, rules, adapters, self.vitals)
        self.running = Running(self.isolation, self.switches, knowledge, self._one_moment, self.vitals)
        self.rooms = Rooms(store, clock)
        self.unanswered = Unanswered(self.rooms)
        self.replace_skills(handlers)
        outboxes = {outbox(name): self.delivery.deliver for name in adapters}
        self.crew = Crew(store, clock, {TURNS: self._timed_turn, **outboxes}, self._bury, self.vitals)
        self.hints = Hints(self.crew)
        self.crew.on_stuck = self.isolation.let_go
        self.running.is_stopping = lambda: self.crew.is_stopping
        self.delivery.crew = self.crew

    def replace_skills(self, handlers: Handlers) -> None:
        """Decide every turn that begins from now on by these skills; one that runs goes on with those it has."""
        self.handlers = handlers
        self.rules = replace(
            self.rules,
            listened=frozenset(handlers.events),
            commands=frozenset(handlers.commands) | BUILT_IN | BLOCKING,
            variants=handlers.variants(),
            help_lines=handlers.help_lines(),
        )
        self.dispatch = Dispatch(handlers, self.running, self.switches, self.rooms, self.blocks)

    async def keep_panels_current(self) -> None:
        """Change the panels that would look different with the words, skills and settings of now."""
        await panels.keep_current(self.store, self.rules, self.clock, self.crew)

    async def receive(self, event: Event, cause: str = "") -> bool:
        """Take in what a person did: when this returns it is stored and may be acknowledged; the rest follows.

        Returns whether it is new: the same event, delivered again, changes nothing.
        """
        changes, claimed = await self.intake.keep(event)
        self.crew.accounts.put(changes, cause)
        self.crew.start(claimed)
        return bool(changes.work)

    async def concerns(self, event: Event) -> bool:
        """Tell whether something is said to the bot, or where it has a part; all else is talk among people."""
        if self.rules.ignores(event) or self.rules.tenant_of(event.address) is None:
            return False
        if await self.blocks.of(event):
            return False
        if event.address.outside_thread == self.rules.agents:
            return not event.opens_topic
        if event.direct or await self.store.get(PLACES, event.address.key):
            return True
        mode = await self.rooms.mode(event.address, event.room)
        return (event.mentioned and mode != "never") or (event.opens_topic and mode == "always")

    async def turn(self, work: Work) -> list[Work]:
        """Deal with one thing that happened: decide, and commit all that comes of it at once.

        If the conversation changed meanwhile (an agent claimed it, say), nothing was done, and it is decided again. So
        it is where a skill left something that cannot be stored; this time that is the skill's failure.
        """
        if work.attempt > MOST_ATTEMPTS:
            raise Unfinished(f"{work.id} was begun {MOST_ATTEMPTS} times, and each time the process ended in it")
        careful = False
        for _ in range(_MOST_RERUNS):
            ledger = await self._decide(work, careful=careful)
            fault_point("turn.before_commit")
            try:
                claimed = await self.crew.commit(ledger.changes(work), work)
            except Conflict:
                continue
            except LostClaim as lost:
                if lost.work_id == work.id or not ledger.withdrawn:
                    raise
                continue  # a message to be withheld was just being sent
            except (TypeError, ValueError, RecursionError):
                if careful:
                    raise
                careful = True
                continue
            fault_point("turn.after_commit")
            for note in ledger.after:
                note()
            return claimed
        raise Conflict(f"{work.id} met {_MOST_RERUNS} changes of its conversation one after another")

    async def _timed_turn(self, work: Work) -> list[Work]:
        since, outcome = self.vitals.elapsed(), "failed"
        try:
            claimed = await self.turn(work)
            outcome = "done"
        except LostClaim:
            outcome = "lost"
            raise
        finally:
            self.vitals.turned(outcome, since)
        return claimed

    async def _decide(self, work: Work, *, careful: bool) -> Ledger:
        """Decide what comes of it; what the same person wrote right behind it is dealt with together.

        But a dialogue, and what is done once in the outside world, takes one message at a time: where it comes to
        that, it is decided again for this message alone.
        """
        along = await succession.behind(self.store, work)
        ledger = await self._decide_for(work, along, careful=careful)
        if along and (ledger.must_part or ledger.has_put(DIALOGUES)):
            ledger = await self._decide_for(work, [], careful=careful)
        return ledger

    async def _decide_for(self, work: Work, along: list[Work], *, careful: bool) -> Ledger:
        cause = f"{work.id}+{len(along)}" if along else work.id
        dispatch = self.dispatch
        ledger = Ledger(self.store, self.rules, self.clock.now(), cause)
        ledger.withdrawn += along
        ledger.is_joined = bool(along)
        ledger.is_careful = careful
        if isinstance(work.payload, Signal):
            scene = await ownership.scene_of_signal(ledger, work.payload)
            if scene:
                await Timers(dispatch).run(scene, work.payload, work.id)
        elif isinstance(work.payload, Event):
            others = [other.payload for other in along if isinstance(other.payload, Event)]
            is_agent = await self._is_agent(work.payload)
            event = succession.joined(work.payload, others, self.rules.limits.message_characters)
            scene = await ownership.scene_of_event(ledger, event, is_agent=is_agent)
            ledger.must_part = bool(along) and scene.case.has_open_question
            if not ledger.must_part:
                said = [work.payload, *others]
                if await self.rooms.takes_part(scene):
                    await self.hints.give(scene)
                    await self._route(dispatch, scene, said)
                else:
                    ledger.forget()
                await self.unanswered.note(scene)
                await topics.offer(scene, self.rooms)
                await attachments.lead(scene.case, said)  # last: only now is it known whether a new case is kept
        await closing.close_behind(ledger, is_by_person=isinstance(work.payload, Event))
        return ledger

    async def _is_agent(self, event: Event) -> bool:
        """Ask the platform whether an agent did this; another bot never is one."""
        return not event.by_bot and await self.adapters[event.address.adapter].is_agent(event)

    async def _route(self, dispatch: Dispatch, scene: Scene, said: list[Event]) -> None:
        if scene.event.is_unread:
            await relay.unread(scene)
        elif scene.event.kind in ("edit", "delete"):
            await corrections.follow(scene, dispatch)
        elif scene.side == "agents":
            if await dispatch.act(scene):
                return
            if scene.event.kind == "message" and not await dispatch.go_on(scene):
                await relay.from_agent(scene)
        elif scene.event.kind in ("message", "command", "press", "form"):
            await self._hear(dispatch, scene, said)

    async def _hear(self, dispatch: Dispatch, scene: Scene, said: list[Event]) -> None:
        """Deal with what a requester did, unless it goes round in circles."""
        loop = await Loop.seen(scene)
        ownership.heard(scene, said)
        if loop.is_over:
            loop.fall_silent()
            return
        relay.tell_left_out(scene, said)
        if loop.needs_last_word:
            answer(scene, Reply(scene.case.texts("errors.same_again"), way_on(scene)))
        elif _is_empty(scene.event):
            answer(scene, scene.case.texts("errors.empty_message"))
        elif not await dispatch.act(scene):
            await self._hear_words(dispatch, scene, said)
        await loop.count()

    async def _hear_words(self, dispatch: Dispatch, scene: Scene, said: list[Event]) -> None:
        """Deal with plain words: they are an agent's, or for the people who have the case, or for the bot."""
        event, case = scene.event, scene.case
        if scene.is_agent and not event.direct and case.conversation.requester.id != scene.person.id:
            await relay.claim_by_speaking(scene)
        elif scene.owner in ("queue", "agent"):
            if not await dispatch.go_on(scene):
                await relay.from_requester(scene, said)
        elif _is_between_people(scene):
            case.ledger.forget()
        else:
            await dispatch.message(scene)
            if not event.direct and not case.ledger.outgoing:
                case.ledger.forget()  # said among people and not for the bot: it keeps nothing of it

    async def _one_moment(self, scene: Scene) -> None:
        """Tell a person that it takes a moment, beside the turn that takes it."""
        if not isinstance(scene.origin, Event) or not (scene.origin.direct or scene.origin.mentioned):
            return
        notice = Outgoing(
            id=derived("o", scene.origin.key, "one moment"),
            address=scene.here,
            conversation=scene.case.conversation.id,
            purpose="notice",
            text=self.rules.texts("errors.one_moment"),
            at=self.clock.now(),
        )
        await self.crew.say_once(notice)  # they may have been told, in a turn that is decided again

    async def _bury(self, work: Work, changes: Changes) -> None:
        """Say what must be heard about work that failed for good: never silence."""
        if isinstance(work.payload, Event):
            self._post(changes, work, work.payload.address, "notice", self.rules.texts("errors.given_up"))
        words = self.rules.texts("agents.given_up", work=work.code, reason=work.error or "?")
        self._post(changes, work, self.rules.agents, "agents", words)

    def _post(self, changes: Changes, work: Work, address: Address, purpose: Purpose, words: str) -> None:
        notice = Outgoing(
            id=derived("o", work.id, purpose, "buried"),
            address=address,
            conversation=work.group,
            purpose=purpose,
            text=words,
            at=self.clock.now(),
        )
        changes.add(to_send(notice))


def _is_empty(event: Event) -> bool:
    """Tell whether somebody sent the bot nothing at all; among people that is not for the bot."""
    said = event.kind in ("press", "form") or event.text.strip() or event.files
    return not said and (event.direct or event.mentioned)


def _is_between_people(scene: Scene) -> bool:
    """Tell a word in other people's talk, which the bot has no part in, from one that opens a topic."""
    event = scene.event
    is_new = scene.case.conversation.version == 0
    return is_new and not (event.direct or event.mentioned or event.opens_topic)
