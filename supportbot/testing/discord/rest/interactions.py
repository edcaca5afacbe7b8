"""Interactions: the first answer, and what the app says later with the interaction's token."""

from __future__ import annotations

from supportbot.testing.discord.interactions import DEFER, Interaction
from supportbot.testing.discord.messages import Message
from supportbot.testing.discord.rest.request import Endpoint, Request
from supportbot.testing.discord.wire import Json, Refused


def callback(request: Request) -> Json | None:
    """Take the first answer."""
    token = request.path["interaction_token"]
    id = request.path["interaction_id"]
    interaction = request.discord.interactions.answer(id, token, request.arguments, request.uploads)
    if request.query.get("with_response") not in ("true", "True", "1"):
        return None
    return _response(request, interaction)


def _response(request: Request, interaction: Interaction) -> Json:
    told: Json = {"id": interaction.id, "type": interaction.type}
    answer: Json = {"interaction": told}
    message = interaction.original
    if message is not None:
        told |= {
            "response_message_id": message.id,
            "response_message_loading": interaction.answer_type == DEFER,
            "response_message_ephemeral": message.ephemeral,
        }
        answer["resource"] = {"type": interaction.answer_type, "message": message.record(viewer=request.bot)}
    return answer


def _interaction(request: Request) -> Interaction:
    if request.path["application_id"] != request.discord.app.id:
        raise Refused.unknown("Webhook")
    return request.discord.interactions.by_token(request.path["interaction_token"])


def _said(request: Request) -> tuple[Interaction, Message]:
    interaction = _interaction(request)
    id = request.path.get("message_id", "@original")
    return interaction, request.discord.interactions.said(interaction, id)


def follow_up(request: Request) -> Json:
    """Say something more."""
    interaction = _interaction(request)
    message = request.discord.interactions.follow_up(interaction, request.arguments, request.uploads)
    return message.record(viewer=request.bot)


def get(request: Request) -> Json:
    """Describe an answer."""
    return _said(request)[1].record(viewer=request.bot)


def edit(request: Request) -> Json:
    """Change an answer, or give the one that was deferred."""
    interaction, message = _said(request)
    request.discord.posts.change_by_bot(message, interaction.channel, request.arguments, request.uploads)
    return message.record(viewer=request.bot)


def delete(request: Request) -> None:
    """Delete an answer."""
    interaction, message = _said(request)
    request.discord.posts.take_away(message, interaction.channel)


_HOOK = "/webhooks/{application_id}/{interaction_token}"
_ORIGINAL, _OTHER = _HOOK + "/messages/@original", _HOOK + "/messages/{message_id}"
_CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
ENDPOINTS = (
    Endpoint("POST", _CALLBACK, "Create Interaction Response", callback),
    Endpoint("GET", _ORIGINAL, "Get Original Interaction Response", get),
    Endpoint("PATCH", _ORIGINAL, "Edit Original Interaction Response", edit),
    Endpoint("DELETE", _ORIGINAL, "Delete Original Interaction Response", delete),
    Endpoint("POST", _HOOK, "Create Followup Message", follow_up),
    Endpoint("GET", _OTHER, "Get Followup Message", get),
    Endpoint("PATCH", _OTHER, "Edit Followup Message", edit),
    Endpoint("DELETE", _OTHER, "Delete Followup Message", delete),
)
