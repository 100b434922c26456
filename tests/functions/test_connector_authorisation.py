"""Every route of the connectors is really called by every kind of caller: who is let in, and how far."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import ADMIN, JOHN, MARIA, SARAH
from tests.support.api import BUILT
from tests.support.connectors import ACTIONS, agent_for, connected, wide
from tests.support.functions import (
    FORM,
    GOOGLE,
    MICROSOFT,
    WANTS_JSON,
    Installation,
    Visitor,
    identity,
)
from tests.support.installation import AGENT as AGENT_NAME
from tests.support.installation import UNLISTED_AGENT

BASE: Final = "/api/v1/connectors/{connector_type}"
PROXIED: Final = "graph.microsoft.com/v1.0/me"
POLICY: Final = "proxy: ['* graph.microsoft.com/v1.0/me']\n"
ROUTES: Final[Mapping[tuple[str, str], str]] = {
    ("POST", "/send_email"): "mail.send",
    ("GET", "/messages"): "mail.read",
    ("GET", "/messages/{message_id}"): "mail.read",
    ("GET", "/files"): "files.read",
    ("PUT", "/files"): "files.write",
    ("GET", "/onedrive/files"): "files.read",
    ("GET", "/drive/files"): "files.read",
    ("GET", "/files/{file_id}"): "files.read",
    ("GET", "/files/{file_id}/content"): "files.read",
    ("POST", "/files/uploads"): "files.write",
    ("PUT", "/files/uploads/{upload_id}"): "files.write",
    ("GET", "/files/uploads/{upload_id}"): "files.write",
    ("GET", "/calendar/events"): "calendar.read",
    ("POST", "/calendar/events"): "calendar.write",
    ("GET", "/chats"): "chat.read",
    ("GET", "/teams"): "chat.read",
    ("GET", "/teams/{team_id}/channels"): "chat.read",
    ("POST", "/chats/{chat_id}/messages"): "chat.send",
    ("POST", "/teams/{team_id}/channels/{channel_id}/messages"): "chat.send",
    **{(method, "/proxy/{path}"): "proxy" for method in ("GET", "POST", "PUT", "PATCH", "DELETE")},
}
"""What a caller must be allowed for each route."""

BODIES: Final[Mapping[str, dict[str, Any]]] = {
    "/send_email": {"to": JOHN.email, "subject": "Hello"},
    "/files/uploads": {"name": "new.bin", "size": 8_000_000},
    "/calendar/events": {
        "subject": "Planning", "from": "2026-01-06T09:00:00Z", "to": "2026-01-06T09:30:00Z",
    },
    "/chats/{chat_id}/messages": {"body": "Hello"},
    "/teams/{team_id}/channels/{channel_id}/messages": {"body": "Hello"},
}  # fmt: skip
IN: Final = "in"
"""Let in: whatever it is answered then, it is neither 401 nor `not_connected` nor 403."""
CALLERS: Final = {
    "nobody": "401",
    "sarah": IN,
    "maria": "404",
    "e-mail": "404",
    "admin": "404",
    "agent": IN,
    "unlisted": "404",
    "foreign": "401",
}
"""Sarah, another person, a namesake at another provider, an admin, by sessions; agents by tokens."""


@pytest.fixture(scope="module")
def office(
    tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]
) -> Iterator[Installation]:
    """Sarah and Maria connected, with every scope; nothing that is done here is looked for."""
    made = wide(tmp_path_factory.mktemp("office"), keys, policy=POLICY, described=False)
    connected(made, SARAH, MARIA)
    yield made
    assert [each for each in made.sandbox.requests() if each["leak"]] == []


def kind(path: str) -> str:
    """Return the connector type that has this route."""
    return GOOGLE if path.startswith("/drive/") else MICROSOFT


def caller(office: Installation, name: str, method: str, path: str) -> Visitor:
    """Return somebody who calls; the agent may do this route's action alone."""
    here = kind(path)
    other = GOOGLE if here == MICROSOFT else MICROSOFT
    persons = {
        "sarah": (here, SARAH),
        "maria": (here, MARIA),
        "e-mail": (other, SARAH),
        "admin": (here, ADMIN),
    }
    if name in persons:
        provider, account = persons[name]
        return office.person(identity(provider, account), email=account.email)
    agents = {"agent": agent_for(ROUTES[method, path]), "unlisted": UNLISTED_AGENT}
    if name in agents:
        return office.agent(agents[name])
    return office.agent(audience="https://other.example") if name == "foreign" else Visitor(office)


def ask(
    visitor: Visitor,
    method: str,
    path: str,
    user_email: str = SARAH.email,
    headers: Mapping[str, str] = FORM,
) -> TestResponse:
    """Send what the route takes, about this person's connection."""
    options: dict[str, Any] = {"headers": WANTS_JSON | dict(headers)}
    if path in BODIES and method == "POST":
        options["json"] = {"user_email": user_email, **BODIES[path]}
    else:
        options["query_string"] = {"user_email": user_email, **_query(method, path)}
        if method == "PUT":
            options["data"] = b"12345"
            options["headers"]["Content-Range"] = "bytes 0-4/5"
    return visitor.call("connectors", method, _filled(path), **options)


def _query(method: str, path: str) -> dict[str, str]:
    if (method, path) == ("PUT", "/files"):
        return {"name": "new.txt"}
    if path == "/calendar/events":
        return {"from": "2026-01-05T00:00:00Z", "to": "2026-01-12T00:00:00Z"}
    return {}


def _filled(path: str) -> str:
    full = BASE.replace("{connector_type}", kind(path)) + path
    for name in ("message_id", "file_id", "upload_id", "team_id", "channel_id", "chat_id"):
        full = full.replace(f"{{{name}}}", "AAMkAD")
    return full.replace("{path}", PROXIED)


def test_every_route_has_its_action() -> None:
    """A route that is built is called here."""
    built = {(m, r.path.removeprefix(BASE)) for r in BUILT["connectors"] for m in r.methods}
    assert built == ROUTES.keys()
    assert set(ROUTES.values()) == set(ACTIONS)


@pytest.mark.parametrize("name", CALLERS)
@pytest.mark.parametrize(("method", "path"), ROUTES, ids=str)
def test_who_is_let_in_where(office: Installation, method: str, path: str, name: str) -> None:
    """N37, N39: only the person and agents that may; to all others the connection is not there."""
    response = ask(caller(office, name, method, path), method, path)
    wanted = CALLERS[name]
    if wanted != IN:
        assert str(response.status_code) == wanted, response.text
        return
    code = (response.json or {}).get("code", "") if response.is_json else ""
    assert response.status_code not in {401, 403, 500, 503}, response.text
    assert code not in {"not_connected", "not_found", "needs_sign_in"}


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=str)
def test_an_agent_does_what_its_rule_names_and_nothing_else(
    office: Installation, method: str, path: str
) -> None:
    """N40: leave for one thing is no leave for another; 403, and the provider is not asked."""
    action = ROUTES[method, path]
    other = next(each for each in ACTIONS if each != action)
    office.sandbox.clear_requests()
    response = ask(office.agent(agent_for(other)), method, path)
    assert response.status_code == 403, response.text
    assert (response.json or {})["code"] == "forbidden"
    assert [each for each in office.sandbox.requests() if each["endpoint"] != "keys"] == []


@pytest.mark.parametrize(("method", "path"), [each for each in ROUTES if each[0] != "GET"], ids=str)
@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}], ids=["none", "evil"])
def test_another_page_does_nothing_with_a_persons_session(
    office: Installation, method: str, path: str, headers: Mapping[str, str]
) -> None:
    """N22: with the cookie alone nothing is sent, stored or passed on."""
    office.sandbox.clear_requests()
    response = ask(caller(office, "sarah", method, path), method, path, headers=headers)
    assert (response.status_code, (response.json or {})["code"]) == (403, "csrf")
    assert office.sandbox.requests() == []


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=str)
@pytest.mark.parametrize("name", ["maria", "unlisted"])
def test_anothers_connection_is_answered_as_one_that_does_not_exist(
    office: Installation, method: str, path: str, name: str
) -> None:
    """N37: byte for byte, but for the name that was asked for."""
    visitor = caller(office, name, method, path)
    there = ask(visitor, method, path)
    nowhere = ask(visitor, method, path, "nobody@company.com")
    assert there.status_code == nowhere.status_code == 404
    assert there.text.replace("sarah%40", "nobody%40") == nowhere.text


def test_leave_for_mail_alone_opens_no_files(tmp_path: Path, keys: Mapping[str, str]) -> None:
    """A person's word narrows the policy's: an agent that may all is left mail, and is refused files."""
    office = connected(wide(tmp_path, keys), SARAH)
    agent = office.agent()
    sarah = office.person(identity(MICROSOFT, SARAH))
    given = sarah.call(
        "account", "PUT", "/api/v1/account/delegations", headers=FORM,
        json={
            "connector_type": MICROSOFT, "user_email": SARAH.email,
            "agent": AGENT_NAME, "actions": ["mail.read", "mail.send"],
        },
    )  # fmt: skip
    assert given.status_code == 200, given.text
    assert ask(agent, "GET", "/messages").status_code == 200
    assert ask(agent, "POST", "/send_email").status_code == 200
    for path in ("/files", "/calendar/events", "/chats"):
        refused = ask(agent, "GET", path)
        assert (refused.status_code, (refused.json or {})["code"]) == (403, "delegation_required")
        assert (refused.json or {})["delegate_url"].endswith("#agents")
