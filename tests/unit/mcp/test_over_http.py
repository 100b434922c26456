"""Who is let in by HTTP: whoever has the key, under a name of ours, and not for another site's page."""

import asyncio
from collections.abc import Mapping, Sequence

import httpx2

from multi_user_oauth.mcp.over_http import PATH, App, KeyRequired, Message, Receive, Send, http_app
from multi_user_oauth.model.secret import Secret
from tests.unit.client.fake_api import FakeApi

from .talking import Served, whole_api

PORT = 8090
BEHIND = "https://mcp.company.com"
GOOD = {"Authorization": "Bearer the-key", "Host": f"127.0.0.1:{PORT}"}
LIST = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


KEY = Secret("the-key")


def asked(
    app: App,
    requests: Sequence[httpx2.Request],
) -> list[httpx2.Response]:
    """Ask the application these, one after the other."""

    async def ask() -> list[httpx2.Response]:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app)) as client:
            return [await client.send(each) for each in requests]

    return asyncio.run(ask())


def statuses(*headers: Mapping[str, str], behind: str | None = None) -> list[int]:
    """Begin a session with each of these headers; return how that is answered."""
    server = Served(FakeApi(whole_api)).server
    app = http_app(server, KEY, port=PORT, behind=behind)
    accepts = {"Accept": "application/json, text/event-stream"}
    requests = [
        httpx2.Request(
            "POST", f"http://127.0.0.1:{PORT}{PATH}", json=LIST, headers={**accepts, **each}
        )
        for each in headers
    ]

    async def ask() -> list[int]:
        transport = httpx2.ASGITransport(app=app)
        async with server.session_manager.run(), httpx2.AsyncClient(transport=transport) as client:
            return [(await client.send(each)).status_code for each in requests]

    return asyncio.run(ask())


def test_whoever_has_the_key_is_answered() -> None:
    """The scheme is written in any case (RFC 9110, 11.1)."""
    assert statuses(GOOD, {**GOOD, "Authorization": "bearer the-key"}) == [200, 200]


WITHOUT: list[list[tuple[bytes, bytes]]] = [
    [],
    [(b"Authorization", b"Bearer the-ke")],
    [(b"Authorization", b"Bearer the-key2")],
    [(b"Authorization", b"Bearer")],
    [(b"Authorization", b"Bearer ")],
    [(b"Authorization", b"Bearer the-k\xe9y")],
    [(b"Authorization", b"the-key")],
    [(b"Authorization", b"Basic the-key")],
    [(b"Authorization", b"Bearer the-key"), (b"Authorization", b"Bearer the-key")],
    [(b"X-Authorization", b"Bearer the-key")],
]


def test_nobody_else_is() -> None:
    """Whatever they ask for, and wherever; they learn no more than that a key is needed."""
    reached = []

    async def behind_it(scope: Message, _: Receive, __: Send) -> None:
        reached.append(scope["path"])

    requests = [
        httpx2.Request(method, f"http://localhost:{PORT}{path}", headers=said)
        for said in WITHOUT
        for method in ("POST", "GET", "DELETE", "OPTIONS")
        for path in (PATH, "/", "/.well-known/oauth-protected-resource")
    ]
    answers = asked(KeyRequired(behind_it, KEY), requests)
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}
    assert {answer.content for answer in answers} == {b""}
    assert reached == []


def test_a_name_that_is_not_ours_is_refused() -> None:
    """A page whose name was made to point here (DNS rebinding), even with the key."""
    names = ("evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", "", BEHIND[8:])
    assert set(statuses(*({**GOOD, "Host": name} for name in names))) == {421}


def test_another_sites_page_is_refused() -> None:
    """Pages have an origin, programs have none."""
    origins = ("http://evil.example", "null", "http://localhost:3000", BEHIND)
    assert set(statuses(*({**GOOD, "Origin": origin} for origin in origins))) == {403}


def test_our_own_names_are_answered() -> None:
    """Both of this machine's addresses, and the proxy's where there is one."""
    hosts = (f"localhost:{PORT}", f"[::1]:{PORT}")
    ours = [{**GOOD, "Host": host, "Origin": f"http://{host}"} for host in hosts]
    assert statuses(*ours) == [200, 200]
    proxied = {**GOOD, "Host": "mcp.company.com"}
    by_origin = [{**proxied, "Origin": each} for each in (BEHIND, "http://mcp.company.com")]
    assert statuses(proxied, *by_origin, behind=BEHIND) == [200, 200, 403]
