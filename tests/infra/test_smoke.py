"""The smoke test asks what it should, and a wrong answer ends it with a word."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra import smoke

RIGHT = {
    ("GET", "/"): 200,
    ("GET", "/connect.js"): 200,
    ("GET", "/api/v1/oauth/users"): 401,
    ("POST", "/refresh/sweep"): 403,
}


class Deployment(ThreadingHTTPServer):
    """Answers as it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = dict(RIGHT)
        self.bearers: list[str] = []

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Deployment

    def do_GET(self) -> None:
        """Answer by method and path."""
        self.server.bearers.append(self.headers.get("Authorization", ""))
        self.send_response(self.server.answers[self.command, self.path])
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815  # reason: http.server's own name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    """One that answers rightly."""
    with Deployment() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def outputs(deployment: Deployment) -> dict[str, object]:
    """As `terraform output -json` gives them."""
    return {
        "public_origin": {"value": deployment.origin},
        "refresh_url": {"value": deployment.origin},
        "function_urls": {"value": {}},
    }


def test_a_deployment_that_answers_rightly_passes(deployment: Deployment) -> None:
    """Five requests; one of them bears an identity that Google never signed."""
    said: list[str] = []
    assert smoke.run(outputs(deployment), said.append)
    assert len(said) == 5
    assert [bearer != "" for bearer in deployment.bearers] == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (("GET", "/"), 404),
        (("GET", "/connect.js"), 502),
        (("GET", "/api/v1/oauth/users"), 200),
        (("POST", "/refresh/sweep"), 200),
    ],
)
def test_a_wrong_answer_fails_and_is_named(
    asked: tuple[str, str], answer: int, deployment: Deployment
) -> None:
    """A deployment that lets everybody refresh is worse than one that is down."""
    deployment.answers[asked] = answer
    said: list[str] = []
    assert not smoke.run(outputs(deployment), said.append)
    wrong = [line for line in said if line.startswith(f"{answer}  {asked[0]} ") and "WRONG" in line]
    assert len(wrong) == (
        2 if asked[0] == "POST" else 1
    )  # refresh is asked with a forged identity too


def test_nobody_there_fails() -> None:
    """A name that leads nowhere is no deployment."""
    said: list[str] = []
    gone = Deployment()
    gone.server_close()
    assert not smoke.run(outputs(gone), said.append)
    assert said[0].startswith("no answer")


def test_on_the_shared_host_functions_are_asked_by_their_own_addresses() -> None:
    """There no load balancer leads from a path to a function."""
    host = "https://europe-west1-company-oauth.cloudfunctions.net"
    asked = smoke.checks(
        {
            "public_origin": {"value": host},
            "refresh_url": {"value": "https://oauth-refresh-1.europe-west1.run.app"},
            "function_urls": {"value": {n: f"{host}/oauth-{n}" for n in ("web", "list_users")}},
        }
    )
    assert [check.url for check in asked[:3]] == [
        f"{host}/oauth-web/",
        f"{host}/oauth-web/connect.js",
        f"{host}/oauth-list_users",
    ]
