"""`Refresher` and `Finisher` by HTTP: no token travels, the asker reads the record again."""

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import requests

from multi_user_oauth.errors import (
    ConflictError,
    KeysUnavailableError,
    MultiUserOAuthError,
    NeedsSignInError,
    NotConnectedError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    RefreshInProgressError,
    RetryableError,
    StoreUnavailableError,
    TamperedError,
)
from multi_user_oauth.model import ConnectionKey, RevocationResult, Secret
from multi_user_oauth.ports import Anew

logger = logging.getLogger(__name__)

# Longer than a refresh with its commit and rescue; the asker's own caller waits at most this long.
_TIMEOUT: Final = (3.0, 25.0)
DONE: Final = (requests.codes.ok, requests.codes.created)
Refusals = Mapping[str, Callable[[str], MultiUserOAuthError]]
NONE: Final[Refusals] = {}
PASSING: Final[Mapping[str, type[RetryableError]]] = {
    error.code: error
    for error in (
        ConflictError,
        KeysUnavailableError,
        ProviderMisconfiguredError,
        ProviderUnavailableError,
        RefreshInProgressError,
        StoreUnavailableError,
    )
}


class RemoteRefresher:
    """Asks the function `refresh`, as this function's service account."""

    def __init__(
        self, *, url: str, audience: str, identity: Callable[[str], Secret], pool: int = 16
    ) -> None:
        self._url = url
        self._audience = audience
        self._identity = identity
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount(url, requests.adapters.HTTPAdapter(pool_maxsize=pool, max_retries=0))

    def refresh(self, key: ConnectionKey, *, min_ttl: timedelta, anew: Anew | None = None) -> None:
        """Have the connection refreshed; raise what `Refresher` says."""
        asked: dict[str, object] = {**_named(key), "min_ttl": int(min_ttl.total_seconds())}
        if anew is not None:
            asked["generation"] = anew.generation
            if anew.claims is not None:
                asked["claims"] = anew.claims
        self.post("/refresh/one", asked)

    def finish(self, key: ConnectionKey, epoch: int) -> RevocationResult:
        """Have the disconnect finished; what can not be found out now is `PENDING`."""
        try:
            body = self.post("/refresh/finish", {**_named(key), "epoch": epoch})
            return RevocationResult(body["finished"][0]["provider"])
        except (MultiUserOAuthError, LookupError, TypeError, ValueError):
            logger.warning("revocation is pending", extra={"connection": str(key)})
            return RevocationResult.PENDING

    def post(
        self,
        path: str,
        body: Mapping[str, object],
        timeout: tuple[float, float] = _TIMEOUT,
        refusals: Refusals = NONE,
    ) -> dict[str, Any]:
        """
        Ask a route, with seconds to connect and to wait; raise what its answer says, as our errors.

        `refusals` are this route's own, by their codes.
        """
        token = self._identity(self._audience)
        try:
            response = self._session.post(
                self._url + path,
                json=body,
                headers={"Authorization": f"Bearer {token.reveal()}"},
                timeout=timeout,
                allow_redirects=False,
            )
            answer = response.json()
        except (requests.RequestException, ValueError):
            raise RefreshInProgressError("refresh did not answer", retry_after=2) from None
        if response.status_code in DONE and isinstance(answer, dict):
            return answer
        raise _error(answer if isinstance(answer, dict) else {}, response, refusals)


def _named(key: ConnectionKey) -> dict[str, str]:
    return {"connector_type": key.connector_type, "user_email": key.user_email}


def _error(
    problem: Mapping[str, object], response: requests.Response, refusals: Refusals
) -> MultiUserOAuthError:
    code = str(problem.get("code"))
    if code in refusals:
        return refusals[code]("refresh refuses it")
    if code == NotConnectedError.code:
        return NotConnectedError("refresh knows no such connection")
    if code == NeedsSignInError.code:
        return NeedsSignInError("refresh was refused", reason=str(problem.get("reason")))
    if code == TamperedError.code:
        return TamperedError("refresh could not open it")  # and has raised the alarm
    if code in PASSING:
        after = response.headers.get("Retry-After", "1")
        return PASSING[code](code, retry_after=int(after) if after.isdigit() else 1)
    # 401, 403, 404: we are not let in. That is ours to mend, not the person's.
    logger.error("refresh refuses us", extra={"status": response.status_code, "code": code})
    return StoreUnavailableError("refresh refuses us", retry_after=30)
