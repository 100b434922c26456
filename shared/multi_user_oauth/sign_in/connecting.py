"""Storing a new connection: whose e-mail, which epoch, what it replaces, all in one commit."""

from dataclasses import dataclass, replace
from datetime import datetime

from multi_user_oauth.audit import GENESIS, audited
from multi_user_oauth.commit import ID_BYTES, Committer
from multi_user_oauth.custody import GrantKeys, NewGrants
from multi_user_oauth.errors import ConflictError, RevocationPendingError
from multi_user_oauth.model import (
    Batch,
    Change,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Identity,
    Limits,
    Revocation,
    Secret,
    SignedIn,
    Snapshot,
)
from multi_user_oauth.ports import Clock, ConnectionWriter, Draw, RevocationStore, Sleep
from multi_user_oauth.ports.events import Event, Publish, untold
from multi_user_oauth.refreshing import is_leased
from multi_user_oauth.sign_in.holding import (
    Import,
    leave_alone,
    own_word,
    require_free,
)
from multi_user_oauth.telling import connected, revoked


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What was read and wrapped for a connection before its code is spent."""

    key: ConnectionKey
    snapshot: Snapshot | None
    epoch: int
    keys: GrantKeys
    cancels: Revocation | None


class Connecting:
    """Prepares a place for a connection before the exchange, and fills it after."""

    def __init__(
        self,
        *,
        store: ConnectionWriter,
        revocations: RevocationStore,
        grants: NewGrants,
        now: Clock,
        sleep: Sleep,
        draw: Draw,
        limits: Limits,
        publish: Publish = untold,
    ) -> None:
        self._store = store
        self._revocations = revocations
        self._grants = grants
        self._publish = publish
        self._now = now
        self._draw = draw
        self._limits = limits
        self._committer = Committer(store=store, now=now, sleep=sleep, limits=limits)

    def prepare(self, key: ConnectionKey) -> Place:
        """
        Read the record and wrap the keys; raise a `RetryableError`.

        `RevocationPendingError`: the provider is being told, at this moment, to end the old grant; a
        new one made now could die with it.
        """
        snapshot = self._store.read(key)
        cancels = self._pending(snapshot)
        epoch = (
            snapshot.connection.next_epoch(self._now())
            if snapshot
            else int(self._now().timestamp() * 1000)
        )
        keys = self._grants.new_keys(key, epoch)
        return Place(key=key, snapshot=snapshot, epoch=epoch, keys=keys, cancels=cancels)

    def _pending(self, snapshot: Snapshot | None) -> Revocation | None:
        if snapshot is None or snapshot.connection.pending_revocation is None:
            return None
        connection = snapshot.connection
        found = self._revocations.revocation(connection.key, snapshot.connection.pending_revocation)
        if found is not None and is_leased(found, self._limits):
            raise RevocationPendingError(str(connection.key), retry_after=5)
        return found

    def connect(
        self,
        place: Place,
        signed_in: SignedIn,
        refresh_token: Secret,
        missing: tuple[str, ...],
        *,
        imported: Import | None = None,
    ) -> None:
        """
        Store the connection; the same identity's older one, under another e-mail, ends in that commit.

        Then both are told of. What is `imported` takes no active connection's place unless it says so.
        Raise `HeldByAnotherAccountError`, `AlreadyConnectedError`, `ConflictError` if somebody else
        connected meanwhile, or `StoreUnavailableError`.
        """
        # One id and one time for all tries: then the record that landed is the one that is logged.
        commit_id, now = self._draw(ID_BYTES).hex(), self._now()
        actor = imported.actor if imported else f"person:{signed_in.person.identity}"
        cancels = place.cancels
        if cancels is not None and cancels.identity != signed_in.person.identity:
            cancels = None  # another person's grant still has to end
        happened: tuple[Event, ...] = ()

        def step(snapshot: Snapshot | None) -> Batch | None:
            nonlocal happened
            current = snapshot.connection if snapshot else None
            require_free(current, signed_in.person.identity)
            if _epoch(snapshot) != _epoch(place.snapshot):
                return None  # ended or connected meanwhile, by whatever clock its epoch was drawn
            older = self._older(place.key, signed_in.person.identity)
            leave_alone(imported, current, *(snapshot.connection for snapshot in older))
            generation = current.generation + 1 if current else 1
            sealed = place.keys.seal(
                signed_in.tokens.access_token,
                refresh_token,
                identity=signed_in.person.identity,
                generation=generation,
            )
            after = Connection(
                key=place.key,
                status=ConnectionStatus.ACTIVE,
                identity=signed_in.person.identity,
                epoch=place.epoch,
                generation=generation,
                commit_id=commit_id,
                audit=GENESIS,
                connected_at=now,
                scopes=signed_in.tokens.scopes,
                missing_scopes=missing,
                access_token_expires_at=signed_in.tokens.expires_at,
                refresh_due_at=self._limits.refresh_due_at(
                    expires_at=signed_in.tokens.expires_at, at=now, spread=place.key.spread
                ),
                refresh_token_expires_at=signed_in.tokens.refresh_token_expires_at,
                sealed_access=sealed.access,
                sealed_refresh=sealed.refresh,
                delegations=own_word(signed_in.person.identity, current, *older),
            )
            action = _action(after, current, imported)
            change = audited(snapshot, after, action=action, actor=actor, at=now)
            ended = self._superseded(older, actor, now)
            happened = (connected(after), *_ends(older, now))
            return Batch(changes=(change, *ended), cancels=cancels)

        if not self._committer.commit(place.key, commit_id, place.snapshot, step):
            raise ConflictError(str(place.key))
        for event in happened:
            self._publish(event)

    def _older(self, key: ConnectionKey, identity: Identity) -> tuple[Snapshot, ...]:
        return tuple(
            snapshot
            for snapshot in self._store.by_identity(identity)
            if snapshot.connection.key.connector_type == key.connector_type
            and snapshot.connection.key != key
            and snapshot.connection.holds_its_email
        )

    def _superseded(
        self, older: tuple[Snapshot, ...], actor: str, now: datetime
    ) -> tuple[Change, ...]:
        return tuple(
            audited(
                snapshot,
                replace(
                    snapshot.connection.disconnected(at=now, pending=False),
                    commit_id=self._draw(ID_BYTES).hex(),
                ),
                action="superseded",
                actor=actor,
                at=now,
                reason="connected under another e-mail",
            )
            for snapshot in older
        )


def _action(after: Connection, current: Connection | None, imported: Import | None) -> str:
    # Somebody else's tombstone is no history of this person's: for them the chain begins here.
    known = current is not None and current.identity == after.identity
    action = "imported" if imported else "connected"
    return f"{action}_again" if known else action


def _epoch(snapshot: Snapshot | None) -> int | None:
    return snapshot.connection.epoch if snapshot else None


def _ends(older: tuple[Snapshot, ...], now: datetime) -> tuple[Event, ...]:
    return tuple(revoked(each.connection, at=now, reason="superseded") for each in older)
