"""People's access tokens, asked for when they are needed and kept in memory while they are good."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import requests

from multi_user_oauth.client.connectors import Connectors
from multi_user_oauth.client.identity import Identity, environment_identity
from multi_user_oauth.client.transport import READS, Call, Sleep
from multi_user_oauth.errors.client import UNREADABLE, ApiError, NoAnswerError, TryAgainLaterError
from multi_user_oauth.model.secret import Secret
from multi_user_oauth.model.tokens import AccessToken

SLACK: Final = 60
"""A kept token is used no nearer to its end than so many seconds beyond the caller's `min_ttl`."""
LONGEST_TTL: Final = 3600
"""What the API takes for `min_ttl`."""
FORCED_EVERY: Final = timedelta(minutes=1)
"""The API changes a refused token at most so often; within it, what came counts as another one."""
FORCED: Final = frozenset({503})
"""After these it is asked again for another token; not after 429, which lasts for that minute."""
KEPT: Final = 1000
"""So many tokens are kept; then the one that was not used for longest is asked for anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What is asked for; who asks for the same while it is fetched is given the same."""

    connector_type: str
    user_email: str
    purpose: str
    min_ttl: int
    scopes: tuple[str, ...]
    force_refresh: bool
    claims: str = field(repr=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """Under what its token is kept: each purpose is asked for, and so stands in the audit."""
        return self.connector_type, self.user_email.casefold(), self.purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    token: AccessToken
    wish: _Wish
    since: datetime

    def serves(self, wish: _Wish, now: datetime) -> bool:
        """Tell whether nobody has to be asked."""
        if wish.claims or wish.force_refresh:
            lately = self.wish.force_refresh and now < self.since + FORCED_EVERY
            if not lately or wish.claims != self.wish.claims:
                return False
        enough = now + timedelta(seconds=wish.min_ttl) < self.token.expires_at
        return enough and set(wish.scopes) <= set(self.token.scopes)


class Vault(Connectors):
    """
    Acts as people: all of `Connectors`, and their access tokens for whatever else a library does.

    One is enough for a program, and for all its threads. Without `identity` it is the program's own, by
    `environment_identity`. Raise what `Connectors` raises.
    """

    def __init__(
        self,
        origin: str,
        identity: Identity | None = None,
        *,
        session: requests.Session | None = None,
        sleep: Sleep | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """`origin` is the API's `PUBLIC_ORIGIN`; raise `ConfigurationError` if no token may go there."""
        super().__init__(origin, identity or environment_identity(), session=session, sleep=sleep)
        self._now = now or _utc_now
        self._kept: OrderedDict[tuple[str, str, str], _Kept] = OrderedDict()
        self._under_way: dict[_Wish, Future[AccessToken]] = {}
        self._lock = threading.Lock()

    def access_token(
        self,
        connector_type: str,
        user_email: str,
        *,
        purpose: str = "",
        min_ttl: int = 60,
        scopes: Sequence[str] = (),
        force_refresh: bool = False,
        claims: str = "",
    ) -> AccessToken:
        """
        Return a token that lives `min_ttl` seconds more (at most 3,600) and has these scopes.

        It may come from memory, where it stays until a minute before that. When the API that it is for
        answers 401 to it, ask with `force_refresh`, or with the `claims` of that answer's
        `WWW-Authenticate`. Raise `ReauthorizationRequiredError` where the person must act.
        """
        wish = _Wish(
            connector_type=connector_type,
            user_email=user_email,
            purpose=purpose,
            min_ttl=min(min_ttl + SLACK, LONGEST_TTL),
            scopes=tuple(scopes),
            force_refresh=force_refresh or bool(claims),
            claims=claims,
        )
        with self._lock:
            kept = self._kept.get(wish.key)
            if kept is not None and kept.serves(wish, self._now()):
                self._kept.move_to_end(wish.key)
                return kept.token
            under_way = self._under_way.get(wish)
            told = self._under_way.setdefault(wish, Future())
        return under_way.result() if under_way else self._fetched(wish, told)

    def _fetched(self, wish: _Wish, told: Future[AccessToken]) -> AccessToken:
        """Ask the API, and tell those who wait for the same."""
        try:
            since = self._now()
            token = _token(self._transport.json(_call(wish)))
        except BaseException as failed:
            stopped = NoAnswerError("the thread that asked was stopped")
            with self._lock:
                del self._under_way[wish]
                if not isinstance(failed, TryAgainLaterError | NoAnswerError):
                    self._kept.pop(wish.key, None)  # nobody gives it any more
            told.set_exception(failed if isinstance(failed, Exception) else stopped)
            raise
        with self._lock:
            del self._under_way[wish]
            self._keep(_Kept(token=token, wish=wish, since=since))
        told.set_result(token)
        return token

    def _keep(self, kept: _Kept) -> None:
        found = self._kept.get(kept.wish.key)
        if found is None or found.since <= kept.since:  # else a later answer came sooner
            self._kept[kept.wish.key] = kept
            self._kept.move_to_end(kept.wish.key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def _call(wish: _Wish) -> Call:
    params = {
        "min_ttl": str(wish.min_ttl),
        "purpose": wish.purpose,
        "scopes": " ".join(wish.scopes),
        "force_refresh": "true" if wish.force_refresh and not wish.claims else "",
        "claims": wish.claims,
    }
    who = quote(wish.connector_type, safe=""), quote(wish.user_email, safe="@")
    return Call(
        method="GET",
        path="/api/v1/oauth/user/{}/{}/token".format(*who),
        params={name: value for name, value in params.items() if value},
        again=FORCED if wish.force_refresh else READS,
    )


def _token(told: dict[str, Any]) -> AccessToken:
    try:
        expires_at = datetime.fromisoformat(told["expires_at"])
        value = told["access_token"]
        lists = [tuple(map(str, told[name])) for name in ("scopes", "missing_scopes")]
    except (LookupError, TypeError, ValueError):
        raise ApiError(UNREADABLE, "an answer that is no token") from None
    if not (isinstance(value, str) and value and expires_at.tzinfo):
        raise ApiError(UNREADABLE, "an answer that is no token")
    return AccessToken(
        value=Secret(value), expires_at=expires_at, scopes=lists[0], missing_scopes=lists[1]
    )


def _utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # reason: an agent has no wiring of ours to give it a clock
