"""Assistant threads: the app's own panel, with a status while it works, suggested prompts and a title."""

from __future__ import annotations

from dataclasses import dataclass, field

from supportbot.testing.notices import Notices
from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.wire import Json, Refused
from supportbot.testing.slack.workspaces import User

MOST_PROMPTS = 4


@dataclass(eq=False)
class AssistantThread:
    """One thread in the assistant's panel, as its person sees it."""

    user: User
    channel: Channel
    ts: str
    title: str = ""
    prompts: dict[str, str] = field(default_factory=dict)
    """The suggested prompts: what stands on each, and what it sends."""
    statuses: list[str] = field(default_factory=list)
    """Every status that was shown, in order; an empty one cleared it."""

    @property
    def status(self) -> str:
        """What the app says that it does at the moment; nothing once it has answered."""
        return self.statuses[-1] if self.statuses else ""


class Assistants:
    """All assistant threads."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._threads: dict[tuple[str, str], AssistantThread] = {}

    def add(self, thread: AssistantThread) -> AssistantThread:
        """Take note of a thread that a person opened."""
        self._threads[thread.channel.id, thread.ts] = thread
        return thread

    def find(self, channel: str, ts: str) -> AssistantThread:
        """Find a thread, or refuse."""
        thread = self._threads.get((channel, ts))
        if thread is None:
            raise Refused("channel_not_found")
        return thread

    def set_status(self, thread: AssistantThread, status: str) -> None:
        """Show what the app does at the moment."""
        thread.statuses.append(status)
        self._notices.ring()

    def set_prompts(self, thread: AssistantThread, prompts: list[Json]) -> None:
        """Offer prompts; Slack takes four."""
        if len(prompts) > MOST_PROMPTS or not all(prompt.get("title") and prompt.get("message") for prompt in prompts):
            raise Refused("invalid_arguments")
        thread.prompts = {prompt["title"]: prompt["message"] for prompt in prompts}
        self._notices.ring()

    def set_title(self, thread: AssistantThread, title: str) -> None:
        """Name the thread in the person's history."""
        thread.title = title
        self._notices.ring()

    def answered(self, message: Message) -> None:
        """Clear the status once the app has answered."""
        thread = self._threads.get((message.channel_id, message.thread_ts))
        if thread is not None and thread.status:
            thread.statuses.append("")
