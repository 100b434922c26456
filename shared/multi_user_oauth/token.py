"""The token for a caller: fresh, allowed, written down, and of the person that was asked for."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from multi_user_oauth.access import (
    require,
    require_any_scope,
    require_reach,
    require_scopes,
    scopes_left,
)
from multi_user_oauth.custody import AccessTokens
from multi_user_oauth.errors import (
    MultiUserOAuthError,
    TamperedError,
)
from multi_user_oauth.freshening import Freshen
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
    Clock,
    ConnectionReader,
    Draw,
    Refresher,
    Sleep,
    Use,
    UseLog,
)
from multi_user_oauth.refreshing import require_live

logger = logging.getLogger(__name__)

WHOLE_TOKEN = frozenset({Action.TOKEN, Action.PROXY})
"""What is done with all that the token can do: nobody narrows it then."""


def not_kept(_: Use) -> None:
    """Do nothing: where uses are not kept in the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What the token has to be, and what for."""

    action: Action
    min_ttl: timedelta
    scopes: tuple[str, ...]
    any_of: tuple[str, ...]
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
        self._freshen = Freshen(refresher=refresher, now=now, sleep=sleep, draw=draw, limits=limits)
        self._policy = policy
        self._uses = uses
        self._reads = reads
        self._notes = notes
        self._now = now
        self._limits = limits

    def get(
        self,
        caller: Caller,
        key: ConnectionKey,
        *,
        action: Action = Action.TOKEN,
        min_ttl: timedelta | None = None,
        scopes: tuple[str, ...] = (),
        any_of: tuple[str, ...] = (),
        purpose: str = "",
        force_refresh: bool = False,
        claims_challenge: str | None = None,
    ) -> AccessToken:
        """
        Return an access token good for at least `min_ttl` (60 s unless given).

        Where `action` is not to give it away, it is for one call of ours in the person's name, which
        needs `any_of` these scopes.

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
                min_ttl=seconds, action=action,
            )  # fmt: skip

        try:
            policy = self._policy()
            require_reach(policy, caller, action, key)
            wish = _Wish(
                action=action,
                min_ttl=wanted,
                scopes=scopes,
                any_of=any_of,
                forced=force_refresh or claims_challenge is not None,
                claims=claims_challenge,
            )
            token = self._kept(use, lambda: self._get(policy, caller, key, wish))
        except MultiUserOAuthError as refused:
            self._uses(use(refused.code))
            raise
        self._uses(use("released"))
        self._notes.note(caller, key, action, purpose)
        return token

    def left_to(self, caller: Caller, token: AccessToken) -> frozenset[str]:
        """Return which of the token's scopes the caller may make use of here, in lower case."""
        return scopes_left(self._policy(), caller, token.scopes)

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
            require(policy, caller, wish.action, snapshot.connection, self._now())
            if wish.action in WHOLE_TOKEN:
                require_scopes(policy, caller, snapshot.connection, wish.scopes)
            else:
                require_any_scope(policy, caller, snapshot.connection, wish.any_of)
            return snapshot

        connection = self._freshen.fresh(
            key, read, min_ttl=wish.min_ttl, forced=wish.forced, claims=wish.claims
        ).connection
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
