"""Re-wrapping records to the newest key version, for some time, and counting what each version opens.

Killed anywhere it has lost nothing: a record is re-wrapped or it is not, and the next walk does the rest.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from multi_user_oauth.errors import (
    ConflictError,
    KeysUnavailableError,
    RetryableError,
    StoreUnavailableError,
    TamperedError,
)
from multi_user_oauth.log import Alarm, raise_alarm
from multi_user_oauth.model import Kind
from multi_user_oauth.ports import (
    Clock,
    KeyVersionNotes,
    Point,
    Rewrapper,
    RewrapStep,
    nothing,
)
from multi_user_oauth.rewrapping.walk import SealedRecord, SealedWalk

Versions = dict[Kind, str]


@dataclass(slots=True, kw_only=True)
class _Tally:
    newest: Mapping[Kind, str]
    versions: dict[Kind, Counter[str]] = field(
        default_factory=lambda: {kind: Counter() for kind in Kind}
    )
    noted: set[tuple[Kind, str]] = field(default_factory=set)
    rewrapped: int = 0
    skipped: int = 0
    tampered: int = 0

    def add(self, versions: Versions) -> None:
        for kind, version in versions.items():
            self.versions[kind][version] += 1

    def step(self, next_after: str | None, stopped: RetryableError | None = None) -> RewrapStep:
        return RewrapStep(
            versions={kind: dict(counts) for kind, counts in self.versions.items()},
            newest=self.newest,
            rewrapped=self.rewrapped,
            skipped=self.skipped,
            tampered=self.tampered,
            next_after=next_after,
            stopped=stopped,
        )


class RewrapRecords:
    """The `RewrapSteps` that does it. No provider is asked and nothing audited: no token changes."""

    def __init__(
        self,
        *,
        walk: SealedWalk,
        notes: KeyVersionNotes,
        rewrappers: Mapping[Kind, Rewrapper],
        now: Clock,
        point: Point = nothing,
    ) -> None:
        self._walk = walk
        self._notes = notes
        self._rewrappers = rewrappers
        self._now = now
        self._point = point

    def step(self, *, after: str | None, until: datetime, count_only: bool) -> RewrapStep:
        """
        Take at least one record, and go on until about this time.

        Where keys or databases fail, the step ends with what was done before that record; if there was
        nothing, it raises. Counting writes nothing but the notes.
        """
        records = self._walk.follow(after)
        tally = _Tally(newest={kind: each.newest() for kind, each in self._rewrappers.items()})
        reached = after
        try:
            for record in records:
                self._take(record, tally, count_only=count_only)
                reached = record.place
                if self._now() >= until:
                    return tally.step(reached)
        except (KeysUnavailableError, StoreUnavailableError) as stopped:
            if reached == after:
                raise
            return tally.step(reached, stopped)
        return tally.step(None)

    def _take(self, record: SealedRecord, tally: _Tally, *, count_only: bool) -> None:
        versions = self._versions(record)
        # Before anything is written: what is re-wrapped now was needed until now.
        self._note(versions, tally)
        whole = len(versions) == len(record.values)
        old = [kind for kind, version in versions.items() if version != tally.newest[kind]]
        if not whole:
            tally.tampered += 1
        elif old and not count_only:
            if record.write is None or record.leased:
                tally.skipped += 1
            else:
                versions = self._rewrap(record, old, versions, tally)
        tally.add(versions)

    def _rewrap(
        self, record: SealedRecord, old: list[Kind], versions: Versions, tally: _Tally
    ) -> Versions:
        sealed = {kind: value for kind, (value, _) in record.values.items()}
        try:
            for kind in old:
                sealed[kind] = self._rewrappers[kind].rewrap(*record.values[kind])
            now_at = {kind: self._rewrappers[kind].version(value) for kind, value in sealed.items()}
            self._note(now_at, tally)
            self._point("rewrapped")
            if record.write is not None:
                record.write(sealed)
            self._point("rewrap_written")
        except TamperedError:
            tally.tampered += 1
            _raise_alarm(record)
        except ConflictError:
            # Somebody wrote since it was read: their record is looked at by the next walk.
            tally.skipped += 1
        else:
            tally.rewrapped += 1
            return now_at
        return versions

    def _versions(self, record: SealedRecord) -> Versions:
        versions = {}
        for kind, (sealed, _) in record.values.items():
            try:
                versions[kind] = self._rewrappers[kind].version(sealed)
            except TamperedError:
                _raise_alarm(record)
        return versions

    def _note(self, versions: Versions, tally: _Tally) -> None:
        for kind, version in versions.items():
            if (kind, version) not in tally.noted:
                self._notes.saw_key_versions(kind, [version], self._now())
                tally.noted.add((kind, version))


def _raise_alarm(record: SealedRecord) -> None:
    raise_alarm(Alarm.TAMPERED, "a sealed value did not open", connection=str(record.key))
