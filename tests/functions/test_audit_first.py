"""No change without its audit record: where that can not be written, nothing changes."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.stores.document import Document
from multi_user_oauth.stores.sqlite_rows import unpacked
from tests.functions.test_authorisation import (
    CALLBACKS,
    CALLERS,
    CHANGING,
    ROUTES,
    SERVED_BY,
    ask,
)
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor
from tests.support.installation import OPERATOR

Route = tuple[str, str]
Step = Callable[[], TestResponse]
Prepare = Callable[[Installation, Route], Step]
TABLES: Final = ("connections", "audit", "revocations")
ITS_OWN: Final = frozenset({"lease", "lease_at", "failure"})
"""What a refresh writes before it asks the provider, and when it failed: not audited."""

NOT_AUDITED: Final[dict[Route, str]] = {
    ("POST", ROUTES["authorize"]): "it writes nothing",
    ("DELETE", ROUTES["session"]): "signing out touches no connection",
    ("POST", ROUTES["refresh/finish"]): "the disconnect was audited; the provider is told of it",
    ("POST", ROUTES["refresh/sweep"]): "it refreshes many, each as refresh/one does",
    ("POST", ROUTES["refresh/shard"]): "as refresh/sweep",
    ("POST", ROUTES["refresh/rewrap"]): "the same tokens under another key version",
}


@contextmanager
def unwritable(installation: Installation) -> Iterator[None]:
    """Let every audit record be refused by the database."""
    with closing(sqlite3.connect(main_file(installation), isolation_level=None)) as database:
        database.execute(
            "CREATE TRIGGER refused BEFORE INSERT ON audit"
            " BEGIN SELECT RAISE(ABORT, 'no audit today'); END"
        )
        yield
        database.execute("DROP TRIGGER refused")


def main_file(installation: Installation) -> Path:
    """Return the main database's file."""
    return Path(installation.settings["DATA_DIR"]) / "main.db"


def everything(installation: Installation) -> dict[tuple[str, str], Document]:
    """Return all documents in which a change would show, less what is not audited."""
    found = {}
    with closing(sqlite3.connect(main_file(installation))) as database:
        for table in TABLES:
            rows = database.execute(f"SELECT id, body FROM {table}").fetchall()  # noqa: S608  # reason: a table's name
            for name, body in rows:
                fields = unpacked(name, body).items()
                found[table, name] = {field: each for field, each in fields if field not in ITS_OWN}
    return found


def by_asking(who: str) -> Prepare:
    """Return a step of somebody who may do what the route does."""

    def prepared(installation: Installation, route: Route) -> Step:
        installation.connect(MICROSOFT, SARAH)
        installation.clock.advance(7200)  # so that a refresh has something to do
        visitor = CALLERS[who](installation)
        return lambda: ask(visitor, *route)

    return prepared


def by_signing_in(connector_type: str) -> Prepare:
    """Return a step of Sarah, who comes back from the provider."""

    def prepared(installation: Installation, route: Route) -> Step:
        installation.connect(connector_type, SARAH)  # once already: this is the second time
        if connector_type == GOOGLE:  # who gives a refresh token with the first consent only
            installation.sandbox.revoke_grant("google", SARAH.email)
        visitor = Visitor(installation)
        away = visitor.leave(connector_type, SARAH.email)
        back = visitor.at_provider(away.location or "", SARAH)
        return lambda: visitor.call(SERVED_BY[route], "GET", back)

    return prepared


def by_importing(installation: Installation, route: Route) -> Step:
    """Return a step of an operator, who brings the token that Sarah has already."""
    installation.connect(MICROSOFT, SARAH)
    given = [s["value"] for s in installation.sandbox.secrets() if s["kind"] == "refresh_token"]
    body = {"connector_type": MICROSOFT, "user_email": SARAH.email, "refresh_token": given[-1]}
    visitor = installation.agent(OPERATOR)
    return lambda: visitor.call("refresh", "POST", route[1], json=body | {"replace": True})


AUDITED: Final[dict[Route, Prepare]] = {
    ("GET", ROUTES["callback/microsoft"]): by_signing_in(MICROSOFT),
    ("GET", ROUTES["callback/google"]): by_signing_in(GOOGLE),
    ("DELETE", ROUTES["user"]): by_asking("sarah"),
    ("PUT", ROUTES["delegations"]): by_asking("sarah"),
    ("DELETE", ROUTES["delegations"]): by_asking("sarah"),
    ("POST", ROUTES["refresh/one"]): by_asking("agent"),
    ("POST", ROUTES["refresh/import"]): by_importing,
    ("POST", ROUTES["offboard"]): by_asking("admin"),
}


def test_every_route_that_changes_something_is_here() -> None:
    """N92: audited, or with the reason why not; a new route must be given its place."""
    built = {route for route in CHANGING if route in SERVED_BY}
    built |= {("GET", path) for path in CALLBACKS}
    assert built - AUDITED.keys() - NOT_AUDITED.keys() == set()
    assert not AUDITED.keys() & NOT_AUDITED.keys()


@pytest.mark.parametrize("route", sorted(AUDITED), ids=str)
def test_without_its_audit_record_nothing_changes(installation: Installation, route: Route) -> None:
    """N92: 503, and all is as it was, nobody is signed in; the day after, the same request counts."""
    step = AUDITED[route](installation, route)
    before = everything(installation)
    with unwritable(installation):
        refused = step()
    assert refused.status_code == 503, refused.text
    assert not any("__Host-session=" in each for each in refused.headers.getlist("Set-Cookie"))
    assert everything(installation) == before

    step = AUDITED[route](installation, route)
    before = everything(installation)
    assert step().status_code < 400
    assert everything(installation) != before


@pytest.mark.parametrize("route", sorted(NOT_AUDITED), ids=str)
def test_what_is_not_audited_changes_no_connection(
    installation: Installation, route: Route
) -> None:
    """N92: with or without the audit, for each who may ask."""
    installation.connect(MICROSOFT, SARAH)
    before = everything(installation)
    with unwritable(installation):
        for who in ("sarah", "admin", "agent"):
            ask(CALLERS[who](installation), *route)
    assert everything(installation) == before


def test_a_first_connection_is_not_stored_without_its_audit_record(
    installation: Installation,
) -> None:
    """N92: there is nothing afterwards, and the person is not signed in."""
    visitor = Visitor(installation)
    away = visitor.leave(MICROSOFT, SARAH.email)
    back = visitor.at_provider(away.location or "", SARAH)
    assert installation.store.all_heads(after=None, limit=1) == ()  # which makes the tables
    with unwritable(installation):
        refused = visitor.call("callback_microsoft", "GET", back)
    assert (refused.status_code, everything(installation)) == (503, {})


def test_no_token_is_lost_where_a_refresh_could_not_be_audited(installation: Installation) -> None:
    """N92: the provider has answered, and what it gave is kept aside for the next one who asks."""
    installation.connect(MICROSOFT, SARAH)
    installation.clock.advance(7200)
    with unwritable(installation):
        assert installation.agent().token(MICROSOFT, SARAH.email).status_code == 503
    installation.clock.advance(60)
    assert installation.agent().token(MICROSOFT, SARAH.email).status_code == 200
    asked = [each["grant_type"] for each in installation.sandbox.requests()]
    assert asked.count("refresh_token") == 1
