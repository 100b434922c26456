"""The push relay: the emulator's pushes as they came, with the token that Pub/Sub would send."""

from collections.abc import Iterator

import pytest
import requests
from flask import Flask, request

from multi_user_oauth.sandbox.cloud.pushes import PushRelay
from multi_user_oauth.sandbox.gateway_server import GatewayServer, listen
from tests.support.processes import PATIENCE, free_ports

BODY = b'{"message": {"attributes": {"shard": "3"}}, "subscription": "projects/p/subscriptions/s"}'


class Target:
    """Where pushes are to go."""

    def __init__(self) -> None:
        self.status = 204
        self.heard: list[tuple[str | None, str | None, bytes]] = []
        app = Flask(__name__)
        app.add_url_rule("/refresh/shard", view_func=self._shard, methods=["POST"])
        sockets = listen()
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/refresh/shard"
        self.server = GatewayServer(app, sockets).start()

    def _shard(self) -> tuple[str, int]:
        header = request.headers.get("Authorization")
        self.heard.append((header, request.content_type, request.get_data()))
        return "", self.status


@pytest.fixture
def target() -> Iterator[Target]:
    """Running."""
    target = Target()
    yield target
    target.server.stop()


def push(relay: PushRelay, **headers: str) -> int:
    """Push as the emulator does."""
    return requests.post(relay.url, data=BODY, headers=headers, timeout=PATIENCE).status_code


def test_a_push_is_passed_on_with_a_token(target: Target) -> None:
    """As it came; a new token for each."""
    tokens = iter(["first", "second"])
    with PushRelay(target.url, lambda: next(tokens)) as relay:
        assert [push(relay), push(relay)] == [204, 204]
        assert relay.statuses == (204, 204)
    assert target.heard == [
        ("Bearer first", "application/json", BODY),
        ("Bearer second", "application/json", BODY),
    ]


def test_without_a_token_none_is_sent(target: Target) -> None:
    """That is one of the things to be seen."""
    with PushRelay(target.url, lambda: "") as relay:
        push(relay)
    assert target.heard == [(None, "application/json", BODY)]


def test_a_refusal_goes_back(target: Target) -> None:
    """By it the emulator knows that it has to push again."""
    target.status = 403
    with PushRelay(target.url, lambda: "token") as relay:
        assert push(relay) == 403
        assert relay.statuses == (403,)


def test_nobody_there_is_a_503() -> None:
    """As the platform answers while a function does not start."""
    url = f"http://127.0.0.1:{free_ports(1)[0]}/refresh/shard"
    with PushRelay(url, lambda: "token") as relay:
        assert push(relay) == 503


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_a_page_of_another_site_is_given_no_token(target: Target, headers: dict[str, str]) -> None:
    """It may be open in a browser of this machine."""
    with PushRelay(target.url, lambda: "token") as relay:
        assert push(relay, **headers) == 403
    assert target.heard == []
