"""Sending once: the same Idempotency-Key does the work once, whatever dies in between."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from multi_user_oauth.errors import ConflictError, MultiUserOAuthError, StoreUnavailableError
from multi_user_oauth.errors.connector import (
    IdempotencyKeyReusedError,
    OutcomeUnknownError,
    SendInProgressError,
)
from multi_user_oauth.model import Caller, ConnectionKey
from multi_user_oauth.model.attempt import Attempt, Stage
from multi_user_oauth.ports import Clock, Draw, Point, Sleep
from multi_user_oauth.ports.attempts import Attempts, KeptAttempt
from multi_user_oauth.ports.connectors import Found, Outcome, Sending

logger = logging.getLogger(__name__)

HONOURED_FOR: Final = timedelta(hours=24)
HELD_FOR: Final = timedelta(seconds=150)
LONGEST_SEND: Final = timedelta(seconds=70)
"""Nobody begins to send with less than this left: when the hold is over, nobody is sending."""
WAIT: Final = timedelta(seconds=10)
"""How long a call waits for another one that is sending the same."""
LOOK_EVERY: Final = 0.25
NOTHING_PREPARED: Final = ""
_MARK_BYTES: Final = 16

Make = Callable[[str], Sending]
"""From a mark to how it is sent; the mark is drawn once and kept for every later call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """It was sent; `replayed`: by an earlier call."""

    provider_id: str
    replayed: bool = False


class SendOnce:
    """
    Nobody sends but who holds the record, written before; what may have been sent is not sent again.

    Where the provider can be asked (`Sending.look_up`), a later call with the same key learns what
    became of the first one; where it can not, it is told that nobody knows.
    """

    def __init__(
        self,
        *,
        attempts: Attempts,
        now: Clock,
        sleep: Sleep,
        draw: Draw,
        point: Point,
    ) -> None:
        self._attempts = attempts
        self._now = now
        self._sleep = sleep
        self._draw = draw
        self._point = point

    def send(
        self,
        caller: Caller,
        key: ConnectionKey,
        *,
        idempotency_key: str | None,
        fingerprint: str,
        make: Make,
    ) -> Sent:
        """
        Send, or return how it was sent before.

        `fingerprint` is a digest of all that is sent. Raise `OutcomeUnknownError`,
        `SendInProgressError`, `IdempotencyKeyReusedError`, and what the provider's way of sending raises.
        """
        if idempotency_key is None:
            return Sent(provider_id=make(self._mark()).send(NOTHING_PREPARED))
        name = attempt_id(caller, key, idempotency_key)
        started, looked = self._now(), False
        while True:
            kept = self._attempts.attempt(name)
            if kept is None or kept.attempt.until <= self._now():
                ours = self._claimed(kept, self._fresh(name, key, fingerprint))
            elif kept.attempt.fingerprint != fingerprint:
                message = "this Idempotency-Key was used for something else"
                raise IdempotencyKeyReusedError(message, field="Idempotency-Key")
            else:
                # Read once: a hold that ends while we look is one of which nobody knew the end.
                held = kept.attempt.stage is Stage.SENDING and self._now() < kept.attempt.held_until
                # While its sender is at work one look is enough: that one may have died.
                if not (held and looked) and (sent := self._known(kept, make, held=held)):
                    return sent
                looked, ours = True, None if held else self._taken_over(kept)
            if ours is not None:
                return self._sent(ours, make(ours.attempt.mark))
            self._wait(started)

    def _known(self, kept: KeptAttempt, make: Make, *, held: bool) -> Sent | None:
        """Return how it was sent; None where somebody may be sending, or nobody did."""
        attempt = kept.attempt
        if attempt.stage is Stage.SENT:
            return Sent(provider_id=attempt.provider_id, replayed=True)
        if attempt.stage is Stage.IDLE:
            return None
        found = make(attempt.mark).look_up(attempt.handle)
        if found.outcome is Outcome.SENT:
            return replace(self._noted(kept, found), replayed=True)
        if found.outcome is Outcome.UNKNOWN and not held:
            raise OutcomeUnknownError("an earlier call may have sent this")
        return None

    def _taken_over(self, kept: KeptAttempt) -> KeptAttempt | None:
        held_until = self._now() + HELD_FOR
        # Not forgotten while we send: else the same key would begin anew beside us.
        until = max(kept.attempt.until, held_until)
        again = replace(kept.attempt, stage=Stage.SENDING, held_until=held_until, until=until)
        return self._claimed(kept, again)

    def _sent(self, kept: KeptAttempt, sending: Sending) -> Sent:
        try:
            handle = kept.attempt.handle or sending.prepare()
            if handle != kept.attempt.handle:
                kept = self._attempts.keep_attempt(kept, replace(kept.attempt, handle=handle))
            if self._now() + LONGEST_SEND >= kept.attempt.held_until:
                raise SendInProgressError("it took too long to begin")
            self._point("send.prepared")
            provider_id = sending.send(handle)
        except OutcomeUnknownError:
            found = self._looked_up(sending, kept.attempt.handle)
            if found.outcome is Outcome.UNKNOWN:  # nobody need wait for what nobody will know
                self._freed(kept, Stage.SENDING)
            if found.outcome is not Outcome.SENT:
                raise
            return self._noted(kept, found)
        except MultiUserOAuthError:
            self._freed(kept, Stage.IDLE)
            raise
        self._point("send.done")
        return self._noted(kept, Found(outcome=Outcome.SENT, provider_id=provider_id))

    def _looked_up(self, sending: Sending, handle: str) -> Found:
        try:
            return sending.look_up(handle)
        except MultiUserOAuthError:
            return Found(outcome=Outcome.UNKNOWN)

    def _noted(self, kept: KeptAttempt, found: Found) -> Sent:
        """Write that it was sent; if that fails it was sent all the same, and a look will find it."""
        done = replace(kept.attempt, stage=Stage.SENT, provider_id=found.provider_id)
        try:
            self._attempts.keep_attempt(kept, done)
        except (ConflictError, StoreUnavailableError) as later:
            extra = {"connection": str(kept.attempt.key), "code": later.code}
            logger.warning("what was sent was not noted", extra=extra)
        return Sent(provider_id=found.provider_id)

    def _freed(self, kept: KeptAttempt, stage: Stage) -> None:
        """End our hold; IDLE lets the next call send, for this one did not."""
        try:
            self._attempts.keep_attempt(
                kept, replace(kept.attempt, stage=stage, held_until=self._now())
            )
        except (ConflictError, StoreUnavailableError) as later:
            extra = {"connection": str(kept.attempt.key), "code": later.code}
            logger.warning("an attempt was not freed", extra=extra)

    def _claimed(self, kept: KeptAttempt | None, after: Attempt) -> KeptAttempt | None:
        try:
            return self._attempts.keep_attempt(kept, after)
        except ConflictError:
            return None  # somebody was first: what they wrote is looked at

    def _fresh(self, name: str, key: ConnectionKey, fingerprint: str) -> Attempt:
        now = self._now()
        return Attempt(
            id=name,
            key=key,
            fingerprint=fingerprint,
            mark=self._mark(),
            stage=Stage.SENDING,
            held_until=now + HELD_FOR,
            until=now + HONOURED_FOR,
        )

    def _wait(self, started: datetime) -> None:
        if self._now() - started >= WAIT:
            raise SendInProgressError("another call is sending this", retry_after=30)
        self._sleep(LOOK_EVERY)

    def _mark(self) -> str:
        return self._draw(_MARK_BYTES).hex()


def attempt_id(caller: Caller, key: ConnectionKey, idempotency_key: str) -> str:
    """Return the digest that one caller's key for one connection is kept under."""
    parts = (str(caller), key.connector_type, key.user_email, idempotency_key)
    framed = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
    return hashlib.sha256(framed).hexdigest()
