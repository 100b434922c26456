"""The token for a caller: fresh, allowed, written down, and of the person that was asked for."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from multi_user_oauth.access import require, require_reach, require_scopes
from multi_user_oauth.custody import AccessTokens
from multi_user_oauth.errors import (
    ConflictError,
    MultiUserOAuthError,
    RefreshInProgressError,
    TamperedError,
)
from multi_user_oauth.last_used import NoteUses
from multi_user_oauth.model import (
    AccessToken,
    Action,
    Caller,
    ConnectionKey,
    Limits,
    Policy,
    Snapshot,
)
from multi_user_oauth.ports import (
    Anew,
    Clock,
    ConnectionReader,
    Draw,
    Refresher,
    Sleep,
    Use,
    UseLog,
)
from multi_user_oauth.refreshing import is_leased, require_live, satisfies

logger = logging.getLogger(__name__)

SHORTEST_LOOK = 0.1
"""Seconds between two looks at a record that another worker is refreshing, at least; at most thrice."""


def not_kept(_: Use) -> None:
    """Do nothing: where uses are not kept in the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What the token has to be."""

    min_ttl: timedelta
    scopes: tuple[str, ...]
    forced: bool
    claims: str | None


class GetAccessToken:
    """
    Serves one token with one read, unless it has to be refreshed first.

    `uses` is told of every request, `reads` of those only that the policy let through: whoever it does
    not know must not make us write.
    """

    def __init__(
        self,
        *,
        connections: ConnectionReader,
        access_tokens: AccessTokens,
        refresher: Refresher,
        policy: Callable[[], Policy],
        uses: UseLog,
        reads: UseLog = not_kept,
        notes: NoteUses,
        now: Clock,
        sleep: Sleep,
        draw: Draw,
        limits: Limits,
    ) -> None:
        self._connections = connections
        self._access_tokens = access_tokens
        self._refresher = refresher
        self._policy = policy
        self._uses = uses
        self._reads = reads
        self._notes = notes
        self._now = now
        self._sleep = sleep
        self._draw = draw
        self._limits = limits

    def get(
        self,
        caller: Caller,
        key: ConnectionKey,
        *,
        min_ttl: timedelta | None = None,
        scopes: tuple[str, ...] = (),
        purpose: str = "",
        force_refresh: bool = False,
        claims_challenge: str | None = None,
    ) -> AccessToken:
        """
        Return an access token good for at least `min_ttl` (60 s unless given).

        With `force_refresh` another one than is stored: an API refused that. One that came within the
        last minute is another one already, unless there is a `claims_challenge` (the API's, as JSON),
        which forces too and is passed on to the provider.

        The use, or why it was refused, is written down before this returns or raises. Raise
        `NotConnectedError`, `NeedsSignInError`, `ForbiddenError`, `DelegationRequiredError`,
        `InsufficientScopeError`, `TamperedError` or a `RetryableError`.
        """
        wanted = self._limits.usable_at_least if min_ttl is None else min_ttl

        def use(outcome: str) -> Use:
            seconds = int(wanted.total_seconds())
            return Use(
                actor=str(caller), key=key, outcome=outcome, purpose=purpose, scopes=scopes,
                min_ttl=seconds,
            )  # fmt: skip

        try:
            policy = self._policy()
            require_reach(policy, caller, Action.TOKEN, key)
            wish = _Wish(
                min_ttl=wanted,
                scopes=scopes,
                forced=force_refresh or claims_challenge is not None,
                claims=claims_challenge,
            )
            token = self._kept(use, lambda: self._get(policy, caller, key, wish))
        except MultiUserOAuthError as refused:
            self._uses(use(refused.code))
            raise
        self._uses(use("released"))
        self._notes.note(caller, key, Action.TOKEN, purpose)
        return token

    def _kept(self, use: Callable[[str], Use], get: Callable[[], AccessToken]) -> AccessToken:
        # Before the line of the log: that line is to tell of the answer which is really given.
        try:
            token = get()
        except MultiUserOAuthError as refused:
            self._reads(use(refused.code))
            raise
        self._reads(use("released"))
        return token

    def _get(
        self, policy: Policy, caller: Caller, key: ConnectionKey, wish: "_Wish"
    ) -> AccessToken:
        def read() -> Snapshot:
            # At each look: what the person withdraws while we wait holds from that commit on.
            snapshot = require_live(key, self._connections.read(key))
            require(policy, caller, Action.TOKEN, snapshot.connection, self._now())
            require_scopes(policy, caller, snapshot.connection, wish.scopes)
            return snapshot

        connection = self._fresh(key, wish, read).connection
        value = self._access_tokens.open(connection)
        # The seal is bound to the key already; this looks once more at the border, since the one
        # mistake that must never happen is to answer with somebody else's token.
        if connection.key != key or connection.access_token_expires_at is None:
            raise TamperedError(str(key))
        return AccessToken(
            value=value,
            expires_at=connection.access_token_expires_at,
            scopes=connection.scopes,
            missing_scopes=connection.missing_scopes,
        )

    def _fresh(self, key: ConnectionKey, wish: "_Wish", read: Callable[[], Snapshot]) -> Snapshot:
        started = self._now()
        snapshot = read()
        # Not the token that this caller was refused, then: any that somebody got after this look.
        generation = snapshot.connection.generation
        anew = Anew(generation=generation, claims=wish.claims) if wish.forced else None
        while not satisfies(snapshot.connection, wish.min_ttl, anew, self._limits, self._now()):
            if self._now() - started >= self._limits.wait_for_refresh:
                raise RefreshInProgressError(str(key))
            if is_leased(snapshot, self._limits):
                self._pause()
            else:
                self._ask(key, wish.min_ttl, anew)
            snapshot = read()
        return snapshot

    def _ask(self, key: ConnectionKey, min_ttl: timedelta, anew: Anew | None) -> None:
        try:
            self._refresher.refresh(key, min_ttl=min_ttl, anew=anew)
        except (RefreshInProgressError, ConflictError):
            self._pause()  # somebody wrote: what they wrote is looked at

    def _pause(self) -> None:
        # Spread by chance, so that many waiters do not look in step.
        self._sleep(SHORTEST_LOOK * (1 + 2 * self._draw(1)[0] / 255))
