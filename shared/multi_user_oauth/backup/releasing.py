"""Ending the quarantine of what a backup brought back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from multi_user_oauth.audit import RELEASED, audited
from multi_user_oauth.backup.burying import Bury, Ended, end_of, latest
from multi_user_oauth.backup.writing import ACTOR
from multi_user_oauth.commit import ID_BYTES, Committer
from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.model import Batch, Connection, ConnectionStatus, Limits, Snapshot
from multi_user_oauth.ports import Clock, ConnectionWriter, Draw, Ledger, SealedRecords, Sleep
from multi_user_oauth.ports.backup import PuttingBack

AT_ONCE: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which connections are meant; None stands for any, the e-mail is normalised."""

    connector_type: str | None = None
    user_email: str | None = None

    def includes(self, connection: Connection) -> bool:
        """Return whether this is one of them."""
        key = connection.key
        types, emails = (None, key.connector_type), (None, key.user_email)
        return self.connector_type in types and self.user_email in emails


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """
    What one run came to, tombstones not counted; `ended`: the ledger says so.

    `waiting` stay in quarantine. A tombstone is in it too where its provider is still to be told.
    """

    released: int
    ended: int
    waiting: int


class ReleaseRestored:
    """For an operator at a terminal; holds no key, and asks no provider anything."""

    def __init__(
        self,
        *,
        store: ConnectionWriter,
        records: SealedRecords,
        back: PuttingBack,
        ledger: Ledger,
        bury: Bury,
        now: Clock,
        sleep: Sleep,
        draw: Draw,
        limits: Limits,
    ) -> None:
        self._records = records
        self._back = back
        self._ledger = ledger
        self._bury = bury
        self._now = now
        self._draw = draw
        self._limits = limits
        self._committer = Committer(store=store, now=now, sleep=sleep, limits=limits)

    def release(self, part: Part, told: Callable[[int], object] = int) -> Released:
        """
        Release what is of this part, and end what the ledger says was ended; `told` how many were seen.

        It may be interrupted and run again. Raise `ConfigurationError` where nothing was restored, or
        not to its end; `ConflictError` or `StoreUnavailableError`.
        """
        restoration = self._back.restoration()
        if restoration is None:
            raise ConfigurationError("Nothing was restored here")
        if restoration.finished_at is None:
            raise ConfigurationError("The restore did not come to its end: run it again first")
        # Read once more: it may have been added to since.
        ended = latest(self._ledger.entries())
        released = over = waiting = 0
        for number, snapshot in enumerate(self._quarantined(), start=1):
            told(number)
            lives = snapshot.connection.holds_its_email
            if not part.includes(snapshot.connection):
                waiting += lives
            elif self._is_ended(snapshot, ended):
                over += 1
            elif self._released(snapshot):
                released += lives
        return Released(released=released, ended=over, waiting=waiting)

    def _quarantined(self) -> Iterator[Snapshot]:
        after = None
        while found := self._records.snapshots(after=after, limit=AT_ONCE):
            yield from (each for each in found if each.connection.quarantined_at is not None)
            after = found[-1].connection.key.document_id

    def _is_ended(self, snapshot: Snapshot, ended: Ended) -> bool:
        entry = end_of(snapshot.connection, ended)
        return entry is not None and self._bury.bury(snapshot, entry, keep_quarantine=False)

    def _released(self, snapshot: Snapshot) -> bool:
        commit_id, now = self._draw(ID_BYTES).hex(), self._now()

        def step(current: Snapshot | None) -> Batch | None:
            if current is None or current.connection.quarantined_at is None:
                return None  # ended, or connected anew meanwhile
            after = replace(
                current.connection,
                quarantined_at=None,
                refresh_due_at=self._due_at(current.connection, now),
                commit_id=commit_id,
            )
            change = audited(current, after, action=RELEASED, actor=ACTOR, at=now)
            return Batch(changes=(change,))

        return self._committer.commit(snapshot.connection.key, commit_id, snapshot, step)

    def _due_at(self, connection: Connection, now: datetime) -> datetime | None:
        # Most are due at once; the sweep's own pace, and its breakers, keep that from being a storm.
        if connection.status is not ConnectionStatus.ACTIVE:
            return None
        expires_at = connection.access_token_expires_at or now
        return self._limits.refresh_due_at(
            expires_at=expires_at, at=now, spread=connection.key.spread
        )
