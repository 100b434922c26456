"""Values for the contract suites: the shortest that are complete."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from multi_user_oauth.model import (
    AuditHead,
    AuditRecord,
    Batch,
    Change,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Delegation,
    Failure,
    FlowMark,
    Identity,
    Lease,
    LedgerEntry,
    Rescue,
    Revocation,
    Snapshot,
)
from multi_user_oauth.model.attempt import Attempt, Stage
from multi_user_oauth.model.breaker import Breaker, Minute, Trouble
from multi_user_oauth.ports import ConnectionWriter
from multi_user_oauth.ports.breakers import Suspect
from multi_user_oauth.stores.document import Value

AT = datetime(2026, 1, 5, 9, 0, 0, 123456, tzinfo=UTC)
KEY = ConnectionKey("google_workspace", "anna@example.org")
ANNA = Identity.google("1001")
BERT = Identity.google("1002")
FAILURE = Failure(
    code="provider_unavailable", count=2, at=AT, next_try_at=AT + timedelta(seconds=30)
)


def connection(key: ConnectionKey = KEY, *, identity: Identity = ANNA, step: int = 1) -> Connection:
    """Return an active connection whose generation, commit and audit sequence are `step`."""
    return Connection(
        key=key,
        status=ConnectionStatus.ACTIVE,
        identity=identity,
        epoch=1_767_603_600_000,
        generation=step,
        commit_id=f"commit-{step}",
        audit=AuditHead(step, f"hash-{step}"),
        connected_at=AT,
        scopes=("openid", "mail.read"),
        missing_scopes=("calendar",),
        access_token_expires_at=AT + timedelta(hours=1),
        refresh_due_at=AT + timedelta(minutes=55),
        refreshed_at=AT,
        sealed_access=b"\x00access\xff",
        sealed_refresh=b"\x00refresh\xff",
    )


def record(after: Connection, *, action: str = "refresh") -> AuditRecord:
    """Return the audit record that belongs to the connection's head."""
    return AuditRecord(
        key=after.key,
        sequence=after.audit.sequence,
        previous=f"hash-{after.audit.sequence - 1}",
        hash=after.audit.hash,
        at=AT,
        action=action,
        actor="system:refresh",
        outcome="ok",
        epoch=after.epoch,
        generation=after.generation,
        reason="",
    )


def change(before: Snapshot | None, after: Connection) -> Change:
    """Return the step from one to the other, with its audit record."""
    return Change(before=before, after=after, audit=record(after))


def refreshed(before: Snapshot) -> Connection:
    """Return what a refresh makes of the snapshot: the next generation, commit and audit sequence."""
    step = before.connection.audit.sequence + 1
    return replace(
        before.connection,
        generation=before.connection.generation + 1,
        commit_id=f"commit-{step}",
        audit=AuditHead(step, f"hash-{step}"),
        sealed_access=f"access {step}".encode(),
        sealed_refresh=f"refresh {step}".encode(),
        lease=None,
        failure=None,
    )


def tombstone(before: Snapshot) -> Connection:
    """Return the snapshot disconnected."""
    step = before.connection.audit.sequence + 1
    gone = before.connection.disconnected(at=AT + timedelta(hours=2), pending=True)
    return replace(gone, commit_id=f"commit-{step}", audit=AuditHead(step, f"hash-{step}"))


def put(store: ConnectionWriter, new: Connection) -> Snapshot:
    """Create the connection and return it as it is read."""
    store.commit(Batch(changes=(change(None, new),)))
    return get(store, new.key)


def get(store: ConnectionWriter, key: ConnectionKey = KEY) -> Snapshot:
    """Return the connection, which must be there."""
    snapshot = store.read(key)
    assert snapshot is not None
    return snapshot


def revocation(of: Connection) -> Revocation:
    """Return the connection's refresh token on its way out."""
    assert of.sealed_refresh is not None
    return Revocation(
        key=of.key,
        identity=of.identity,
        epoch=of.epoch,
        generation=of.generation,
        sealed_refresh=of.sealed_refresh,
        created_at=AT,
    )


def rescue(of: Connection) -> Rescue:
    """Return the connection's next credential, kept aside."""
    return Rescue(
        connection=replace(of, generation=of.generation + 1, lease=None),
        used_generation=of.generation,
    )


def mark(state_hash: str, *, handle: str = "handle", outcome: str | None = None) -> FlowMark:
    """Return a spent state that ends ten minutes after `AT`."""
    return FlowMark(
        state_hash=state_hash,
        handle=handle,
        expires_at=AT + timedelta(minutes=10),
        outcome=outcome,
    )


def ledger_entry(epoch: int = 7, actor: str = "person:google:1001") -> LedgerEntry:
    """Return a disconnect."""
    return LedgerEntry(key=KEY, identity=ANNA, epoch=epoch, at=AT, actor=actor)


def breaker(refusals: int = 3) -> Breaker:
    """Return an open one with all that is ever known of it."""
    return Breaker(
        connector_type=KEY.connector_type,
        trouble=Trouble.STORM,
        opened_at=AT,
        closed_at=AT - timedelta(hours=1),
        next_probe_at=AT + timedelta(seconds=30),
        failed_probes=2,
        in_a_row=4,
        row_of=Trouble.OUTAGE,
        minutes=(Minute(start=AT, attempts=9, refusals=refusals), Minute(start=AT)),
    )


def suspect(generation: int = 1, key: ConnectionKey = KEY) -> Suspect:
    """Return somebody who was told to sign in again."""
    return Suspect(key=key, epoch=7, generation=generation, at=AT)


def attempt(
    name: str = "attempt",
    *,
    key: ConnectionKey = KEY,
    mark: str = "mark",
    stage: Stage = Stage.SENT,
    handle: str = "draft-1",
    provider_id: str = "message-1",
) -> Attempt:
    """Return one thing to be sent once, which was sent."""
    return Attempt(
        id=name,
        key=key,
        fingerprint="fingerprint",
        mark=mark,
        stage=stage,
        held_until=AT + timedelta(minutes=2),
        until=AT + timedelta(days=1),
        handle=handle,
        provider_id=provider_id,
    )


FULL = replace(
    connection(),
    reason="reason",
    revoked_at=AT,
    pending_revocation=3,
    refresh_token_expires_at=AT + timedelta(days=90),
    lease=Lease("lease"),
    failure=FAILURE,
    delegations=(
        Delegation(
            agent="assistant",
            actions=("read",),
            given_at=AT,
            expires_at=AT + timedelta(days=30),
        ),
    ),
    quarantined_at=AT + timedelta(hours=3),
)
VALUES: list[Value] = [
    connection(),
    FULL,
    record(FULL),
    revocation(FULL),
    replace(revocation(FULL), lease_id="lease"),
    rescue(FULL),
    ledger_entry(),
    breaker(),
    Breaker(connector_type=KEY.connector_type),
    suspect(),
    attempt(),
]
