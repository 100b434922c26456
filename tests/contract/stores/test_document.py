"""How the values look in a database, and what is refused there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from multi_user_oauth.model import Connection, Kind
from multi_user_oauth.stores.document import (
    Value,
    document_id,
    from_document,
    key_version_id,
    lease_age,
    to_document,
)
from tests.contract.stores.samples import (
    AT,
    FULL,
    KEY,
    VALUES,
    attempt,
    breaker,
    ledger_entry,
    record,
    rescue,
    revocation,
    suspect,
)

BARE = (str, int, bytes, type(None))


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_survives_its_document(value: Value) -> None:
    """What is written is what is read."""
    assert from_document(type(value), document_id(value), to_document(value)) == value


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_document_is_plain(value: Value) -> None:
    """Only types that every database keeps, and times in UTC; no enum, no tuple, no subclass."""

    def check(part: object) -> None:
        if isinstance(part, dict):
            for each in part.values():
                check(each)
        elif isinstance(part, list):
            for each in part:
                check(each)
        elif isinstance(part, datetime):
            assert part.tzinfo is UTC
        else:
            assert type(part) in BARE

    document = to_document(value)
    assert type(document) is dict
    check(document)


def test_a_connection_is_this_document() -> None:
    """The names that stand in existing databases: who changes one here must read the old one too."""
    assert to_document(FULL) == {
        "schema": 1,
        "connector_type": "google_workspace",
        "user_email": "anna@example.org",
        "status": "active",
        "identity": "google:1001",
        "epoch": 1_767_603_600_000,
        "generation": 1,
        "commit_id": "commit-1",
        "audit": {"sequence": 1, "hash": "hash-1"},
        "connected_at": AT,
        "scopes": ["openid", "mail.read"],
        "missing_scopes": ["calendar"],
        "reason": "reason",
        "access_token_expires_at": AT + timedelta(hours=1),
        "refresh_due_at": AT + timedelta(minutes=55),
        "shard": KEY.shard,
        "refreshed_at": AT,
        "refresh_token_expires_at": AT + timedelta(days=90),
        "revoked_at": AT,
        "pending_revocation": 3,
        "sealed_access": b"\x00access\xff",
        "sealed_refresh": b"\x00refresh\xff",
        "lease": {"id": "lease"},
        "failure": {
            "code": "provider_unavailable",
            "count": 2,
            "at": AT,
            "next_try_at": AT + timedelta(seconds=30),
            "kind": "transient",
        },
        "quarantined_at": AT + timedelta(hours=3),
        "delegations": [
            {
                "agent": "assistant",
                "actions": ["read"],
                "given_at": AT,
                "expires_at": AT + timedelta(days=30),
            }
        ],
    }


def test_the_other_documents_are_these() -> None:
    """The same for what lies beside a connection."""
    key = {"schema": 1, "connector_type": "google_workspace", "user_email": "anna@example.org"}
    assert to_document(record(FULL)) == key | {
        "sequence": 1,
        "previous": "hash-0",
        "hash": "hash-1",
        "at": AT,
        "action": "refresh",
        "actor": "system:refresh",
        "outcome": "ok",
        "epoch": FULL.epoch,
        "generation": 1,
        "reason": "",
    }
    claimed = replace(revocation(FULL), version=object(), lease_age=timedelta(seconds=3))
    assert to_document(claimed) == key | {
        "identity": "google:1001",
        "epoch": FULL.epoch,
        "generation": 1,
        "sealed_refresh": FULL.sealed_refresh,
        "created_at": AT,
        "lease_id": None,
    }
    assert to_document(ledger_entry()) == key | {
        "identity": "google:1001",
        "epoch": 7,
        "at": AT,
        "actor": "person:google:1001",
    }
    kept = rescue(FULL)
    assert to_document(kept) == {
        "schema": 1,
        "connection": to_document(kept.connection),
        "used_generation": 1,
    }


def test_the_documents_of_troubles_are_these() -> None:
    """A breaker has no connection; a suspect is one of a connection, whose name it has."""
    assert to_document(breaker()) == {
        "schema": 1,
        "connector_type": "google_workspace",
        "trouble": "storm",
        "opened_at": AT,
        "closed_at": AT - timedelta(hours=1),
        "next_probe_at": AT + timedelta(seconds=30),
        "failed_probes": 2,
        "in_a_row": 4,
        "row_of": "outage",
        "minutes": [
            {"start": AT, "attempts": 9, "refusals": 3},
            {"start": AT, "attempts": 0, "refusals": 0},
        ],
    }
    assert to_document(suspect()) == {
        "schema": 1,
        "connector_type": "google_workspace",
        "user_email": "anna@example.org",
        "epoch": 7,
        "generation": 1,
        "at": AT,
    }
    assert document_id(breaker()) == "google_workspace"
    assert document_id(suspect()) == KEY.document_id


def test_the_document_of_an_attempt_is_this() -> None:
    """Its id is in it too: whoever finds it under another one's name is told."""
    assert to_document(attempt()) == {
        "schema": 1,
        "id": "attempt",
        "connector_type": "google_workspace",
        "user_email": "anna@example.org",
        "fingerprint": "fingerprint",
        "mark": "mark",
        "stage": "sent",
        "held_until": AT + timedelta(minutes=2),
        "until": AT + timedelta(days=1),
        "handle": "draft-1",
        "provider_id": "message-1",
    }
    assert document_id(attempt()) == "attempt"


def test_a_time_is_kept_in_utc() -> None:
    """Whatever zone it came in."""
    elsewhere = AT.astimezone(timezone(timedelta(hours=5)))
    document = to_document(replace(FULL, connected_at=elsewhere))
    assert document["connected_at"].tzinfo is UTC
    assert document["connected_at"] == AT


def test_a_time_without_a_zone_is_not_written() -> None:
    """It could be any time."""
    with pytest.raises(ValueError, match="zone"):
        to_document(replace(FULL, connected_at=AT.replace(tzinfo=None)))


def test_a_database_library_s_own_kind_of_time_is_read() -> None:
    """Some give a subclass of datetime; what is read is a plain one."""

    class Stamp(datetime):
        """As Firestore's."""

    document = to_document(FULL)
    document["connected_at"] = Stamp.fromtimestamp(AT.timestamp(), timezone(timedelta(hours=1)))
    read = from_document(Connection, KEY.document_id, document).connected_at
    assert type(read) is datetime
    assert read == AT


def test_unknown_fields_are_ignored() -> None:
    """A newer program of the same schema may have written more, in any place and of any shape."""
    document = to_document(FULL)
    document["favourites"] = [{"connector_type": 1, "identity": 2, "until": AT}]
    document["lease"]["note"] = "x"
    assert from_document(Connection, KEY.document_id, document) == FULL


def test_a_field_with_a_default_may_be_missing() -> None:
    """An older program did not write it."""
    document = to_document(FULL)
    del document["missing_scopes"], document["refresh_due_at"], document["shard"]
    read = from_document(Connection, KEY.document_id, document)
    assert read == replace(FULL, missing_scopes=(), refresh_due_at=None)


def test_a_shard_is_made_from_the_key_whatever_is_written() -> None:
    """It is for queries: who reads a document that a hand has changed believes the key."""
    document = to_document(FULL) | {"shard": KEY.shard + 1}
    assert from_document(Connection, KEY.document_id, document) == FULL


def test_the_name_of_a_note_on_a_key_version_is_one_path_segment() -> None:
    """A version is stored data: no slash in it may make the note another collection's document."""
    name = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
    names = [key_version_id(Kind.ACCESS, version) for version in (name, "..", "1", "%2F", "/")]
    names.append(key_version_id(Kind.REFRESH, "1"))
    assert len(set(names)) == len(names)
    assert not any(set(each) & set("/\\ ") for each in names)
    assert names[2] == "access-1"


def test_the_age_of_a_lease_is_from_its_claim() -> None:
    """None without a lease; by the clock that is given."""
    now = AT + timedelta(seconds=40)
    assert lease_age({}, now) is None
    assert lease_age({"lease_at": None}, now) is None
    assert lease_age({"lease_at": AT}, now) == timedelta(seconds=40)
