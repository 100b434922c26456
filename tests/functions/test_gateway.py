"""The gateway: the catalogue read, requests led to the right function, the server started and stopped."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from waitress.server import TcpWSGIServer
from werkzeug.test import Client, TestResponse

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.sandbox.gateway import Answered, Gateway, Load
from multi_user_oauth.sandbox.gateway_catalogue import Function, load_catalogue
from multi_user_oauth.sandbox.gateway_server import (
    GatewayServer,
    PortTakenError,
    is_free,
    listen,
)

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

FUNCTIONS = Path(__file__).parents[2] / "functions"
ENTRY = """
  - name: {name}
    summary: x
    routes: [{{methods: [GET], path: "{path}", bare: ["/"], who: [anyone]{more}}}]
    trigger: http
    invoker: allUsers
    databases: {{main: none, activity: none}}
    keys: {{access: none, refresh: none}}
    secrets: []
    extras: [web]
    concurrency: 80
    cpu: 1
    timeout_seconds: 10
"""


def naming(name: str) -> "WSGIApplication":
    """Return a function that answers with its own name and the path that it was given."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{name} {environ['PATH_INFO']}".encode("latin-1")]

    return answer


def catalogue(folder: Path, **paths: str) -> tuple[Function, ...]:
    """Return the functions of a catalogue with one path each."""
    entries = [ENTRY.format(name=name, path=path, more="") for name, path in paths.items()]
    (folder / "functions.yaml").write_text("functions:" + "".join(entries), encoding="utf-8")
    return load_catalogue(folder)


def get(gateway: Gateway, path: str, **headers: str) -> TestResponse:
    """Send a GET."""
    return Client(gateway).get(path, headers=headers)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "web"),
        ("/connect", "web"),
        ("/account", "web"),
        ("/admin", "web"),
        ("/connect.js", "web"),
        ("/connect.d.ts", "web"),
        ("/assets/js/connect.js", "web"),
        ("/api/v1/oauth/user/authorize", "authorize"),
        ("/api/v1/oauth/callback/microsoft", "callback_microsoft"),
        ("/api/v1/oauth/callback/microsoft/admin-consent", "callback_microsoft"),
        ("/api/v1/oauth/callback/google", "callback_google"),
        ("/api/v1/oauth/users", "list_users"),
        ("/api/v1/oauth/users/", "list_users"),
        ("/api/v1/oauth/flow/abc", "list_users"),
        ("/api/v1/oauth/user/microsoft_teams/sarah@company.com", "revoke"),
        ("/api/v1/oauth/user/microsoft_teams/sarah@company.com/token", "access_token"),
        ("/refresh/one", "refresh"),
        ("/api/v1/account/session", "account"),
        ("/api/v1/account/delegations", "account"),
    ],
)
def test_each_path_of_the_catalogue_leads_to_its_function(path: str, name: str) -> None:
    """The function sees the whole path, as it does behind the load balancer."""
    answer = get(Gateway(load_catalogue(FUNCTIONS), naming), path)
    assert answer.text == f"{name} {path}"


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/assets/",
        "/api/v1/oauth/offboard/more",
        "/refresh/export",
        "/api/v1/account",
        "/api/v1/oauth/user/microsoft_teams",
        "/api/v1/oauth/user/microsoft_teams/sarah@company.com/token/more",
        "/api/v1/oauth/usersx",
        "//",
    ],
)
def test_what_is_not_in_the_catalogue_is_not_found(path: str) -> None:
    """As problem+json for programs, as a page with a way on for people."""
    gateway = Gateway(load_catalogue(FUNCTIONS), naming)
    answer = get(gateway, path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert json.loads(answer.text)["code"] == "not_found"
    page = get(gateway, path, Accept="text/html,*/*")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert 'href="/"' in page.text
    assert Client(gateway).head(path).text == ""


def test_more_literal_segments_win(tmp_path: Path) -> None:
    """Whatever the order in the file, and a placeholder may stand for the rest of a path."""
    functions = catalogue(
        tmp_path, rest="/files/{path}", one="/files/{file_id}", uploads="/files/uploads"
    )
    for order in (functions, functions[::-1]):
        gateway = Gateway(order, naming)
        assert get(gateway, "/files/uploads").text.startswith("uploads ")
        assert get(gateway, "/files/a/b").text.startswith("rest ")


def test_a_path_with_regular_expression_signs_is_meant_literally(tmp_path: Path) -> None:
    """A dot is a dot."""
    gateway = Gateway(catalogue(tmp_path, a="/v1.0/x"), naming)
    assert get(gateway, "/v1.0/x").status_code == 200
    assert get(gateway, "/v1x0/x").status_code == 404


def test_what_was_answered_is_told_without_queries_and_handles() -> None:
    """Only names that are no secret take the place of placeholders, nothing that a terminal obeys."""
    told: list[Answered] = []
    client = Client(Gateway(load_catalogue(FUNCTIONS), naming, answered=told.append))
    client.get("/api/v1/oauth/flow/handle-1?x=handle-2")
    client.get("/api/v1/oauth/user/microsoft_teams/sarah%1b%5b2J@company.com/token?min_ttl=1")
    client.get("/nix?handle-3")
    assert [answered.path for answered in told] == [
        "/api/v1/oauth/flow/{handle}",
        "/api/v1/oauth/user/microsoft_teams/sarah%1B%5B2J@company.com/token",
        "(no such path)",
    ]
    assert [answered.status for answered in told] == [200, 200, 404]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("functions: [", "is not YAML"),
        ("functions: [{name: x}]", "missing required field"),
        ("functions: []\nmore: 1", "unknown field"),
        ("functions:" + ENTRY.format(name="a", path="/", more=", method: GET"), "unknown field"),
    ],
)
def test_a_malformed_catalogue_stops_the_start(content: str, expected: str, tmp_path: Path) -> None:
    """The file is named, and the place."""
    (tmp_path / "functions.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=expected):
        load_catalogue(tmp_path)


def test_a_missing_catalogue_is_named(tmp_path: Path) -> None:
    """Nothing is served without it."""
    with pytest.raises(ConfigurationError, match=r"functions\.yaml can not be read"):
        load_catalogue(tmp_path)


def test_a_function_that_can_not_be_loaded_stops_the_start() -> None:
    """Its error reaches whoever starts the gateway."""

    def load(name: str) -> "WSGIApplication":
        raise ConfigurationError(name)

    with pytest.raises(ConfigurationError, match="authorize"):
        Gateway(load_catalogue(FUNCTIONS), load)


@contextmanager
def serving(load: Load) -> Iterator[int]:
    """Serve the catalogue; give the port."""
    sockets = listen()
    port = int(sockets[0].getsockname()[1])
    server = GatewayServer(Gateway(load_catalogue(FUNCTIONS), load), sockets).start()
    try:
        yield port
    finally:
        server.stop()
        server.stop()


def fetch(host: str, port: int, path: str = "/") -> str:
    """Fetch over a real connection."""
    with closing(http.client.HTTPConnection(host, port, timeout=10)) as connection:
        connection.request("GET", path)
        return connection.getresponse().read().decode()


def test_the_server_answers_under_both_names_of_this_machine() -> None:
    """127.0.0.1 and whatever localhost means here; after stop nobody does."""
    with serving(naming) as port:
        assert fetch("127.0.0.1", port) == fetch("localhost", port) == "web /"
        assert not is_free(port)
        with pytest.raises(PortTakenError):
            listen(port)
    assert is_free(port)


@pytest.mark.skipif(not socket.has_ipv6, reason="needs IPv6")
def test_the_server_answers_under_ipv6_too() -> None:
    """Where localhost is ::1 first, no other program can take our place there."""
    with serving(naming) as port:
        try:
            socket.create_connection(("::1", port), timeout=5).close()
        except OSError:
            pytest.skip("this machine has no ::1")
        assert fetch("::1", port) == "web /"


def test_sixteen_requests_are_served_at_once() -> None:
    """Callers who wait for one refresh do not keep the others out."""
    together = threading.Barrier(16, timeout=10)

    def waiting(name: str) -> "WSGIApplication":
        answer: Callable[..., Iterable[bytes]] = naming(name)

        def wait(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            together.wait()
            return answer(environ, start_response)

        return wait

    with serving(waiting) as port, ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: fetch("127.0.0.1", port), range(16)))
    assert answers == ["web /"] * 16


def test_a_worker_that_wakes_the_loop_first_does_not_break_the_stop() -> None:
    """Nothing is written to what the loop has closed already."""
    server = GatewayServer(Gateway(load_catalogue(FUNCTIONS), naming), listen()).start()
    triggers = [server.trigger for server in all_servers(server)]
    pulls = [trigger._physical_pull for trigger in triggers]  # noqa: SLF001  # reason: a worker's

    def after_a_worker() -> None:
        pulls[0]()
        waited = time.monotonic() + 0.1  # the loop needs less
        while not triggers[0]._closed and time.monotonic() < waited:  # noqa: SLF001  # reason: what the loop does
            threading.Event().wait(0.005)
        pulls[0]()

    triggers[0]._physical_pull = after_a_worker  # noqa: SLF001  # reason: the fault to inject
    server.stop()
    assert [trigger._closed for trigger in triggers] == [True] * len(triggers)  # noqa: SLF001  # reason: what must have come to pass


def all_servers(server: GatewayServer) -> list[Any]:
    """Return the parts of waitress that listen."""
    return [each for each in server._map.values() if isinstance(each, TcpWSGIServer)]  # noqa: SLF001  # reason: whom workers wake


def test_a_port_of_another_program_is_not_free() -> None:
    """Neither where it listens on this machine's address, nor on all."""
    for host in ("127.0.0.1", "0.0.0.0"):  # noqa: S104  # reason: the case that is tested
        with socket.socket() as other:
            other.bind((host, 0))
            other.listen()
            assert not is_free(other.getsockname()[1])
