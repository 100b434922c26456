"""Ending everything of a person who leaves, and certifying what was ended and what was not.

Asked again it ends what is left, and certifies how things stand then. A digest tells a certificate that
was kept from one that was changed.
"""

import logging
from collections.abc import Callable, Collection
from datetime import datetime

from multi_user_oauth.access import require_admin
from multi_user_oauth.audit import RELEASED, RESTORED
from multi_user_oauth.certificate import Certificate, CertifiedEnd, digest_of
from multi_user_oauth.errors import (
    ConflictError,
    NotConnectedError,
    RetryableError,
)
from multi_user_oauth.model import (
    Caller,
    Connection,
    ConnectionKey,
    Identity,
    Policy,
    Provider,
    RevocationResult,
)
from multi_user_oauth.ports import (
    AuditReader,
    Clock,
    ConnectionReader,
    Finisher,
    People,
    RevocationStore,
)
from multi_user_oauth.revocation import REASONS, Disconnect, still_valid

logger = logging.getLogger(__name__)


class Offboard:
    """For admins. Each connection ends by `Disconnect`, so with its audit record and in the ledger."""

    def __init__(
        self,
        *,
        connections: ConnectionReader,
        revocations: RevocationStore,
        audit: AuditReader,
        people: People,
        disconnect: Disconnect,
        finisher: Finisher,
        connector_types: Collection[str],
        revocable: frozenset[Provider],
        policy: Callable[[], Policy],
        now: Clock,
    ) -> None:
        self._connections = connections
        self._revocations = revocations
        self._audit = audit
        self._people = people
        self._disconnect = disconnect
        self._finisher = finisher
        self._connector_types = connector_types
        self._revocable = revocable
        self._policy = policy
        self._now = now

    def offboard(self, caller: Caller, user_email: str) -> Certificate:
        """
        End all connections under this e-mail, and of whoever holds them; return how they stand.

        One that fails does not keep the others: they are ended, then its `RetryableError` is raised.
        Raise `NotConnectedError` if there never was one, `ForbiddenError` or `StepUpRequiredError`.
        """
        require_admin(self._policy(), caller)
        found = self._found(user_email)
        if not found:
            raise NotConnectedError(user_email)
        identities = sorted({connection.identity for connection in found})
        # Before anything ends: who is signed in could connect again as fast as we disconnect.
        for identity in identities:
            self._people.sign_out_everywhere(identity, self._now())
        self._end_all(caller, user_email, found)
        certificate = self._certificate(caller, user_email, found, identities)
        logger.info(
            "offboarded",
            extra={
                "user_email": user_email,
                "actor": str(caller),
                "digest": digest_of(certificate),
            },
        )
        return certificate

    def _found(self, user_email: str) -> list[Connection]:
        """Return the person's connections, those under the e-mail last, tombstones too."""
        named = [
            snapshot.connection
            for connector_type in sorted(self._connector_types)
            if (snapshot := self._connections.read(ConnectionKey(connector_type, user_email)))
        ]
        # Of whom the e-mail was once, and is no more, nothing else is theirs who leave now. And as the
        # e-mail's own end last, whoever was interrupted finds by it what is left.
        holders = sorted({each.identity for each in named if each.holds_its_email})
        elsewhere = {
            each.key: each
            for identity in holders
            for each in self._of(identity)
            if each.holds_its_email and each.key not in {known.key for known in named}
        }
        return [elsewhere[key] for key in sorted(elsewhere)] + named

    def _end_all(self, caller: Caller, user_email: str, found: list[Connection]) -> None:
        failed: list[RetryableError] = []
        stuck: set[Identity] = set()
        for each in found:
            if each.key.user_email == user_email and each.identity in stuck:
                continue  # by it the next one finds the other that could not be ended
            error = self._end(caller, each)
            if error is not None:
                failed.append(error)
                if each.key.user_email != user_email:
                    stuck.add(each.identity)
        if failed:
            raise failed[0]

    def _end(self, caller: Caller, connection: Connection) -> RetryableError | None:
        try:
            if connection.holds_its_email:
                self._disconnect.disconnect(caller, connection.key)
            elif connection.pending_revocation is not None:
                self._finisher.finish(connection.key, connection.pending_revocation)
        except NotConnectedError:
            return None  # somebody else ended it meanwhile
        except RetryableError as later:
            # What only the provider still has to be told of is pending, and certified so.
            return later if connection.holds_its_email else None
        return None

    def _certificate(
        self,
        caller: Caller,
        user_email: str,
        found: list[Connection],
        identities: list[Identity],
    ) -> Certificate:
        now = self._now()
        ends = [self._certified(each.key, now) for each in sorted(found, key=lambda c: c.key)]
        return Certificate(
            user_email=user_email,
            issued_at=now,
            asked_by=str(caller),
            signed_out=tuple(identities),
            connections=tuple(ends),
        )

    def _certified(self, key: ConnectionKey, now: datetime) -> CertifiedEnd:
        snapshot = self._connections.read(key)
        if snapshot is None or snapshot.connection.holds_its_email:
            raise ConflictError(str(key))  # connected anew meanwhile: that has to be ended too
        dead = snapshot.connection
        siblings = self._of(dead.identity)
        result = self._result(dead, siblings)
        return CertifiedEnd(
            key=key,
            provider=result,
            reason=REASONS[result],
            copy_destroyed=not self._is_kept(dead),
            access_token_valid_until=still_valid(dead, result, now),
            ended_at=dead.revoked_at or now,
            ended_by=self._ended_by(dead),
            connected_elsewhere=tuple(each.key for each in siblings if each.holds_its_email),
        )

    def _result(self, dead: Connection, siblings: list[Connection]) -> RevocationResult:
        """Return how the grant stands at the provider: it is one for all that the person connected."""
        if dead.identity.provider not in self._revocable:
            return RevocationResult.NOT_POSSIBLE
        if any(each.holds_its_email for each in siblings):
            return RevocationResult.SUPERSEDED
        pending = any(self._is_kept(each) for each in siblings)
        return RevocationResult.PENDING if pending else RevocationResult.REVOKED

    def _is_kept(self, dead: Connection) -> bool:
        epoch = dead.pending_revocation
        return epoch is not None and self._revocations.revocation(dead.key, epoch) is not None

    def _ended_by(self, dead: Connection) -> str | None:
        # Nothing is audited after the end, but that a backup brought the tombstone back: the newest
        # record else is the disconnect.
        for sequence in range(dead.audit.sequence, 0, -1):
            records = self._audit.audit_after(dead.key, sequence - 1, limit=1)
            if not records:
                return None
            if records[0].action not in (RESTORED, RELEASED):
                return records[0].actor
        return None

    def _of(self, identity: Identity) -> list[Connection]:
        return [snapshot.connection for snapshot in self._connections.by_identity(identity)]
