"""``assistant.threads.*``: the assistant's panel."""

from __future__ import annotations

from supportbot.testing.slack.assistant import AssistantThread
from supportbot.testing.slack.web_api.request import Method, Request
from supportbot.testing.slack.wire import Json


def _thread(request: Request) -> AssistantThread:
    return request.slack.assistants.find(request.needed("channel_id"), request.needed("thread_ts"))


def set_status(request: Request) -> Json:
    """Show what the app does at the moment; an empty status clears it."""
    request.slack.assistants.set_status(_thread(request), request.text("status"))
    return {}


def set_suggested_prompts(request: Request) -> Json:
    """Offer prompts to press."""
    request.slack.assistants.set_prompts(_thread(request), request.items("prompts"))
    return {}


def set_title(request: Request) -> Json:
    """Name the thread."""
    request.slack.assistants.set_title(_thread(request), request.needed("title"))
    return {}


METHODS = {
    "assistant.threads.setStatus": Method(set_status, ("assistant:write", "chat:write")),
    "assistant.threads.setSuggestedPrompts": Method(set_suggested_prompts, ("assistant:write",)),
    "assistant.threads.setTitle": Method(set_title, ("assistant:write",)),
}
