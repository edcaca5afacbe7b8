"""``views.*``: modals and the home tab."""

from __future__ import annotations

from typing import Any

from supportbot.testing.slack import limits
from supportbot.testing.slack.web_api.request import Method, Request
from supportbot.testing.slack.wire import Json, Refused


def _content(request: Request) -> Json:
    view: Any = request.arguments.get("view")
    if not isinstance(view, dict):
        raise Refused.invalid("invalid_arguments", ["missing required field: view"])
    limits.check_view(view)
    return view


def open_view(request: Request) -> Json:
    """Open a modal for who just did something."""
    content = _content(request)
    trigger = request.slack.triggers.use(_trigger(request), request.workspace)
    return {"view": request.slack.views.open(content, trigger.user, request.workspace).record()}


def push(request: Request) -> Json:
    """Put a modal on top of the one from which somebody just did something."""
    content = _content(request)
    trigger = request.slack.triggers.use(_trigger(request), request.workspace)
    return {"view": request.slack.views.push(content, trigger.user, request.workspace).record()}


def _trigger(request: Request) -> str:
    return request.text("trigger_id") or request.needed("interactivity_pointer")


def update(request: Request) -> Json:
    """Let an open view show something else."""
    content = _content(request)
    view = request.slack.views.find(request.text("view_id"), request.text("external_id"))
    return {"view": request.slack.views.update(view, content, request.text("hash")).record()}


def publish(request: Request) -> Json:
    """Show somebody's home tab."""
    content = _content(request)
    user = request.slack.directory.user(request.needed("user_id"), request.bot)
    if user.workspace is not request.workspace:
        raise Refused("not_enabled")
    return {"view": request.slack.views.publish(content, user, request.workspace, request.text("hash")).record()}


METHODS = {
    "views.open": Method(open_view),
    "views.push": Method(push),
    "views.update": Method(update),
    "views.publish": Method(publish),
}
