"""A connection and what may happen to it."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multi_user_oauth.model import (
    SHARDS,
    AuditHead,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Failure,
    Identity,
    Lease,
)

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
CONNECTION = Connection(
    key=ConnectionKey("google_workspace", "ada@example.com"),
    status=ConnectionStatus.ACTIVE,
    identity=Identity.google("117"),
    epoch=1_767_000_000_000,
    generation=4,
    commit_id="commit-4",
    audit=AuditHead(9, "hash-9"),
    connected_at=NOON - timedelta(days=1),
    scopes=("mail", "drive"),
    missing_scopes=("calendar",),
    access_token_expires_at=NOON + timedelta(minutes=1),
    refresh_due_at=NOON,
    refreshed_at=NOON - timedelta(hours=1),
    sealed_access=b"access-4",
    sealed_refresh=b"refresh-4",
    lease=Lease("lease-1"),
    failure=Failure(code="timeout", count=2, at=NOON, next_try_at=NOON),
)


def refreshed(
    connection: Connection, scopes: tuple[str, ...] = ("mail",), ends: datetime | None = None
) -> Connection:
    """Return the connection after a refresh."""
    return connection.refreshed(
        sealed_access=b"access-5",
        sealed_refresh=b"refresh-5",
        expires_at=NOON + timedelta(hours=1),
        refresh_due_at=NOON + timedelta(minutes=55),
        scopes=scopes,
        missing_scopes=("drive",),
        refresh_token_expires_at=ends,
        at=NOON,
    )


@pytest.mark.parametrize(
    "before",
    [CONNECTION, CONNECTION.needing_sign_in("invalid_grant")],
    ids=["active", "needs sign-in"],
)
def test_a_refresh_stores_the_credential_and_heals(before: Connection) -> None:
    """A new generation; status, reason, lease and failure are those of a healthy connection."""
    assert refreshed(before) == replace(
        CONNECTION,
        generation=5,
        sealed_access=b"access-5",
        sealed_refresh=b"refresh-5",
        access_token_expires_at=NOON + timedelta(hours=1),
        refresh_due_at=NOON + timedelta(minutes=55),
        scopes=("mail",),
        missing_scopes=("drive",),
        refreshed_at=NOON,
        lease=None,
        failure=None,
    )


def test_an_answer_without_scopes_leaves_them() -> None:
    """Absent means unchanged (RFC 6749, 5.1 and 6)."""
    assert refreshed(CONNECTION, scopes=()).scopes == CONNECTION.scopes


def test_the_end_of_a_grant_stands_until_an_answer_names_another() -> None:
    """It goes where the credential goes, and ends with it; an answer without one changes nothing."""
    week, year = NOON + timedelta(days=7), NOON + timedelta(days=365)
    limited = refreshed(CONNECTION, ends=week)

    assert limited.refresh_token_expires_at == week
    assert refreshed(limited).refresh_token_expires_at == week
    assert refreshed(limited, ends=year).refresh_token_expires_at == year
    assert limited.needing_sign_in("invalid_grant").refresh_token_expires_at == week
    assert CONNECTION.with_credential_of(limited).refresh_token_expires_at == week
    assert limited.with_credential_of(refreshed(CONNECTION)).refresh_token_expires_at is None
    assert limited.disconnected(at=NOON, pending=True).refresh_token_expires_at is None


def test_needing_sign_in_keeps_the_credential() -> None:
    """A late success must still be able to heal it: no token, epoch or generation changes."""
    assert CONNECTION.needing_sign_in("invalid_grant") == replace(
        CONNECTION,
        status=ConnectionStatus.NEEDS_SIGN_IN,
        reason="invalid_grant",
        refresh_due_at=None,
        lease=None,
        failure=None,
    )


def test_a_credential_is_taken_with_the_time_of_its_next_refresh() -> None:
    """And heals, as it did where it was made; a lease and a failure end with it."""
    waiting = CONNECTION.needing_sign_in("invalid_grant")
    assert waiting.with_credential_of(refreshed(CONNECTION)) == refreshed(CONNECTION)


@pytest.mark.parametrize(
    ("next_try_in", "due_in"), [(-1, 0), (0, 0), (1, 1)], ids=["earlier", "then", "later"]
)
def test_a_failure_is_not_tried_again_before_its_time(next_try_in: int, due_in: int) -> None:
    """The lease ends, and the next refresh is due no sooner than the failure allows it."""
    failure = Failure(
        code="timeout", count=3, at=NOON, next_try_at=NOON + timedelta(seconds=next_try_in)
    )
    assert CONNECTION.released(failure) == replace(
        CONNECTION,
        lease=None,
        failure=failure,
        refresh_due_at=NOON + timedelta(seconds=due_in),
    )


def test_a_release_without_a_failure_leaves_the_time_of_the_next_refresh() -> None:
    """And forgets the last one."""
    assert CONNECTION.released(None) == replace(CONNECTION, lease=None, failure=None)


def test_what_is_not_to_be_refreshed_is_not_because_it_failed() -> None:
    """A connection that waits for its person does not become due by an attempt that came too late."""
    waiting = replace(CONNECTION.needing_sign_in("invalid_grant"), lease=Lease("lease-1"))
    assert waiting.released(CONNECTION.failure).refresh_due_at is None


@pytest.mark.parametrize("pending", [True, False])
def test_a_disconnect_leaves_a_tombstone(pending: bool) -> None:
    """No token is left in it; who it was, and which grant the provider is owed, is."""
    tombstone = CONNECTION.needing_sign_in("invalid_grant").disconnected(at=NOON, pending=pending)

    assert tombstone == replace(
        CONNECTION,
        status=ConnectionStatus.REVOKED,
        epoch=tombstone.epoch,
        sealed_access=None,
        sealed_refresh=None,
        refresh_due_at=None,
        revoked_at=NOON,
        pending_revocation=CONNECTION.epoch if pending else None,
        lease=None,
        failure=None,
    )
    assert tombstone.epoch > CONNECTION.epoch


def test_a_tombstone_holds_nothing() -> None:
    """Only there is the e-mail free for another account."""
    assert CONNECTION.holds_its_email
    assert CONNECTION.needing_sign_in("invalid_grant").holds_its_email
    assert not CONNECTION.disconnected(at=NOON, pending=False).holds_its_email


@given(st.lists(st.integers(-10_000, 10_000), max_size=20))
def test_an_epoch_is_never_used_again(steps: list[int]) -> None:
    """Whichever way the clock jumps between them, each disconnect raises it."""
    connection, now, seen = CONNECTION, NOON, [CONNECTION.epoch]
    for step in steps:
        now += timedelta(milliseconds=step)
        connection = connection.disconnected(at=now, pending=False)
        seen.append(connection.epoch)

    assert seen == sorted(set(seen))


def test_a_restored_copy_gets_a_new_epoch_too() -> None:
    """The copy does not know the epochs after the backup, the clock does: they are times in ms."""
    later = CONNECTION.disconnected(at=NOON, pending=False)
    restored = CONNECTION.disconnected(at=NOON + timedelta(milliseconds=1), pending=False)

    assert later.epoch == int(NOON.timestamp() * 1000)
    assert restored.epoch > later.epoch


KEYS = st.builds(
    ConnectionKey, st.sampled_from(["t", "t2", "google_workspace"]), st.text(max_size=9)
)
EMAILS = st.text(st.sampled_from("a@.:/%25#?~_-\u00e9"), max_size=6)
ALIKE = st.builds(ConnectionKey, st.sampled_from(["t", "t_2"]), EMAILS)


@given(st.one_of(KEYS, ALIKE), st.one_of(KEYS, ALIKE))
def test_two_keys_have_two_document_ids(one: ConnectionKey, other: ConnectionKey) -> None:
    """No e-mail, however odd, names another's document."""
    assert (one.document_id == other.document_id) == (one == other)


@given(st.one_of(KEYS, ALIKE))
def test_a_document_id_is_one_path_segment(key: ConnectionKey) -> None:
    """ASCII, no slash, no white space, not `.` or `..`, not reserved (`__.*__`), at most 1,500 bytes."""
    name = key.document_id

    assert name.isascii()
    assert name.isprintable()
    assert not set(name) & set('/\\ ?#"')
    assert name not in {".", ".."}
    assert not name.startswith("__")


def test_the_longest_e_mail_fits_into_a_document_id() -> None:
    """Firestore takes 1,500 bytes; 64 characters of four bytes each, escaped, and the domain fit."""
    longest = "\U0001f600" * 64 + "@" + "d" * 189

    assert len(ConnectionKey("google_workspace", longest).document_id) < 1_500


def test_a_document_id_can_be_read() -> None:
    """An operator who looks into the database finds the person."""
    assert CONNECTION.key.document_id == "google_workspace:ada@example.com"


def test_a_shard_is_the_same_for_ever() -> None:
    """It stands in databases, and in what functions of different versions ask them."""
    emails = ("ada@example.com", "bob@example.com", "zo\u00eb@example.com")
    shards = [ConnectionKey("google_workspace", email).shard for email in emails]
    assert shards == [1, 2, 6]


def test_connections_are_spread_over_all_shards() -> None:
    """Evenly: of a thousand no shard has half as many again as its share, nor less than half."""
    keys = [ConnectionKey("google_workspace", f"person-{each}@example.com") for each in range(1000)]
    counts = Counter(key.shard for key in keys)
    assert set(counts) == set(range(SHARDS))
    assert all(0.5 < count * SHARDS / 1000 < 1.5 for count in counts.values())


@given(KEYS)
def test_every_connection_has_a_shard(key: ConnectionKey) -> None:
    """Whatever its e-mail; one query asks for all of them."""
    assert key.shard in range(SHARDS)
    assert SHARDS <= 30
