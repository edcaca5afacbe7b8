"""Requests that are not Slack's, or not fresh: all are turned away with 401, and none has any effect."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import random
import time
from pathlib import Path

import pytest

from supportbot.testing.slack import FORGERIES, SlackWorld
from tests.faults.platforms.skills import Clerk
from tests.faults.slack.conftest import answered, said, serving

Headers = dict[str, str]
STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


def signed(slack: SlackWorld, body: bytes, stamp: str, secret: str = "") -> Headers:
    base = b"v0:" + stamp.encode() + b":" + body
    made = hmac.new((secret or slack.signing_secret).encode(), base, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", STAMP: stamp, SIGNATURE: f"v0={made}"}


def mutated(slack: SlackWorld, body: bytes, headers: Headers, chance: random.Random) -> tuple[bytes, Headers]:
    """Change a good request so that it is good no more; a few are left as they are, and are replays."""
    headers, place = dict(headers), chance.randrange(len(body))
    name = chance.choice((STAMP, SIGNATURE))
    now = int(time.time())
    how = chance.randrange(10)
    if how == 0:
        body = body[:place] + bytes([body[place] ^ (1 << chance.randrange(8))]) + body[place + 1 :]
    elif how == 1:
        body = body[:place] + chance.randbytes(chance.randint(1, 9)) + body[place:]
    elif how == 2:
        body = body[:place]
    elif how == 3:
        del headers[name]
    elif how == 4:
        cut = chance.randrange(len(headers[name]))
        headers[name] = headers[name][:cut] + chance.choice("0aZ -.eé\t=") + headers[name][cut + 1 :]
    elif how == 5:
        headers[name] = chance.choice(
            ("", "v0=", "0", "-1", "1e9", "９" * 10, "NaN", "9" * 500, "v0=" + "0" * 64, "true")
        )
    elif how == 6:
        headers = signed(slack, body, str(now), chance.choice(("guessed", "simulated", slack.signing_secret.upper())))
    elif how == 7:
        age = chance.choice((-1, 1)) * chance.randint(302, 10**6)
        headers = signed(slack, body, str(now - age))
    elif how == 8:
        headers = signed(slack, body, f"{now}{chance.choice(('.0', ' ', '+0', 'x'))}")
    return body, {key: value.encode("utf-8", "replace").decode("latin-1").strip() for key, value in headers.items()}


async def forge(slack: SlackWorld, folder: Path, count: int) -> None:
    ada, chance = slack.person("Ada"), random.Random(7)
    team = slack.channel("team", [], private=True)
    async with serving(slack, folder, team.id, mode="http", own=[Clerk()], storage="tinydb:memory") as app:
        await ada.dm("hello")
        await answered(slack, app)
        payload = {**slack.deliveries.all[0].payload, "event_id": "Evforged"}
        payload["event"] = {**payload["event"], "ts": "1800000000.000999", "text": "forged"}
        good = json.dumps(slack.deliveries.all[0].payload).encode()
        headers = signed(slack, good, str(int(time.time()) - 100))  # of another second than the first time
        assert await slack.http.post(good, headers) == 200
        slack.http.statuses.clear()
        for _ in range(count):
            if chance.random() < 0.5:
                body, heads = mutated(slack, good, headers, chance)
            else:
                other = json.dumps(payload).encode()
                heads = signed(slack, other, str(int(time.time())), "not the secret")
                body, heads = mutated(slack, other, heads, chance)
                if heads.get(SIGNATURE) == signed(slack, body, heads.get(STAMP, ""))[SIGNATURE]:
                    continue  # signed with the secret after all, and old: the first half has those
            await slack.http.post(body, heads)
        assert set(slack.http.statuses) == {401}
        await answered(slack, app)
        assert [message.shown.strip() for message in said(ada.direct)] == ["hello"]


async def test_mutated_and_replayed_requests_are_turned_away(slack_world: SlackWorld, tmp_path: Path) -> None:
    await forge(slack_world, tmp_path, 500)


@pytest.mark.full
async def test_of_10_000_mutated_and_replayed_requests_none_gets_in(slack_world: SlackWorld, tmp_path: Path) -> None:
    await forge(slack_world, tmp_path, 10_000)


@pytest.mark.parametrize("how", FORGERIES)
async def test_each_known_forgery_is_turned_away(slack_world: SlackWorld, tmp_path: Path, how: str) -> None:
    team = slack_world.channel("team", [], private=True)
    async with serving(slack_world, tmp_path, team.id, mode="http", own=[Clerk()], storage="tinydb:memory"):
        assert await slack_world.http.forges(how) == 401


async def test_the_address_proves_itself_to_slack(slack_world: SlackWorld, tmp_path: Path) -> None:
    team = slack_world.channel("team", [], private=True)
    async with serving(slack_world, tmp_path, team.id, mode="http", own=[Clerk()], storage="tinydb:memory"):
        assert await slack_world.http.verifies_url()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
async def test_what_claims_to_be_compressed_is_turned_away_as_it_is(
    slack_world: SlackWorld, tmp_path: Path, encoding: str
) -> None:
    team = slack_world.channel("team", [], private=True)
    async with serving(slack_world, tmp_path, team.id, mode="http", own=[Clerk()], storage="tinydb:memory"):
        for body in (b'{"type": "event_callback"}', gzip.compress(b"x" * 1_000)):
            headers = {**signed(slack_world, b"other words", str(int(time.time()))), "Content-Encoding": encoding}
            assert await slack_world.http.post(body, headers) == 401


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "event_callback", "event": []},
        {"type": "event_callback", "event": {"type": "message", "user": "U1", "text": "hi"}},
        {"type": "event_callback", "event": {"type": "message", "subtype": "message_changed", "message": "hi"}},
        {"type": "block_actions", "user": None, "actions": [{"action_id": "o_1.1"}]},
        {"type": "view_submission", "view": {"callback_id": "supportbot_form", "state": 1}},
        {"type": "message_action", "callback_id": "open_ticket"},
        {"command": "/support"},
    ],
)
async def test_what_is_signed_and_not_as_slack_writes_it_is_no_failure_of_the_server(
    slack_world: SlackWorld, tmp_path: Path, payload: dict[str, object]
) -> None:
    team = slack_world.channel("team", [], private=True)
    async with serving(slack_world, tmp_path, team.id, mode="http", own=[Clerk()], storage="tinydb:memory"):
        body = json.dumps({"team_id": slack_world.workspace.id, **payload}).encode()
        assert await slack_world.http.post(body, signed(slack_world, body, str(int(time.time())))) < 500


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"\xff\xfe", b"payload=%7B", b"[" * 100_000, b"", b"a=1"])
async def test_what_is_signed_and_cannot_be_read_is_no_failure_of_the_server(
    slack_world: SlackWorld, tmp_path: Path, body: bytes
) -> None:
    team = slack_world.channel("team", [], private=True)
    async with serving(slack_world, tmp_path, team.id, mode="http", own=[Clerk()], storage="tinydb:memory"):
        status = await slack_world.http.post(body, signed(slack_world, body, str(int(time.time()))))
        assert status < 500
