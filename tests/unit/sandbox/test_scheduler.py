"""Cloud Scheduler: a call now and then, which proves itself."""

import threading

from flask import Flask, request

from multi_user_oauth.sandbox.gateway_server import GatewayServer, listen
from multi_user_oauth.sandbox.scheduler import Repeated, Scheduler
from tests.support.processes import PATIENCE, free_ports

NEVER = None
OFTEN = 0.01


def test_work_is_repeated_until_the_block_ends() -> None:
    """Again and again; nothing begins afterwards."""
    done: list[int] = []
    thrice = threading.Event()

    def work() -> None:
        done.append(1)
        if len(done) == 3:
            thrice.set()

    with Repeated(work, every=OFTEN):
        assert thrice.wait(PATIENCE)
    number = len(done)
    assert not [each for each in threading.enumerate() if each.name == "scheduler"]
    assert len(done) == number


def test_nothing_is_repeated_without_an_interval() -> None:
    """Whoever has it calls when they like."""
    with Repeated(lambda: 1 / 0, every=NEVER):
        assert not [each for each in threading.enumerate() if each.name == "scheduler"]


def test_a_call_proves_itself_afresh_each_time() -> None:
    """By POST and without a body; where there is no token none is sent."""
    app = Flask(__name__)
    heard: list[tuple[str, str | None, bytes, str]] = []

    @app.post("/refresh/sweep")
    def sweep() -> tuple[str, int]:
        heard.append(
            (
                request.method,
                request.headers.get("Authorization"),
                request.get_data(),
                request.headers["User-Agent"],
            )
        )
        return "", 418

    tokens = iter(["first", "second", ""])
    sockets = listen()
    server = GatewayServer(app, sockets).start()
    url = f"http://localhost:{sockets[0].getsockname()[1]}/refresh/sweep"
    scheduler = Scheduler(url, lambda: next(tokens), every=NEVER)
    assert [scheduler.call() for _ in range(3)] == [418, 418, 418]
    server.stop()
    who = "Google-Cloud-Scheduler"
    assert heard == [
        ("POST", "Bearer first", b"", who),
        ("POST", "Bearer second", b"", who),
        ("POST", None, b"", who),
    ]


def test_nobody_answers() -> None:
    """That is no reason to stop calling."""
    url = f"http://127.0.0.1:{free_ports(1)[0]}/refresh/sweep"
    assert Scheduler(url, lambda: "token", every=NEVER).call() is None
