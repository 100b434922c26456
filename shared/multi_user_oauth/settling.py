"""What a refresh came to, written down: kept, rescued, adopted, or refused for good."""

import logging
from dataclasses import replace

from multi_user_oauth.audit import audited
from multi_user_oauth.commit import ID_BYTES, Committer
from multi_user_oauth.errors import (
    ConflictError,
    GrantRefusedError,
    NeedsSignInError,
    RefreshInProgressError,
    StoreUnavailableError,
)
from multi_user_oauth.model import Batch, Connection, ConnectionStatus, Rescue, Snapshot
from multi_user_oauth.ports import Clock, Draw, Point, RescueStore

logger = logging.getLogger(__name__)

ACTOR = "system:refresh"


class Settling:
    """Fences by (epoch, generation): an answer is written for the credential that it replaces, or not."""

    def __init__(
        self,
        *,
        rescues: RescueStore,
        committer: Committer,
        now: Clock,
        draw: Draw,
        point: Point,
    ) -> None:
        self._rescues = rescues
        self._committer = committer
        self._now = now
        self._draw = draw
        self._point = point

    def keep(self, claimed: Snapshot, after: Connection, *, rescue: Rescue | None = None) -> None:
        """
        Commit the new credential, or keep it for rescue and raise.

        Raise `RefreshInProgressError` if the connection moved on: the asker looks again.
        """
        used = claimed.connection
        # One id and one time for all tries: then the record that landed is the one that is logged.
        commit_id, now = self._draw(ID_BYTES).hex(), self._now()

        def step(snapshot: Snapshot | None) -> Batch | None:
            if snapshot is None or not _same_credential(snapshot.connection, used):
                return None
            current = snapshot.connection
            healed = current.status is ConnectionStatus.NEEDS_SIGN_IN
            action = "healed" if healed else "rescued" if rescue else "refreshed"
            taken = replace(current.with_credential_of(after), commit_id=commit_id)
            change = audited(snapshot, taken, action=action, actor=ACTOR, at=now)
            return Batch(changes=(change,), adopted_rescue=rescue.document_id if rescue else None)

        try:
            landed = self._committer.commit(used.key, commit_id, claimed, step)
        except (ConflictError, StoreUnavailableError):
            logger.warning("kept for rescue", extra={"connection": str(used.key)})
            self._rescues.rescue(Rescue(connection=after, used_generation=used.generation))
            raise
        self._point("committed")
        if not landed:
            # Disconnected or connected anew meanwhile: the answer is dropped, never revoked, for a
            # revocation would reach the newer grant too.
            raise RefreshInProgressError(str(used.key))

    def adopt(self, claimed: Snapshot) -> bool:
        """Commit what an earlier worker got and could not store; return whether there was anything."""
        used = claimed.connection
        rescue = self._rescues.rescued(used.key, used.epoch, used.generation)
        if rescue is None:
            return False
        self.keep(claimed, rescue.connection, rescue=rescue)
        return True

    def refuse(self, claimed: Snapshot, refusal: GrantRefusedError) -> None:
        """Mark the connection and raise `NeedsSignInError`, unless somebody took over."""
        used = claimed.connection
        commit_id, now = self._draw(ID_BYTES).hex(), self._now()

        def step(snapshot: Snapshot | None) -> Batch | None:
            current = snapshot.connection if snapshot else None
            # Only the holder of the lease may say so: whoever took it over may hold a better answer.
            if (
                current is None
                or not _same_credential(current, used)
                or current.lease != used.lease
            ):
                return None
            after = replace(current.needing_sign_in(refusal.reason), commit_id=commit_id)
            change = audited(
                snapshot, after, action="needs_sign_in", actor=ACTOR, at=now, reason=refusal.reason,
            )  # fmt: skip
            return Batch(changes=(change,))

        if not self._committer.commit(used.key, commit_id, claimed, step):
            raise RefreshInProgressError(str(used.key)) from refusal
        raise NeedsSignInError(str(used.key), reason=refusal.reason) from refusal


def _same_credential(current: Connection, used: Connection) -> bool:
    return current.status is not ConnectionStatus.REVOKED and (
        (current.epoch, current.generation) == (used.epoch, used.generation)
    )
