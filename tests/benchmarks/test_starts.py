"""From the start of a function's process to its first real answer, against a hello world's."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import Final
from urllib.parse import urlencode

import pytest

from multi_user_oauth.sandbox.company import JOHN, SARAH, Account
from tests.benchmarks.ratios import each_against
from tests.benchmarks.results import Figure, Results
from tests.crash.deployment import API, GOOGLE, MICROSOFT, ORIGIN, PROVIDERS, Deployment
from tests.support.processes import PATIENCE, ROOT, Process, environment, free_ports, until

ROUNDS: Final = 15
HELLO: Final = "hello world"
HOST: Final = ORIGIN.partition("://")[2]
PAUSE: Final = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a function is asked first, and what it must answer."""

    function: str
    status: int
    target: float
    request: Callable[[Deployment], bytes]


def http(method: str, path: str, body: str = "", **headers: str) -> bytes:
    """Return a request."""
    given = {"Host": HOST, "Content-Length": str(len(body)), "Connection": "close", **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def form(connector_type: str) -> bytes:
    """Return the button's request."""
    return http(
        "POST",
        f"{API}/user/authorize",
        urlencode({"user_email": SARAH.email, "connector_type": connector_type}),
        **{"Content-Type": "application/x-www-form-urlencoded", "Origin": ORIGIN},
    )


def arrival(deployment: Deployment, connector_type: str, account: Account) -> bytes:
    """Return the request of a browser that a provider has just sent back; not one of them twice."""
    if PROVIDERS[connector_type] == "google":
        deployment.sandbox.revoke_grant("google", account.id)  # else it asks for consent once more
    came = deployment.arrival(deployment.client(), account, connector_type)
    cookies = "; ".join(f"{name}={value}" for name, value in came.cookies.items())
    return http("GET", came.path, Cookie=cookies)


def listing(deployment: Deployment) -> bytes:
    """Return a person's own list, with their session."""
    cookie = deployment.sign_in(SARAH, MICROSOFT).get_cookie("__Host-session", domain=HOST)
    assert cookie is not None
    return http("GET", f"{API}/users", Cookie=f"__Host-session={cookie.value}")


def as_agent(deployment: Deployment, method: str, path: str, body: str = "") -> bytes:
    """Return a request with an agent's token."""
    bearer = f"Bearer {deployment.sandbox.identity_token(ORIGIN)}"
    return http(method, path, body, Authorization=bearer, **{"Content-Type": "application/json"})


def token(deployment: Deployment) -> bytes:
    """Return an agent's request for a token."""
    return as_agent(deployment, "GET", f"{API}/user/{MICROSOFT}/{SARAH.email}/token")


def files(deployment: Deployment) -> bytes:
    """Return an agent's request for a person's files."""
    return as_agent(
        deployment, "GET", f"/api/v1/connectors/{MICROSOFT}/files?user_email={SARAH.email}"
    )


def refreshing(deployment: Deployment) -> bytes:
    """Return the request to refresh a token that has run out."""
    deployment.sign_in_long_ago((SARAH, MICROSOFT))
    body = f'{{"connector_type": "{MICROSOFT}", "user_email": "{SARAH.email}"}}'
    return as_agent(deployment, "POST", "/refresh/one", body)


ASKS: Final[Mapping[str, Ask]] = {
    "web": Ask(function="web", status=200, target=1.2, request=lambda _: http("GET", "/")),
    "authorize, Microsoft": Ask(
        function="authorize", status=303, target=1.6, request=lambda _: form(MICROSOFT)
    ),
    "authorize, Google": Ask(
        function="authorize", status=303, target=1.9, request=lambda _: form(GOOGLE)
    ),
    "list_users": Ask(function="list_users", status=200, target=2.5, request=listing),
    "access_token": Ask(function="access_token", status=200, target=2.7, request=token),
    "callback_microsoft": Ask(
        function="callback_microsoft",
        status=303,
        target=3.2,
        request=lambda deployment: arrival(deployment, MICROSOFT, JOHN),
    ),
    "callback_google": Ask(
        function="callback_google",
        status=303,
        target=3.2,
        request=lambda deployment: arrival(deployment, GOOGLE, JOHN),
    ),
    "connectors": Ask(function="connectors", status=200, target=2.9, request=files),
    "refresh": Ask(function="refresh", status=200, target=3.2, request=refreshing),
}


@pytest.mark.parametrize("back_end", ["deployment", "google_cloud"])
def test_first_answers(back_end: str, results: Results, request: pytest.FixtureRequest) -> None:
    """Each does what it is there for, with its databases, keys, secrets and the provider."""
    deployment: Deployment = request.getfixturevalue(back_end)
    deployment.sign_in(SARAH, MICROSOFT)
    # As deployed, where `refresh` is a function of its own; here nobody needs it.
    asking = {**deployment.values, "REFRESH_URL": "http://127.0.0.1:9"}
    own = {**deployment.values}
    took: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        hello = seconds("tests/benchmarks/hello.py", {}, http("GET", "/"), 200)
        took.setdefault(HELLO, []).append(hello)
        for name, ask in ASKS.items():
            settings = own if ask.function == "refresh" else asking
            source = f"functions/{ask.function}/main.py"
            first = seconds(source, settings, ask.request(deployment), ask.status)
            took.setdefault(name, []).append(first)
    where = "SQLite" if back_end == "deployment" else "gcp"
    results.add(
        "starts",
        *(
            Figure(
                name=f"the start of {name}, {where}",
                value=each_against(took, name, HELLO),
                target=ask.target,
                detail=f"{median(took[name]) * 1000:.0f} ms",
            )
            for name, ask in ASKS.items()
        ),
        **{f"{back_end}_ms": {name: median(each) * 1000 for name, each in took.items()}},
    )


CLIENT_TARGET: Final = 100
"""Milliseconds."""
LOADED: Final = """
import requests, sys, time
began = time.perf_counter()
import multi_user_oauth.client as client
for name in client.__all__:
    getattr(client, name)
sys.stdout.write(str(time.perf_counter() - began))
"""


def test_the_clients_import(results: Results) -> None:
    """All that an agent imports, in a process that has `requests` already, as most agents do."""
    took = []
    for _ in range(ROUNDS):
        done = subprocess.run(
            [sys.executable, "-c", LOADED],
            env=environment({}), capture_output=True, text=True, check=True, timeout=PATIENCE,
        )  # fmt: skip
        took.append(float(done.stdout) * 1000)
    client = Figure(
        name="the import of the client, beside requests",
        value=median(took),
        unit="ms",
        target=CLIENT_TARGET,
    )
    results.add("starts", client, client_ms=median(took))


def seconds(source: str, settings: Mapping[str, str], first: bytes, status: int) -> float:
    """Return how long a function takes from the start of its process to this answer."""
    (port,) = free_ports(1)
    arguments = ["--source", str(ROOT / source), "--target", "main", "--host", "127.0.0.1"]
    began = time.perf_counter()
    process = Process(
        "bench-start",
        ["-m", "functions_framework", *arguments, "--port", str(port)],
        settings=settings,
        talks=False,
    )
    try:
        answered = ask(port, first)
        took = time.perf_counter() - began
    finally:
        process.stop()
    assert answered.split(b" ", 2)[1] == str(status).encode(), answered[:2000]
    return took


def ask(port: int, request: bytes) -> bytes:
    """Send the request as soon as somebody listens, and return the whole answer."""
    connected: list[socket.socket] = []

    def listens() -> bool:
        with suppress(ConnectionRefusedError):
            connected.append(socket.create_connection(("127.0.0.1", port), PATIENCE))
        return bool(connected)

    until(listens, f"somebody listens at {port}", pause=PAUSE)
    with connected.pop() as connection:
        connection.sendall(request)
        answered = b""
        while received := connection.recv(65_536):
            answered += received
    return answered
