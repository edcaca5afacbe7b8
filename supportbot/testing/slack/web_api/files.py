"""``files.*``: uploading in three steps, describing, and handing out the bytes."""

from __future__ import annotations

from aiohttp import web

from supportbot.testing.slack.backstage import Backstage
from supportbot.testing.slack.files import File
from supportbot.testing.slack.web_api.request import Method, Request
from supportbot.testing.slack.wire import Json, Refused

LARGEST = 1_000_000_000
SIGN_IN = "<!DOCTYPE html><title>Sign in to Slack</title><p>Sign in to your workspace to see this file.</p>"


def get_upload_url(request: Request) -> Json:
    """Announce a file, and learn where to send its bytes."""
    length = request.number("length", 0)
    if length <= 0 or length > LARGEST:
        raise Refused("file_upload_size_restricted" if length > LARGEST else "invalid_arguments")
    file = request.slack.files.announce(request.bot, request.needed("filename"), length)
    return {"upload_url": file.upload_url, "file_id": file.id}


def complete_upload(request: Request) -> Json:
    """Complete uploads and share them, with a comment, in a channel or a thread."""
    announced = request.items("files")
    if not announced:
        raise Refused.invalid("invalid_arguments", ["missing required field: files"])
    files = [request.slack.files.finish(str(one.get("id")), str(one.get("title") or "")) for one in announced]
    places = filter(None, [request.text("channel_id"), *request.text("channels").split(",")])
    for place in dict.fromkeys(places):
        _share(request, place, files)
    return {"files": [file.record() for file in files]}


def _share(request: Request, place: str, files: list[File]) -> None:
    channel = request.slack.directory.channel(place, request.bot)
    if not channel.has(request.bot):
        raise Refused("not_in_channel")
    thread = request.text("thread_ts")
    if thread and thread not in channel.messages:
        raise Refused("thread_not_found")
    for file in files:
        file.channels.append(channel.id)
    comment = request.text("initial_comment")
    request.slack.posts.by_bot(request.bot, channel, comment, [], thread=thread, files=files, subtype="file_share")


def info(request: Request) -> Json:
    """Describe a file, also one of another workspace."""
    file = request.slack.files.find(request.needed("file"), request.workspace)
    return {"file": file.record(whole=True), "comments": [], "response_metadata": {"next_cursor": ""}}


def delete(request: Request) -> Json:
    """Delete a file of the bot's own, with the messages that only showed it."""
    file = request.slack.files.find(request.needed("file"), request.workspace)
    if file.owner is not request.bot:
        raise Refused("cant_delete_file")
    request.slack.files.forget(file)
    for channel in map(request.slack.directory.channels.get, file.channels):
        for message in list(channel.messages.values()) if channel else ():
            if file in message.files:
                message.files.remove(file)
                if channel and not message.files and not message.text:
                    request.slack.posts.take_away(message, channel)
    return {}


METHODS = {
    "files.getUploadURLExternal": Method(get_upload_url, ("files:write",)),
    "files.completeUploadExternal": Method(complete_upload, ("files:write",)),
    "files.info": Method(info, ("files:read",)),
    "files.delete": Method(delete, ("files:write",)),
}


class FileServer:
    """Takes and hands out the bytes of files."""

    def __init__(self, slack: Backstage) -> None:
        self._slack = slack

    async def upload(self, request: web.Request) -> web.Response:
        """Take the bytes of an announced file."""
        data = await request.read()
        if request.content_type == "multipart/form-data":
            return web.Response(status=500, text="the simulator takes the bytes as the body")
        taken = self._slack.files.receive(request.match_info["id"], data)
        return web.Response(text=f"OK - {len(data)}") if taken else web.Response(status=400, text="wrong length")

    async def download(self, request: web.Request) -> web.Response:
        """Hand out a file to who may read files; others are sent to a sign-in page, which answers 200."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        workspace = self._slack.installation(token)
        if workspace is None or "files:read" not in workspace.scopes:
            raise web.HTTPFound(f"/sign-in?redir={request.path}")
        try:
            file = self._slack.files.find(request.match_info["id"], workspace)
        except Refused:
            raise web.HTTPNotFound from None
        return web.Response(body=file.data, content_type=str(file.record(whole=True)["mimetype"]))

    async def sign_in(self, _: web.Request) -> web.Response:
        """Show the page that apps take for a file when they forget the token."""
        return web.Response(text=SIGN_IN, content_type="text/html")
