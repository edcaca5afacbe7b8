"""The server of the Web API: reads a call, lets trouble have its way, performs it, writes it into the log."""

from __future__ import annotations

import json

from aiohttp import web

from supportbot.testing.slack.backstage import APP_TOKEN, Backstage
from supportbot.testing.slack.log import Call
from supportbot.testing.slack.web_api import assistant, chat, conversations, files, reactions, team, users, views
from supportbot.testing.slack.web_api.request import Method, Request, read_arguments
from supportbot.testing.slack.wire import Json, Refused

METHODS: dict[str, Method] = {
    **chat.METHODS,
    **conversations.METHODS,
    **users.METHODS,
    **views.METHODS,
    **reactions.METHODS,
    **files.METHODS,
    **assistant.METHODS,
    **team.METHODS,
}
OPEN_CONNECTION = "apps.connections.open"
BROKEN = "<!DOCTYPE html><title>Server Error</title><h1>We are having trouble</h1>"


class WebApi:
    """Answers the calls of the Web API."""

    def __init__(self, slack: Backstage) -> None:
        self._slack = slack

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        method = request.match_info["method"]
        arguments: Json = {}
        try:
            arguments = await read_arguments(request)
        except (ValueError, Refused) as error:
            refused = error if isinstance(error, Refused) else Refused("invalid_json")
            return self._answer(method, arguments, "", refused.answer())
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(arguments.pop("token", ""))
        happens, retry_after = self._slack.trouble.with_call(method, _place(arguments)) or ("", 0)
        if happens == "429":
            return self._answer(method, arguments, token, Refused("ratelimited").answer(), retry_after)
        if happens == "500":
            self._note(method, arguments, token, Refused("internal_error").answer(), 500)
            return web.Response(status=500, text=BROKEN, content_type="text/html")
        if happens == "refused":
            return self._hang_up(request, method, arguments, token)
        answer = self._perform(method, arguments, token)
        if happens == "lost":
            return self._hang_up(request, method, arguments, token)
        return self._answer(method, arguments, token, answer)

    def _perform(self, name: str, arguments: Json, token: str) -> Json:
        try:
            if name == OPEN_CONNECTION:
                return {"ok": True, "url": self._open_connection(token)}
            method = METHODS.get(name)
            if method is None:
                raise Refused("unknown_method", req_method=name)
            if not token:
                raise Refused("not_authed")
            workspace = self._slack.installation(token)
            if workspace is None:
                raise Refused("not_allowed_token_type" if token == APP_TOKEN else "invalid_auth")
            request = Request(name, arguments, token, self._slack, workspace)
            request.allowed(*method.scopes)
            return {"ok": True, **method.perform(request)}
        except Refused as refused:
            return refused.answer()

    def _open_connection(self, token: str) -> str:
        if token != APP_TOKEN:
            raise Refused(
                "not_allowed_token_type" if token.startswith("xoxb-") else "invalid_auth" if token else "not_authed"
            )
        if "connections:write" not in self._slack.app_scopes:
            raise Refused("missing_scope", needed="connections:write", provided=",".join(self._slack.app_scopes))
        return self._slack.sockets.ticket()

    def _answer(self, method: str, arguments: Json, token: str, answer: Json, retry_after: int = 0) -> web.Response:
        status = 429 if retry_after else 200
        self._note(method, arguments, token, answer, status)
        workspace = self._slack.installation(token)
        headers = {"X-OAuth-Scopes": ",".join(sorted(workspace.scopes))} if workspace else {}
        if retry_after:
            headers["Retry-After"] = str(retry_after)
        body = json.dumps(answer).encode()
        return web.Response(status=status, body=body, content_type="application/json", headers=headers)

    def _hang_up(self, request: web.Request, method: str, arguments: Json, token: str) -> web.Response:
        self._note(method, arguments, token, {"ok": False, "error": "lost"}, 0)
        if request.transport is not None:
            request.transport.close()
        return web.Response()

    def _note(self, method: str, arguments: Json, token: str, answer: Json, status: int) -> None:
        self._slack.log.add(Call(method, arguments, token, self._slack.clock.now(), status, answer))
        self._slack.notices.ring()


def _place(arguments: Json) -> str:
    return str(arguments.get("channel") or arguments.get("channel_id") or "")
