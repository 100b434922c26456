"""A sealed value that is not where it belongs, or not as it was: no token, one alarm, nothing changed."""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.custody import AccessTokens
from multi_user_oauth.errors import TamperedError
from multi_user_oauth.log import JsonFormatter
from multi_user_oauth.model import Connection, ConnectionKey, Kind, Snapshot
from multi_user_oauth.sandbox.company import JOHN, SARAH
from multi_user_oauth.settings import Settings
from multi_user_oauth.stores.sqlite_rows import update_connection
from multi_user_oauth.wiring.parts import Parts
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor, code
from tests.support.google_cloud import CloudInstallation
from tests.support.installation import DEPLOYMENT_ID

SARAHS: Final = ConnectionKey(MICROSOFT, SARAH.email)
JOHNS: Final = ConnectionKey(MICROSOFT, JOHN.email)
PLACES: Final = 9
"""Where a bit is flipped: the first byte and the last, and places between, in each part of the value."""


@pytest.fixture(params=["embedded", "gcp"])
def installation(
    request: pytest.FixtureRequest, tmp_path: Path, keys: Mapping[str, str]
) -> Iterator[Installation]:
    """All functions, over either back end, with Sarah and John connected."""
    if request.param == "gcp":
        made: Installation = request.getfixturevalue("installed")
    else:
        made = Installation(tmp_path, keys)
    for account in (SARAH, JOHN):
        made.connect(MICROSOFT, account)
    yield made
    if isinstance(made, CloudInstallation):
        made.forget()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both sealed values of one connection."""

    access: bytes
    refresh: bytes


def stored(installation: Installation, key: ConnectionKey = SARAHS) -> Snapshot:
    """Return a connection as it stands."""
    found = installation.store.read(key)
    assert found is not None
    return found


def pair(installation: Installation, key: ConnectionKey = SARAHS) -> Pair:
    """Return its sealed values."""
    connection = stored(installation, key).connection
    assert connection.sealed_access is not None
    assert connection.sealed_refresh is not None
    return Pair(access=connection.sealed_access, refresh=connection.sealed_refresh)


def put(installation: Installation, pair: Pair) -> None:
    """Write them into Sarah's record, as somebody could who holds the database and no key."""
    installation.store.rewrap(
        stored(installation), sealed_access=pair.access, sealed_refresh=pair.refresh
    )


def write(installation: Installation, fields: Mapping[str, object]) -> None:
    """Overwrite fields of Sarah's record, past the program."""
    if isinstance(installation, CloudInstallation):
        connections = installation.client("main").collection("connections")
        connections.document(SARAHS.document_id).update(dict(fields))
        return
    file = Path(installation.settings["DATA_DIR"]) / "main.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        query = "SELECT version FROM connections WHERE id = ?"
        (version,) = database.execute(query, (SARAHS.document_id,)).fetchone()
        update_connection(database, SARAHS.document_id, version, dict(fields))


def another_users(installation: Installation) -> list[Pair]:
    """John's values."""
    return [pair(installation, JOHNS)]


def the_other_kinds(installation: Installation) -> list[Pair]:
    """Each in the other one's place."""
    mine = pair(installation)
    return [Pair(access=mine.refresh, refresh=mine.access)]


def an_older_generations(installation: Installation) -> list[Pair]:
    """Those of before a refresh, after it."""
    before = pair(installation)
    installation.clock.advance(120)
    assert refresh(installation).status_code == 200
    return [before]


def an_older_epochs(installation: Installation) -> list[Pair]:
    """Those of before a disconnect, after the person connected again."""
    before = pair(installation)
    visitor = installation.person(str(stored(installation).connection.identity))
    assert visitor.revoke(MICROSOFT, SARAH.email).status_code == 200
    installation.clock.advance(1)
    installation.connect(MICROSOFT, SARAH)
    return [before]


def flipped(value: bytes, place: int) -> bytes:
    """Return the value with one bit flipped in this byte, another one in each."""
    return value[:place] + bytes([value[place] ^ 1 << place % 8]) + value[place + 1 :]


def a_flipped_bit(installation: Installation) -> list[Pair]:
    """At several places."""
    mine = pair(installation)

    def at(value: bytes, part: int) -> bytes:
        return flipped(value, part * (len(value) - 1) // (PLACES - 1))

    return [
        Pair(access=at(mine.access, part), refresh=at(mine.refresh, part)) for part in range(PLACES)
    ]


def refresh(installation: Installation) -> TestResponse:
    """Ask `refresh` for a token that lives an hour."""
    body = {"connector_type": MICROSOFT, "user_email": SARAH.email, "min_ttl": 3600}
    return installation.agent().call("refresh", "POST", "/refresh/one", json=body)


def ask(installation: Installation) -> TestResponse:
    """Ask for the token as it stands."""
    return installation.agent().token(MICROSOFT, SARAH.email)


def ask_for_a_new_one(installation: Installation) -> TestResponse:
    """Ask for a token once it has run out: `refresh` opens what is stored."""
    installation.clock.advance(7200)
    return ask(installation)


def ask_to_refresh(installation: Installation) -> TestResponse:
    """Ask `refresh` itself."""
    installation.clock.advance(120)
    return refresh(installation)


def alarms(caplog: pytest.LogCaptureFixture) -> list[dict[str, str]]:
    """Return the alarms since the last look, as the lines that production writes."""
    records = [record for record in caplog.records if hasattr(record, "alarm")]
    caplog.clear()
    return [json.loads(JsonFormatter().format(record)) for record in records]


def assert_one_alarm(caplog: pytest.LogCaptureFixture, key: ConnectionKey = SARAHS) -> None:
    """There is one, at ERROR, and it names the connection."""
    (line,) = alarms(caplog)
    assert (line["severity"], line["alarm"]) == ("ERROR", "tampered")
    assert line["connection"] == str(key)
    assert line.keys() == {"time", "severity", "logger", "message", "alarm", "connection"}


def assert_refused(
    installation: Installation, asking: "Asking", caplog: pytest.LogCaptureFixture
) -> None:
    """No token, one alarm, nobody asked, nothing changed but when the sweep looks again."""
    before = stored(installation).connection
    installation.sandbox.clear_requests()
    alarms(caplog)
    answer = asking(installation)
    assert (answer.status_code, code(answer)) == (500, "tampered")
    secrets = installation.sandbox.secrets()
    assert not [each for each in secrets if each["value"] in answer.text]
    assert_one_alarm(caplog)
    after = stored(installation).connection
    later = {"failure": before.failure, "refresh_due_at": before.refresh_due_at}
    assert replace(after, **later) == before  # type: ignore[arg-type]  # reason: mypy looks at no names
    assert "refresh_token" not in [r["grant_type"] for r in installation.sandbox.requests()]


Asking = Callable[[Installation], TestResponse]
Swap = Callable[[Installation], list[Pair]]


@pytest.mark.parametrize("asking", [ask, ask_for_a_new_one, ask_to_refresh])
@pytest.mark.parametrize(
    "swap",
    [another_users, the_other_kinds, an_older_generations, an_older_epochs, a_flipped_bit],
)
def test_what_does_not_belong_there_is_not_opened(
    installation: Installation, caplog: pytest.LogCaptureFixture, swap: Swap, asking: Asking
) -> None:
    """
    Another user's (N42), kind's (N43), generation's (N44) or epoch's (N45) value, or one changed (N47):
    500 `tampered`, no token in it; one alarm; the record as it was; no provider was asked.
    """
    caplog.set_level(logging.INFO)
    mine = pair(installation)
    for foreign in swap(installation):
        put(installation, foreign)
        assert_refused(installation, asking, caplog)
    if swap not in (an_older_generations, an_older_epochs):
        put(installation, mine)
        assert ask_for_a_new_one(installation).status_code == 200
        assert alarms(caplog) == []


Changes = Callable[[Connection, Connection], dict[str, object]]
CHANGES: Final[Mapping[str, Changes]] = {
    "owner": lambda _, johns: {"identity": str(johns.identity)},
    "provider": lambda _, __: {"identity": "google:117"},
    "generation": lambda mine, _: {"generation": mine.generation + 1},
    "epoch": lambda mine, _: {"epoch": mine.epoch + 1},
    "all that is another's": lambda _, johns: {
        "identity": str(johns.identity),
        "epoch": johns.epoch,
        "generation": johns.generation,
        "sealed_access": johns.sealed_access,
        "sealed_refresh": johns.sealed_refresh,
    },
}
"""What a value is bound to, changed in Sarah's record; or John's values with what they are bound to."""


@pytest.mark.parametrize("asking", [ask, ask_for_a_new_one, ask_to_refresh])
@pytest.mark.parametrize("change", CHANGES)
def test_what_a_value_is_bound_to_can_not_be_changed_around_it(
    installation: Installation, caplog: pytest.LogCaptureFixture, change: str, asking: Asking
) -> None:
    """N45, N46: Another person, provider, epoch or generation, or all of another's: the same."""
    caplog.set_level(logging.INFO)
    mine, johns = (stored(installation, key).connection for key in (SARAHS, JOHNS))
    write(installation, CHANGES[change](mine, johns))
    assert_refused(installation, asking, caplog)
    names = ("epoch", "generation", "sealed_access", "sealed_refresh")
    back = {name: getattr(mine, name) for name in names}
    write(installation, back | {"identity": str(mine.identity)})
    assert ask_for_a_new_one(installation).status_code == 200


@pytest.mark.parametrize("asking", [ask, ask_for_a_new_one, ask_to_refresh])
def test_a_database_that_was_copied_elsewhere_opens_nothing_there(
    tmp_path: Path, keys: Mapping[str, str], caplog: pytest.LogCaptureFixture, asking: Asking
) -> None:
    """N45: Not in another deployment that has its very keys."""
    caplog.set_level(logging.INFO)
    here = Installation(tmp_path, keys)
    here.connect(MICROSOFT, SARAH)
    another = {"DEPLOYMENT_ID": "2b6d1c40-7a51-4f0e-8f7e-5d0c8a3e9b21"}
    assert_refused(Installation(tmp_path, keys, another, clock=here.clock), asking, caplog)
    assert ask(here).status_code == 200


@pytest.mark.parametrize("field", ["user_email", "connector_type"])
def test_a_record_that_says_it_is_another_ones_is_not_read(
    installation: Installation, caplog: pytest.LogCaptureFixture, field: str
) -> None:
    """N46: Its owner and its type are its name, too."""
    caplog.set_level(logging.INFO)
    write(installation, {field: JOHN.email if field == "user_email" else GOOGLE})
    installation.sandbox.clear_requests()
    for asking in (ask, ask_to_refresh):
        alarms(caplog)
        answer = asking(installation)
        assert (answer.status_code, code(answer)) == (500, "tampered")
        (line,) = alarms(caplog)
        assert (line["alarm"], line["connection"]) == ("tampered", SARAHS.document_id)
    assert "refresh_token" not in [r["grant_type"] for r in installation.sandbox.requests()]


def test_a_revocation_that_was_altered_stays(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """N47: The provider can not be told; nobody says that it was."""
    caplog.set_level(logging.INFO)
    visitor = installation.connect(GOOGLE, SARAH)
    key = ConnectionKey(GOOGLE, SARAH.email)
    epoch = stored(installation, key).connection.epoch
    installation.sandbox.add_fault(provider="google", endpoint="revoke", kind="status", status=503)
    assert visitor.revoke(GOOGLE, SARAH.email).status_code == 200
    if isinstance(installation, CloudInstallation):
        installation.end_leases()
    installation.clock.advance(41)
    waiting = installation.store.revocation(key, epoch)
    assert waiting is not None
    altered = flipped(waiting.sealed_refresh, len(waiting.sealed_refresh) - 1)
    installation.store.rewrap_revocation(waiting, sealed_refresh=altered)
    installation.sandbox.clear_requests()
    alarms(caplog)
    body = {"connector_type": GOOGLE, "user_email": SARAH.email, "epoch": epoch}
    answer = installation.agent().call("refresh", "POST", "/refresh/finish", json=body)
    assert (answer.status_code, (answer.json or {})["finished"][0]["provider"]) == (200, "pending")
    assert_one_alarm(caplog, key)
    assert "revoke" not in [served["endpoint"] for served in installation.sandbox.requests()]
    kept = installation.store.revocation(key, epoch)
    assert kept is not None
    assert kept.sealed_refresh == altered


def test_a_whole_record_under_another_ones_name(
    installed: CloudInstallation, caplog: pytest.LogCaptureFixture
) -> None:
    """N45: It is not even read; the alarm names the place where it lies."""
    caplog.set_level(logging.INFO)
    for account in (SARAH, JOHN):
        installed.connect(MICROSOFT, account)
    connections = installed.client("main").collection("connections")
    johns = connections.document(JOHNS.document_id).get().to_dict() or {}
    connections.document(SARAHS.document_id).set(johns)
    alarms(caplog)
    for asking in (ask, ask_to_refresh):
        answer = asking(installed)
        assert (answer.status_code, code(answer)) == (500, "tampered")
        (line,) = alarms(caplog)
        assert (line["alarm"], line["connection"]) == ("tampered", SARAHS.document_id)
    installed.forget()


def test_a_forged_ticket_or_cookie_is_no_alarm(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody can send one: it is their mistake, and no operator is called."""
    caplog.set_level(logging.INFO)
    page = Visitor(installation).call("authorize", "GET", "/?ticket=forged.by.some.body")
    assert page.status_code == 400
    visitor = Visitor(installation)
    away = visitor.leave(MICROSOFT, SARAH.email)
    back = visitor.at_provider(away.location or "", SARAH)
    flow = away.headers["Set-Cookie"].partition("=")[0]
    stranger = Visitor(installation)
    stranger.set_cookie(flow, "forged.by.some.body")
    assert stranger.call("callback_microsoft", "GET", back).status_code == 400
    assert alarms(caplog) == []


def test_every_bit_counts(
    tmp_path: Path, keys: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """N47: With any one flipped a stored access token does not open: an alarm each, and no value."""
    installation = Installation(tmp_path, keys)
    installation.connect(MICROSOFT, SARAH)
    connection = stored(installation).connection
    sealed = connection.sealed_access or b""
    parts = Parts("access_token", Settings(installation.settings), installation.world)
    tokens = AccessTokens(deployment=DEPLOYMENT_ID, opener=parts.opener(Kind.ACCESS))
    assert tokens.open(connection)
    bits = 8 * len(sealed)
    for bit in range(bits):
        place = bit // 8
        altered = sealed[:place] + bytes([sealed[place] ^ 1 << bit % 8]) + sealed[place + 1 :]
        with pytest.raises(TamperedError):
            tokens.open(replace(connection, sealed_access=altered))
    assert len(alarms(caplog)) == bits
