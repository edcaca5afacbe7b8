"""Several workspaces: one app, one team of agents, and people who write to it from a workspace of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from supportbot.adapters.slack import workspaces
from supportbot.adapters.slack.adapter import Slack
from supportbot.adapters.slack.installation import Installation
from supportbot.adapters.slack.manifest import SHORTCUT
from supportbot.app import App
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.testing.slack import Message, SlackWorld
from supportbot.testing.slack.workspaces import Workspace
from supportbot.texts import Texts
from tests.scenarios.slack.conftest import Desk, OpenDesk, shown

TEXTS = Texts()
NOBODY = "xoxb-of-nobody"


@dataclass
class Two:
    """The team's own Slack, and zoe's at Acme."""

    desk: Desk
    acme: Workspace
    zoe: Any

    @property
    def refused(self) -> list[str]:
        """What Slack refused."""
        return [str(call) for call in self.desk.slack.world_log.calls(ok=False)]


async def opened(open_desk: OpenDesk, two: Two | None = None, **more: Any) -> Two:
    """Open a desk for both workspaces; `token` is Acme's, if not the right one."""
    if two is None:
        desk = await open_desk(starts=False)
        acme = desk.slack.other_workspace("Acme", installed=True)
        two = Two(desk, acme, desk.slack.person("Zoe", workspace=acme))
    secrets = {"ACME": more.pop("token", two.acme.bot_token)}
    settings = {"workspaces": {"acme": "${ACME}"}, "channels": {"help": "always"}, **more.pop("slack", {})}
    await open_desk(slack=settings, secrets=secrets, **more)
    return two


@pytest.fixture
def hasty(slack_world: SlackWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a workspace be tried again at once; whoever waits in Slack looks again when it is served, or lost."""
    monkeypatch.setattr(workspaces, "PAUSES", (0.05,))
    connect, lose = Installation.connect, Installation.lose

    async def connect_and_ring(self: Installation) -> None:
        await connect(self)
        slack_world._backstage.notices.ring()

    def lose_and_ring(self: Installation, error: Exception) -> None:
        lose(self, error)
        slack_world._backstage.notices.ring()

    monkeypatch.setattr(Installation, "connect", connect_and_ring)
    monkeypatch.setattr(Installation, "lose", lose_and_ring)


async def claimed(two: Two) -> Message:
    """Let zoe ask for a person, and sam claim it; returns the card."""
    desk, zoe = two.desk, two.zoe
    await zoe.dm("I want to talk to a human")
    assert "T-1001" in await zoe.hears()
    card: Message = await desk.sam.hears(desk.team)
    await desk.sam.presses("Claim", on=card)
    assert "sam is with you now" in await zoe.hears()
    await desk.sam.sees("Claimed by sam", desk.team)
    return card


def files_of(messages: list[Message]) -> list[str]:
    return [file.name for message in messages for file in message.files]


# --- all four jobs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_somebody_of_another_workspace_is_helped_by_the_team(open_desk: OpenDesk, mode: str) -> None:
    two = await opened(open_desk, mode=mode)
    desk, zoe, sam, team = two.desk, two.zoe, two.desk.sam, two.desk.team

    await zoe.dm("how do I reset my password?")
    answer = await zoe.hears()
    assert "Open Settings, then Security" in answer
    await zoe.presses("Not quite", on=answer)
    await zoe.presses("Talk to a person", on=await zoe.hears())
    assert "T-1001" in await zoe.hears()

    card = await sam.hears(team)
    assert "zoe (Acme)" in card
    await sam.presses("Claim", on=card)
    assert "sam is with you now" in await zoe.hears()
    await sam.writes(team, "Hello Zoe, what is wrong?", thread=card)
    assert "Hello Zoe, what is wrong?" in await zoe.hears()
    await zoe.dm("It says my account is locked")
    await sam.sees("It says my account is locked", team, thread=card)

    await desk.ada.dm("how do I reset my password?")  # the team's own people are served as before
    assert "Open Settings" in await desk.ada.hears()

    await sam.writes(team, "/solve Unlocked!", thread=card)
    assert "Unlocked!" in await zoe.hears()
    assert "solved" in await zoe.hears()
    await zoe.hears()
    await zoe.presses("5")
    assert "Thank you" in await zoe.hears()
    assert two.refused == []


async def test_edits_deletions_and_files_go_from_one_workspace_into_the_other(open_desk: OpenDesk) -> None:
    two = await opened(open_desk)
    desk, zoe, sam, team = two.desk, two.zoe, two.desk.sam, two.desk.team
    card = await claimed(two)

    written = await sam.writes(team, "Pres the button", thread=card)
    relayed = await zoe.sees("Pres the button")
    await sam.edits(written, "Press the button")
    assert await zoe.sees("Press the button") is relayed
    said = await zoe.dm("my code is 1234")
    shown = await sam.sees("my code is 1234", team, thread=card)
    await zoe.edits(said, "my code is 4321")
    assert await sam.sees("my code is 4321", team, thread=card) is shown
    await zoe.deletes(said)
    await desk.slack.until(lambda: shown.deleted or None, "the words are gone from the thread")

    await sam.uploads(team, "label.pdf", b"%PDF label", "Print this", thread=card)
    await desk.slack.until(lambda: "label.pdf" in files_of(zoe.reads()) or None, "zoe has the file")
    await zoe.uploads(zoe.direct, "photo.jpg", b"a photo", "like this")
    thread = lambda: sam.reads(team, thread=card)  # noqa: E731
    await desk.slack.until(lambda: "photo.jpg" in files_of(thread()) or None, "sam has the photo")
    assert two.refused == []


# --- ways in ------------------------------------------------------------------------------------------------------


async def test_a_room_of_another_workspace_works_as_one_of_the_teams_own(open_desk: OpenDesk) -> None:
    two = await opened(open_desk)
    slack, zoe = two.desk.slack, two.zoe
    room = slack.channel("help", [zoe], workspace=two.acme)
    topic = await zoe.writes(room, "how do I reset my password?")
    assert "Open Settings" in await zoe.hears(room, thread=topic)

    lobby = slack.channel("lobby", [zoe], workspace=two.acme)
    topic = await zoe.writes(lobby, f"<@{two.acme.installed_bot.id}> I want to talk to a human", exact=True)
    assert "T-1001" in await zoe.hears(lobby, thread=topic)
    card = await two.desk.sam.hears(two.desk.team)
    label, address = card.links[0]
    assert (label, address.startswith("https://acme.slack.com/")) == ("the message", True)


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_command_form_shortcut_and_home_are_answered_where_they_were_used(open_desk: OpenDesk, mode: str) -> None:
    two = await opened(open_desk, mode=mode)
    zoe, sam, team = two.zoe, two.desk.sam, two.desk.team
    await zoe.runs("/support ticket")
    modal = await zoe.sees_modal("Open a ticket")
    await zoe.submits(modal, subject="The printer burns", category="Problem", details="Since noon.")
    await zoe.sees("T-1001")
    assert "The printer burns" in await sam.hears(team)

    room = two.desk.slack.channel("office", [zoe], workspace=two.acme)
    await zoe.uses(SHORTCUT, await zoe.writes(room, "The scanner burns"))
    await zoe.submits(await zoe.sees_modal("Open a ticket"), category="Problem")
    await zoe.sees("T-1002")

    await zoe.opens_home()
    home = await zoe.sees_home("T-1001")
    assert "T-1002" in home
    await zoe.presses(TEXTS("tickets.open_one"), on=home)
    await zoe.sees_modal("Open a ticket")
    assert two.refused == []


async def test_what_was_written_while_the_bot_was_away_is_answered_in_every_workspace(open_desk: OpenDesk) -> None:
    two = await opened(open_desk)
    await two.zoe.dm("/help")
    await two.zoe.hears()
    assert two.desk.app is not None
    await two.desk.app.stop()
    await two.zoe.dm("how do I reset my password?")
    await two.desk.ada.dm("how do I reset my password?")
    await opened(open_desk, two)
    assert "Open Settings" in await two.zoe.hears()
    assert "Open Settings" in await two.desk.ada.hears()


# --- who is who ---------------------------------------------------------------------------------------------------


async def test_nobody_of_another_workspace_is_an_agent(open_desk: OpenDesk) -> None:
    two = await opened(open_desk)
    await two.desk.ada.dm("I want to talk to a human")
    await two.desk.sam.hears(two.desk.team)
    await two.zoe.dm("/claim T-1001")
    assert "only the support team" in await two.zoe.hears()
    await two.zoe.dm("/status T-1001")
    assert shown(TEXTS("tickets.not_found")) in await two.zoe.hears()


async def test_all_workspaces_are_one_tenant(open_desk: OpenDesk) -> None:
    two = await opened(open_desk)
    await two.zoe.dm("how do I reset my password?")
    await two.zoe.hears()
    assert two.desk.app is not None
    (case,) = (await two.desk.app.store.find(CONVERSATIONS, "age")).items
    assert (case.tenant, case.address.workspace) == ("main", "acme")
    assert case.requester.id == f"slack/{two.acme.id}/{two.zoe.id}"


async def test_the_agents_may_be_in_another_workspace_than_main(open_desk: OpenDesk) -> None:
    two = await opened(open_desk)
    assert two.desk.app is not None
    await two.desk.app.stop()
    tess = two.desk.slack.person("Tess", workspace=two.acme)
    desk_of_acme = two.desk.slack.channel("desk", [tess], workspace=two.acme, private=True)
    await opened(open_desk, two, desk={"agents_channel": f"slack:acme/{desk_of_acme.id}"})
    await two.desk.ada.dm("I want to talk to a human")
    card = await tess.hears(desk_of_acme)
    assert "ada (Example)" in card
    await tess.presses("Claim", on=card)
    await two.desk.ada.sees("tess is with you now")
    await tess.writes(desk_of_acme, "Hello Ada", thread=card)
    await two.desk.ada.sees("Hello Ada")


async def test_a_channel_that_two_of_the_workspaces_share_is_served_once_by_the_first(open_desk: OpenDesk) -> None:
    two = await opened(open_desk, slack={"channels": {"shared": "always"}})
    slack, zoe = two.desk.slack, two.zoe
    room = slack.channel("together", [zoe, two.desk.sam], workspace=two.acme, shared_with=[slack.workspace])
    room.members[slack.bot.id] = slack.bot  # both bots are in it, and Slack names acme's in what it tells
    topic = await zoe.writes(room, f"<@{two.acme.installed_bot.id}> I want to talk to a human", exact=True)
    heard = await zoe.hears(room, thread=topic)
    assert "T-1001" in heard
    assert heard.author is slack.bot
    card = await two.desk.sam.hears(two.desk.team)
    assert "zoe (Acme)" in card
    await two.desk.sam.writes(room, "I have a look", thread=topic)  # an agent who answers there has claimed it
    await two.desk.sam.sees("Claimed by sam", two.desk.team)
    assert [message for message in room.heard if message.author is two.acme.installed_bot] == []


# --- when one of them is away -------------------------------------------------------------------------------------


async def test_a_workspace_that_is_not_configured_is_not_served(open_desk: OpenDesk) -> None:
    two = await opened(open_desk)
    slack = two.desk.slack
    other = slack.other_workspace("Other", installed=True)
    una = slack.person("Una", workspace=other)
    await una.dm("how do I reset my password?")
    await una.runs("/support human")
    await slack.settled()
    assert {delivery.state for delivery in slack.deliveries.all} == {"acknowledged"}
    await two.zoe.dm("how do I reset my password?")
    await two.zoe.hears()
    assert una.unheard() == []


def states(app: App) -> list[str]:
    """What keeps each workspace away, "" where it is served."""
    slack = app.adapters["slack"]
    assert isinstance(slack, Slack)
    return [known.trouble for known in slack.workspaces]


@pytest.mark.usefixtures("hasty")
async def test_a_token_that_is_rejected_keeps_only_its_own_workspace_away_until_it_is_good(open_desk: OpenDesk) -> None:
    two = await opened(open_desk, token=NOBODY)
    app = two.desk.app
    assert app is not None
    assert states(app) == ["", "Slack rejects the token"]
    await two.desk.ada.dm("how do I reset my password?")
    assert "Open Settings" in await two.desk.ada.hears()
    two.acme.bot_token = NOBODY  # somebody makes it good
    await two.desk.slack.until(lambda: not any(states(app)) or None, "acme is served")
    await two.zoe.dm("how do I reset my password?")
    assert "Open Settings" in await two.zoe.hears()


async def test_what_was_missed_is_read_also_while_another_workspace_is_away_from_the_first_start_on(
    open_desk: OpenDesk,
) -> None:
    two = await opened(open_desk, token=NOBODY)
    assert two.desk.app is not None
    await two.desk.app.stop()
    await two.desk.ada.dm("how do I reset my password?")
    await opened(open_desk, two, token=NOBODY)
    assert "Open Settings" in await two.desk.ada.hears()


@pytest.mark.usefixtures("hasty")
async def test_what_comes_before_a_workspace_is_known_comes_again(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = await opened(open_desk, starts=False)
    broken = two.desk.slack.trouble
    real, calls = broken.with_call, iter([None])

    def strike(method: str, channel: str) -> Any:
        is_first = method != "auth.test" or next(calls, "later") is None  # main's own call is the first
        return real(method, channel) if is_first else ("500", 0)

    monkeypatch.setattr(broken, "with_call", strike)
    await opened(open_desk, two, mode="http")
    await two.zoe.dm("how do I reset my password?")
    told = two.desk.slack.deliveries.all[-1]
    await two.desk.slack.until(lambda: told.failures or None, "it is not acknowledged")
    monkeypatch.setattr(broken, "with_call", real)
    app = two.desk.app
    assert app is not None
    await two.desk.slack.until(lambda: not any(states(app)) or None, "acme is served")
    two.desk.slack.redelivers()
    assert "Open Settings" in await two.zoe.hears()


@pytest.mark.usefixtures("hasty")
async def test_a_token_that_is_taken_back_stops_nobody_else(open_desk: OpenDesk) -> None:
    two = await opened(open_desk)
    card = await claimed(two)
    two.acme.bot_token = "xoxb-taken-back"
    await two.desk.sam.writes(two.desk.team, "Hello Zoe", thread=card)
    app = two.desk.app
    assert app is not None
    await two.desk.slack.until(lambda: any(states(app)) or None, "the token was taken back")
    await two.desk.ada.dm("how do I reset my password?")
    assert "Open Settings" in await two.desk.ada.hears()
    assert not any("Hello Zoe" in message for message in two.zoe.unheard())
