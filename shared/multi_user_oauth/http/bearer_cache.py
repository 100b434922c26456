"""Bearer tokens that were verified a moment ago, so that the next call need not verify them again."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Final

from multi_user_oauth.model import Agent, Person, Secret
from multi_user_oauth.ports import Clock

LONGEST: Final = timedelta(hours=1)
"""As long as Google's ID tokens live; one that claims to live longer is verified again then."""

DEFAULT_ENTRIES: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedBearer:
    """Whom a token proves, and until when by its own `exp`."""

    caller: Agent | Person
    expires_at: datetime


ProveBearer = Callable[[Secret], ProvedBearer]
"""Verifies a bearer token whole; raises `UnauthenticatedError`, or `RetryableError` without keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    caller: Agent | Person
    under: object
    since: datetime
    until: datetime


class VerifiedBearers:
    """
    Called with a bearer token, it returns the caller; raises what `prove` raises.

    It keeps whom a token proved until the token's own `exp`, one hour at most, under the token's
    SHA-256: the token itself stays nowhere, and only who holds all of it finds the entry. What failed
    is never kept. At most `entries`, the least recently used dropped first. Safe between threads.

    Until then nothing is lost: a signed token can not be called back before its `exp`, and a key that
    its issuer withdraws is known to any verifier until its copy of the keys is renewed, which is a day
    here. What a caller may do is not kept: the policy is asked for every call. And whose tokens count is
    kept only while `under` returns the same object, the policy in force.
    """

    def __init__(
        self,
        prove: ProveBearer,
        *,
        under: Callable[[], object],
        now: Clock,
        entries: int = DEFAULT_ENTRIES,
    ) -> None:
        self._prove = prove
        self._under = under
        self._now = now
        self._most = entries
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._lock = Lock()

    def __call__(self, unverified_token: Secret) -> Agent | Person:
        """Return the caller that the token proves."""
        name = sha256(unverified_token.reveal().encode("utf-8", "surrogatepass")).digest()
        now, under = self._now(), self._under()
        with self._lock:
            kept = self._kept.get(name)
            # A clock that was set back must not lengthen a life.
            if kept is not None and kept.under is under and kept.since <= now < kept.until:
                self._kept.move_to_end(name)
                return kept.caller
        # Outside of the lock: keys may have to be fetched, and nobody else need wait for that.
        proved = self._prove(unverified_token)
        self._keep(name, proved, under, now)
        return proved.caller

    def __len__(self) -> int:
        """Return how many tokens are remembered."""
        with self._lock:
            return len(self._kept)

    def _keep(self, name: bytes, proved: ProvedBearer, under: object, now: datetime) -> None:
        until = min(proved.expires_at, now + LONGEST)
        with self._lock:
            # One that is past its `exp`, by the leeway for clocks that differ, is replaced too.
            self._kept[name] = _Kept(caller=proved.caller, under=under, since=now, until=until)
            self._kept.move_to_end(name)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
