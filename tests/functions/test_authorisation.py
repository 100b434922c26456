"""Every route of the catalogue is really called by every kind of caller: who is let in, and how far."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import ADMIN, MARIA, SARAH
from tests.architecture.catalogue import FUNCTIONS
from tests.support.api import BUILT
from tests.support.functions import (
    FORM,
    GOOGLE,
    MICROSOFT,
    WANTS_JSON,
    Installation,
    Visitor,
    identity,
)
from tests.support.installation import AGENT, SARAHS_AGENT, UNLISTED_AGENT

UNKNOWN: Final = "nobody@company.com"

# -- who calls ------------------------------------------------------------------------------------


def both(i: Installation) -> Visitor:
    """An agent in whose browser somebody's session lies."""
    visitor = admin(i)
    visitor.bearer = i.agent().bearer
    return visitor


def admin(i: Installation) -> Visitor:
    """An admin by identity."""
    return i.person(identity(MICROSOFT, ADMIN), email=ADMIN.email)


def foreign(i: Installation) -> Visitor:
    """An agent whose token is for another audience."""
    return i.agent(audience="https://other.example")


def stranger(i: Installation) -> Visitor:
    """A person who holds nothing of Sarah's but her e-mail, at another provider."""
    return i.person(identity(GOOGLE, SARAH), email=SARAH.email)


CALLERS: Final[dict[str, Callable[[Installation], Visitor]]] = {
    "nobody": Visitor,
    "sarah": lambda i: i.person(identity(MICROSOFT, SARAH)),
    "maria": lambda i: i.person(identity(MICROSOFT, MARIA), email=MARIA.email),
    "e-mail": stranger,
    "admin": admin,
    "agent": Installation.agent,
    "hers": lambda i: i.agent(SARAHS_AGENT),
    "none": lambda i: i.agent(UNLISTED_AGENT),
    "both": both,
    "foreign": foreign,
}
"""Nobody; Sarah, another person, a namesake, an admin by session; an agent for all, one for Sarah
alone and one without a rule by token; a token beside a session; a token for another audience."""

# What each is answered about Sarah's connection. A redirect of the callback needs its own browser:
# whoever comes with another's answer is refused as if there were none.
TABLE: Final = """
                             nobody sarah maria e-mail admin agent hers none both foreign
GET  authorize               400    400   400   400    400   400   400  400  400  400
POST authorize               200    200   200   200    200   200   200  200  200  200
GET  callback/microsoft      400    400   400   400    400   400   400  400  400  400
GET  admin-consent           200    200   200   200    200   200   200  200  200  200
GET  callback/google         400    400   400   400    400   400   400  400  400  400
GET  users                   401    200   200   200    200   200   200  200  200  401
GET  summary                 401    403   403   403    200   403   403  403  403  401
GET  flow                    200    200   200   200    200   200   200  200  200  200
POST offboard                401    403   403   403    200   401   401  401  401  401
DELETE user                  401    200   404   404    200   404   404  404  404  401
GET  token                   401    401   401   401    401   200   200  404  401  401
POST refresh/one             401    401   401   401    401   200   403  403  401  401
POST refresh/rewrap          401    401   401   401    401   403   403  403  401  401
POST refresh/import          401    401   401   401    401   403   403  403  401  401
POST refresh/finish          401    401   401   401    401   200   403  403  401  401
POST refresh/sweep           401    401   401   401    401   403   403  403  401  401
POST refresh/shard           401    401   401   401    401   403   403  403  401  401
GET  /                       200    200   200   200    200   200   200  200  200  200
GET  /connect                200    200   200   200    200   200   200  200  200  200
GET  /account                200    200   200   200    200   200   200  200  200  200
GET  /admin                  200    200   200   200    200   200   200  200  200  200
GET  assets                  200    200   200   200    200   200   200  200  200  200
GET  /connect.js             200    200   200   200    200   200   200  200  200  200
GET  /connect.d.ts           200    200   200   200    200   200   200  200  200  200
GET  session                 401    200   200   200    200   401   401  401  401  401
DELETE session               401    204   204   204    204   401   401  401  401  401
GET  delegations             401    200   200   200    200   401   401  401  401  401
PUT  delegations             401    200   404   404    404   401   401  401  401  401
DELETE delegations           401    204   404   404    404   401   401  401  401  401
GET  audit                   401    200   404   404    200   401   401  401  401  401
GET  audit/verification      401    200   404   404    200   401   401  401  401  401
GET  agents                  401    403   403   403    200   401   401  401  401  401
GET  usage                   401    200   404   404    200   401   401  401  401  401
"""
KEY: Final = "/{connector_type}/{user_email}"
ROUTES: Final = {
    "authorize": "/api/v1/oauth/user/authorize",
    "callback/microsoft": "/api/v1/oauth/callback/microsoft",
    "admin-consent": "/api/v1/oauth/callback/microsoft/admin-consent",
    "callback/google": "/api/v1/oauth/callback/google",
    "users": "/api/v1/oauth/users",
    "summary": "/api/v1/oauth/summary",
    "flow": "/api/v1/oauth/flow/{handle}",
    "offboard": "/api/v1/oauth/offboard",
    "user": f"/api/v1/oauth/user{KEY}",
    "token": f"/api/v1/oauth/user{KEY}/token",
    "refresh/one": "/refresh/one",
    "refresh/finish": "/refresh/finish",
    "refresh/rewrap": "/refresh/rewrap",
    "refresh/import": "/refresh/import",
    "refresh/sweep": "/refresh/sweep",
    "refresh/shard": "/refresh/shard",
    "/": "/",
    "/connect": "/connect",
    "/account": "/account",
    "/admin": "/admin",
    "assets": "/assets/{path}",
    "/connect.js": "/connect.js",
    "/connect.d.ts": "/connect.d.ts",
    "session": "/api/v1/account/session",
    "delegations": "/api/v1/account/delegations",
    "audit": "/api/v1/account/audit",
    "audit/verification": "/api/v1/account/audit/verification",
    "agents": "/api/v1/account/agents",
    "usage": "/api/v1/account/usage",
}
"""The table's words for the paths of the catalogue."""
BODIES: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("POST", "authorize"): {},
    ("POST", "refresh/one"): {},
    ("POST", "refresh/finish"): {"epoch": 1},
    ("PUT", "delegations"): {"agent": AGENT, "actions": []},
}
"""What a body holds besides the connection's key."""
QUERIES: Final = {
    ("DELETE", "delegations"),
    ("GET", "audit"),
    ("GET", "audit/verification"),
    ("GET", "usage"),
}
"""Where the connection is named in the query."""

HEAD, *LINES = TABLE.strip("\n").splitlines()
ROWS: Final = {
    (method, ROUTES[route]): dict(zip(HEAD.split(), statuses, strict=True))
    for method, route, *statuses in map(str.split, LINES)
}
SERVED_BY: Final[dict[tuple[str, str], str]] = {
    (method, route.path): name
    for name, routes in BUILT.items()
    if name != "connectors"  # tests/functions/test_connector_authorisation.py
    for route in routes
    for method in route.methods
}
COMING: Final = {
    (method, route.path)
    for function in FUNCTIONS
    for route in function.routes
    for method in route.methods
    if function.coming or route.coming
}


def filled(path: str, user_email: str = SARAH.email) -> str:
    """Return the path with something in the place of its placeholders."""
    values = {
        "{connector_type}": MICROSOFT,
        "{user_email}": user_email,
        "{handle}": "0" * 32 + "-ffffffff",
        "{path}": "style.css",
    }
    for name, value in values.items():
        path = path.replace(name, value)
    return path


def ask(
    visitor: Visitor,
    method: str,
    path: str,
    user_email: str = SARAH.email,
    headers: Mapping[str, str] = FORM,
) -> TestResponse:
    """Send what the route takes, about this person's connection."""
    route = (method, next(word for word, known in ROUTES.items() if known == path))
    key = {"connector_type": MICROSOFT, "user_email": user_email}
    options: dict[str, Any] = {"headers": WANTS_JSON | dict(headers)}
    if route in QUERIES:
        options["query_string"] = key
    if method in {"POST", "PUT"}:
        options["json"] = key | BODIES[route] if route in BODIES else {}
        if route == ("POST", "offboard"):
            options["json"] = {"user_email": user_email}
    return visitor.call(SERVED_BY[method, path], method, filled(path, user_email), **options)


# -- the table ------------------------------------------------------------------------------------


def test_every_route_has_its_row() -> None:
    """A route that is built needs a row; one that is still to come may have it already."""
    assert SERVED_BY.keys() - ROWS.keys() == set(), "who may call these?"
    assert ROWS.keys() - SERVED_BY.keys() - COMING == set(), "there are no such routes"
    assert list(CALLERS) == HEAD.split()


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]) -> Installation:
    """Sarah, connected: one installation for all who are refused, for they change nothing."""
    made = Installation(tmp_path_factory.mktemp("refusing"), keys)
    made.connect(MICROSOFT, SARAH)
    return made


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(("method", "path"), SERVED_BY, ids=str)
def test_who_is_let_in_where(
    request: pytest.FixtureRequest, method: str, path: str, caller: str
) -> None:
    """N37, N39, N95: just the status of the table; who is refused changes and learns nothing."""
    status = ROWS[method, path][caller]
    name = "installation" if status < "400" else "refusing"
    installation: Installation = request.getfixturevalue(name)
    if name == "installation":
        installation.connect(MICROSOFT, SARAH)
    installation.meter.reset()
    response = ask(CALLERS[caller](installation), method, path)
    assert str(response.status_code) == status, response.text
    if response.status_code >= 400:
        assert installation.status(MICROSOFT, SARAH.email) == "active"
        assert installation.meter.counts().get("main.write", 0) == 0
    if path != ROUTES["token"]:
        assert 'access_token"' not in response.text


# -- what is another's does not exist -------------------------------------------------------------

OBJECTS: Final = [
    pytest.param(method, path, caller, id=f"{method} {path}: {caller}")
    for (method, path), row in ROWS.items()
    for caller, status in row.items()
    if (method, path) in SERVED_BY and status == "404"
]


@pytest.mark.parametrize(("method", "path", "caller"), OBJECTS)
def test_anothers_connection_is_answered_as_one_that_does_not_exist(
    refusing: Installation, method: str, path: str, caller: str
) -> None:
    """N37: byte for byte, but for the name that was asked for; and the headers are the same."""
    visitor = CALLERS[caller](refusing)
    there, nowhere = (
        ask(visitor, method, path, user_email) for user_email in (SARAH.email, UNKNOWN)
    )
    assert nowhere.status_code == there.status_code == 404
    assert there.text.replace("sarah%40", "nobody%40") == nowhere.text
    names = [{name for name, _ in answer.headers} for answer in (there, nowhere)]
    assert names[0] == names[1]


@pytest.mark.parametrize("caller", ["maria", "e-mail", "none"])
def test_anothers_connection_is_in_no_list(installation: Installation, caller: str) -> None:
    """N37: neither the person nor the number of those that are hidden, under no filter."""
    installation.connect(MICROSOFT, SARAH)
    visitor = CALLERS[caller](installation)
    for query in (
        *("", f"?connector_type={MICROSOFT}", "?status=active", "?page_token=AA"),
        *("?user_email_prefix=s", "?user_email_prefix=sarah%40company.com"),
        f"?user_email_prefix=s&connector_type={MICROSOFT}&status=active",
        "?ends_by=2099-01-01T00:00:00Z",
    ):
        body = visitor.users(query).json or {}
        assert body["users"] == []
        assert "next_page_token" not in body


# -- what a GET may do ----------------------------------------------------------------------------

CALLBACKS: Final = frozenset({ROUTES["callback/microsoft"], ROUTES["callback/google"]})
"""GET by protocol (RFC 6749, 4.1.2): bound to one browser by the flow's cookie, and good once."""
CHANGING: Final = frozenset(
    {("POST", ROUTES["authorize"]), ("POST", ROUTES["offboard"])}
    | {entry for entry in ROWS if entry[0] in {"PUT", "PATCH", "DELETE"}}
    | {("POST", path) for word, path in ROUTES.items() if word.startswith("refresh/")}
)
WEB: Final = ("/", "/connect", "/account", "/admin", "assets", "/connect.js", "/connect.d.ts")
READING: Final = frozenset(
    ("GET", ROUTES[word])
    for word in (
        *("authorize", "admin-consent", "users", "summary", "flow", "token", *WEB),
        *("session", "delegations", "audit", "audit/verification", "agents", "usage"),
    )
)


def test_every_route_is_known_to_read_or_to_change() -> None:
    """N23: a new route must be given its place."""
    callbacks = {("GET", path) for path in CALLBACKS}
    assert CHANGING | READING | callbacks == ROWS.keys()
    assert not CHANGING & READING
    assert {method for method, _ in READING} == {"GET"}


@pytest.mark.parametrize(
    ("method", "path"),
    sorted(e for e in CHANGING & SERVED_BY.keys() if ("GET", e[1]) not in READING),
    ids=str,
)
def test_nothing_is_changed_by_a_get(installation: Installation, method: str, path: str) -> None:
    """N23: a link, an image or a prefetch can not press the button."""
    installation.connect(MICROSOFT, SARAH)
    for who in ("sarah", "admin", "agent"):
        visitor = CALLERS[who](installation)
        for verb in ("GET", "HEAD"):
            response = visitor.call(SERVED_BY[method, path], verb, filled(path), headers=FORM)
            assert (response.status_code, response.headers["Allow"]) == (405, method)
    assert installation.status(MICROSOFT, SARAH.email) == "active"
    assert installation.writes() == 0


@pytest.mark.parametrize(("method", "path"), sorted(READING & SERVED_BY.keys()), ids=str)
def test_what_reads_writes_nothing(installation: Installation, method: str, path: str) -> None:
    """N23: for whoever may read. A token leaves its time in activity, so that idle ones are known."""
    installation.connect(MICROSOFT, SARAH)
    for who in ("sarah", "admin", "agent"):
        ask(CALLERS[who](installation), method, path)
    assert installation.meter.counts().get("main.write", 0) == 0
    assert installation.writes() == (1 if path == ROUTES["token"] else 0)


def test_a_person_never_reads_a_token(installation: Installation) -> None:
    """N41d: no answer to a session, an admin's least of all, holds an access token of anybody."""
    installation.connect(MICROSOFT, SARAH)
    tokens = [s["value"] for s in installation.sandbox.secrets() if s["kind"] == "access_token"]
    assert tokens
    for method, path in SERVED_BY:
        for who in ("sarah", "admin"):
            response = ask(CALLERS[who](installation), method, path)
            told = json.dumps([response.text, dict(response.headers)])
            assert not [token for token in tokens if token in told]
