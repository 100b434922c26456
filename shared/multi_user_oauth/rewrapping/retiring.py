"""Rotating keys, and destroying a key version once nothing can need it any more.

A version may be needed by a record: all are counted right before. By a backup that is still kept: the
version stays as long as backups do, from the first whole count that found no record of it; not from when
one was last seen, for records also go unseen, by a disconnect or a new sign-in. By a writer who wrapped a
data key just before the rotation, or has not heard of it yet, and commits after the count: it stays for
`SETTLED` at least. And by everybody, if it is the primary one: that is never destroyed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from multi_user_oauth.errors import ConfigurationError, KeyVersionNeededError
from multi_user_oauth.model import Kind
from multi_user_oauth.ports import Clock, KeyRotation, KeyVersionNotes, Sleep
from multi_user_oauth.rewrapping.whole_walk import Told, Total, WholeWalk, unheard, unneeded_since

SETTLED: Final = timedelta(hours=4)
"""Cloud KMS may take three hours to make a primary version known everywhere
(https://cloud.google.com/kms/docs/consistency), and no sign-in or refresh of ours lives for one."""
MORE_WALKS: Final = 2
_CHANGEABLE: Final = frozenset({"ENABLED", "DISABLED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionUse:
    """How many records need a version, when one was last seen, and since when there is none."""

    kind: Kind
    version: str
    state: str
    is_primary: bool
    records: int
    last_seen: datetime | None
    unneeded_since: datetime | None


class RetireKeyVersions:
    """For who operates a deployment."""

    def __init__(
        self,
        *,
        walk: WholeWalk,
        notes: KeyVersionNotes,
        keys: Mapping[Kind, KeyRotation],
        retention: timedelta,
        lease: timedelta,
        now: Clock,
        sleep: Sleep,
    ) -> None:
        self._walk = walk
        self._notes = notes
        self._keys = keys
        self._stays = max(retention, SETTLED)
        self._lease = lease
        self._now = now
        self._sleep = sleep

    def rewrap(self, *, after: str | None = None, told: Told = unheard) -> Total:
        """
        Re-wrap everything (that follows `after`) to the newest versions; raise a `RetryableError`.

        What was in use is tried again, twice, once a lease has run out.
        """
        states = self._states()
        total = self._walk.run(count_only=False, after=after, told=told)
        rewrapped = total.rewrapped
        for _ in range(MORE_WALKS):
            if not total.skipped:
                break
            self._sleep(self._lease.total_seconds())
            after, total = None, self._walk.run(count_only=False, told=told)
            rewrapped += total.rewrapped
        if after is None:
            self._walk.conclude(total, states)
        return replace(total, rewrapped=rewrapped)

    def uses(self, told: Told = unheard) -> tuple[VersionUse, ...]:
        """Count, and return every version of both keys; raise a `RetryableError`."""
        states = self._states()
        total = self._walk.run(count_only=True, told=told)
        self._walk.conclude(total, states)
        return tuple(
            VersionUse(
                kind=kind,
                version=version,
                state=state,
                is_primary=version == primary,
                records=total.versions[kind][version],
                last_seen=notes.get(version),
                unneeded_since=unneeded_since(version, notes),
            )
            for kind, key in self._keys.items()
            for primary, notes in [(key.primary(), self._notes.key_versions(kind))]
            for version, state in states[kind].items()
        )

    def rotate(self, kind: Kind) -> str:
        """Make a new primary version and return it; raise `KeysUnavailableError`."""
        return self._keys[kind].rotate()

    def destroy(self, kind: Kind, version: str, told: Told = unheard) -> None:
        """
        Destroy this version.

        Raise `KeyVersionNeededError` as long as anything may need it, `ConfigurationError` if there is
        no such version, a `RetryableError` where that can not be found out.
        """
        state = self._keys[kind].states().get(version)
        if state not in _CHANGEABLE:
            there = f"is {state} already" if state else "does not exist"
            raise ConfigurationError(f"Version {version} of the {kind} key {there}")
        self._require_older(kind, version)
        total = self._walk.run(count_only=True, told=told)
        self._walk.conclude(total, {kind: [version]})
        self._require_unneeded(kind, version, total)
        self._require_older(kind, version)  # it may have become the primary one while we counted
        self._keys[kind].destroy(version)

    def _states(self) -> dict[Kind, Mapping[str, str]]:
        return {kind: key.states() for kind, key in self._keys.items()}

    def _require_older(self, kind: Kind, version: str) -> None:
        if version == self._keys[kind].primary():
            raise KeyVersionNeededError(
                f"Version {version} of the {kind} key is the primary one, with which all new records "
                "are sealed: rotate the key first"
            )

    def _require_unneeded(self, kind: Kind, version: str, total: Total) -> None:
        name, records = f"version {version} of the {kind} key", total.versions[kind][version]
        if records:
            raise KeyVersionNeededError(f"Records that need {name}: {records}. Re-wrap them first")
        if total.tampered:
            raise KeyVersionNeededError(
                f"Records that can not be read: {total.tampered}, so that nobody knows which version "
                "they need. The log names them; a new sign-in or a disconnect replaces them"
            )
        since = unneeded_since(version, self._notes.key_versions(kind))
        if since is None:
            raise KeyVersionNeededError(f"Records needed {name} a moment ago. Count again")
        until = since + self._stays
        if self._now() < until:
            raise KeyVersionNeededError(
                f"A backup may need {name}: no record has needed it since {since:%Y-%m-%d %H:%M} UTC, "
                f"and it stays until {until:%Y-%m-%d %H:%M} UTC"
            )
