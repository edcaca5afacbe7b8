"""The settings of the platforms: what each adapter needs to know, and which of them run."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from supportbot.settings import Duration, Secret, Settings

WebAddress = Annotated[str, msgspec.Meta(pattern=r"^https?://", description="an address that starts with https://")]
SocketAddress = Annotated[str, msgspec.Meta(pattern=r"^wss?://", description="an address that starts with wss://")]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535, description="a port from 1 to 65535")]
_ANSWERED = "the ids of other bots and webhooks that are answered; all others are ignored"
Snowflake = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}$", description="an id of Discord's, digits in quotes")]
BotIds = Annotated[tuple[str, ...], msgspec.Meta(description=_ANSWERED)]
Connections = Annotated[int, msgspec.Meta(ge=1, le=10, description="from 1 to 10 connections")]
OutsideAgents = Annotated[tuple[str, ...], msgspec.Meta(description="ids of people of other workspaces, U…")]
SlashCommand = Annotated[
    str, msgspec.Meta(pattern=r"^/[a-z0-9_-]{1,31}$", description="a slash and small letters, as /support")
]
PathOnServer = Annotated[str, msgspec.Meta(pattern=r"^/", description="a path that starts with /")]
Prompts = Annotated[dict[str, str], msgspec.Meta(max_length=4, description="up to four prompts")]
WorkspaceName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?!main$)[a-z0-9][a-z0-9_-]{0,31}$",
        description="a name of up to 32 small letters, digits, - and _, other than main",
    ),
]
ChannelMode = Literal["always", "mention", "never"]
"""Where the bot takes part: in every new topic, where it is mentioned, or not at all."""


class ConsoleSettings(Settings):
    """The terminal, as a place to talk to the bot."""

    bots: BotIds = ()


class SlackSettings(Settings):
    """One Slack app."""

    bot_token: Secret
    mode: Literal["socket", "http"] = "socket"
    """How Slack reaches the bot: a connection that the bot opens, or requests that come in."""
    app_token: Secret | None = None
    """What socket mode connects with."""
    signing_secret: Secret | None = None
    """What http mode checks requests with."""
    workspaces: dict[WorkspaceName, Secret] = msgspec.field(default_factory=dict)
    """Other workspaces that the app is installed in: a name for each, and its bot token; `bot_token` is ``main``'s."""
    api_url: WebAddress = "https://slack.com/api/"
    host: str = "127.0.0.1"
    """Where http mode listens; by default only this machine can reach it."""
    port: Port = 3000
    path: PathOnServer = "/slack/events"
    """Where http mode listens, for events, commands and interactions alike."""
    connections: Connections = 2
    """How many connections socket mode keeps: one is there while another renews."""
    channels: dict[str, ChannelMode] = msgspec.field(default_factory=dict)
    """In which channels the bot takes part: by name or pattern (``ext-*``), ``shared`` and ``default`` for the rest."""
    agents: str = ""
    """The user group (``S…``) whose members are the agents; by default the members of the agents' channel."""
    outside_agents: OutsideAgents = ()
    """People of other workspaces (``U…``) who are agents all the same."""
    command: SlashCommand = "/support"
    """The slash command that the Slack app has for the bot."""
    ticket_emoji: str = ""
    """An emoji that opens a ticket from the message it is put on, as ``ticket``."""
    unanswered_after: Duration | None = None
    """A new topic in a channel that is ``always`` the bot's is shown to the agents if no human answers in this time."""
    privacy_hint: bool = False
    """Whoever writes an e-mail address, a number or a secret in a channel is told, alone, that others can read it."""
    ai_threads: bool = False
    """Messages to the bot are threads of Slack's assistant view, each a conversation of its own."""
    prompts: Prompts = msgspec.field(default_factory=dict)
    """What is suggested in a new thread of the assistant view: what stands on it, and the message that it sends."""
    bots: BotIds = ()

    def __post_init__(self) -> None:
        needed = "app_token" if self.mode == "socket" else "signing_secret"
        if getattr(self, needed) is None:
            raise ValueError(f'mode {self.mode} needs {needed}; put it into .env and write {needed}: "${{NAME}}"')
        if len({self.bot_token, *self.workspaces.values()}) <= len(self.workspaces):
            raise ValueError("two of the workspaces have the same bot token; each has one of its own")


class DiscordSettings(Settings):
    """One Discord bot."""

    token: Secret
    help_channels: tuple[Snowflake, ...] = ()
    """Channels and forums in which the bot takes part in every new topic."""
    channels: dict[str, ChannelMode] = msgspec.field(default_factory=dict)
    """In which other channels the bot takes part: by name or pattern (``help-*``), ``default`` for the rest."""
    agent_roles: tuple[Snowflake, ...] = ()
    """The roles whose members are the agents; by default whoever can see the agents' channel."""
    answers: Literal["thread", "reply"] = "thread"
    """How a message in a channel is answered: in a thread that is begun from it, or by a reply to it."""
    ticket_emoji: str = ""
    """An emoji that opens a ticket from the message it is put on: itself, or the name of one of the server's."""
    unanswered_after: Duration | None = None
    """A new topic in a channel that is ``always`` the bot's is shown to the agents if no human answers in this time."""
    privacy_hint: bool = True
    """Whoever writes an e-mail address, a number or a secret in a channel is told, alone, that others can read it."""
    api_url: WebAddress = "https://discord.com/api/v10"
    gateway_url: SocketAddress = "wss://gateway.discord.gg/"
    bots: BotIds = ()


class AdaptersSettings(Settings):
    """The platforms that the bot serves: those that are given."""

    console: ConsoleSettings | None = None
    slack: SlackSettings | None = None
    discord: DiscordSettings | None = None

    @property
    def given(self) -> tuple[str, ...]:
        """Name those that run."""
        return tuple(name for name in self.__struct_fields__ if getattr(self, name) is not None)

    @property
    def unanswered_after(self) -> dict[str, int]:
        """Tell of each that says so how long a topic waits for a human, in milliseconds."""
        given = {name: getattr(getattr(self, name), "unanswered_after", None) for name in self.given}
        return {name: span for name, span in given.items() if span}

    @property
    def hinting(self) -> frozenset[str]:
        """Name those on which people are told what they should rather not write where others read."""
        return frozenset(name for name in self.given if getattr(getattr(self, name), "privacy_hint", False))

    @property
    def bots(self) -> frozenset[str]:
        """Name the other bots that are answered, as ``slack/B024BE7LD``."""
        return frozenset(f"{name}/{bot}" for name in self.given for bot in getattr(self, name).bots)
