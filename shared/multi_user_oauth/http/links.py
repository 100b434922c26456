"""Providers' links that callers carry for us: sealed, bound to who was given them, good for a while."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from multi_user_oauth.errors import RequestError, TamperedError
from multi_user_oauth.errors.connector import ItemNotFoundError
from multi_user_oauth.model import Caller, ConnectionKey
from multi_user_oauth.ports import Box, Clock

PAGE: Final = "page"
UPLOAD: Final = "upload"
PAGES_LIVE: Final = timedelta(hours=1)
UPLOADS_LIVE: Final = timedelta(hours=24)


class Links:
    """Nothing of it is stored; whoever else holds such a text can do nothing with it."""

    def __init__(self, box: Box, *, now: Clock) -> None:
        self._box = box
        self._now = now

    def page_token(
        self, caller: Caller, key: ConnectionKey, route: str, cursor: str | None
    ) -> str | None:
        """Return what the caller sends for the next page of this route, None where there is none."""
        if cursor is None:
            return None
        return self._sealed(PAGE, caller, key, PAGES_LIVE, {"route": route, "cursor": cursor})

    def cursor(
        self, caller: Caller, key: ConnectionKey, route: str, page_token: str | None
    ) -> str | None:
        """Return the provider's word for the next page; raise `RequestError` for another's token."""
        if page_token is None:
            return None
        refused = RequestError("not a page token of this list, or an old one", field="page_token")
        try:
            claims = self._opened(PAGE, caller, key, page_token)
        except TamperedError:
            raise refused from None
        if claims.get("route") != route or not isinstance(claims.get("cursor"), str):
            raise refused
        return str(claims["cursor"])

    def upload_id(
        self, caller: Caller, key: ConnectionKey, session: Mapping[str, object]
    ) -> tuple[str, datetime]:
        """Return the name of an upload, which holds all that is known of it, and when it ends."""
        ends_at = self._now() + UPLOADS_LIVE
        return self._sealed(UPLOAD, caller, key, UPLOADS_LIVE, session), ends_at

    def upload(
        self, caller: Caller, key: ConnectionKey, upload_id: str
    ) -> tuple[Mapping[str, object], datetime]:
        """Return what is known of an upload, and when it ends; raise `ItemNotFoundError`."""
        try:
            claims = self._opened(UPLOAD, caller, key, upload_id)
        except TamperedError:
            raise ItemNotFoundError("no such upload") from None
        return claims, datetime.fromtimestamp(int(str(claims["exp"])), UTC)

    def _sealed(
        self,
        purpose: str,
        caller: Caller,
        key: ConnectionKey,
        life: timedelta,
        claims: Mapping[str, object],
    ) -> str:
        ends = int((self._now() + life).timestamp())
        return self._box.seal(purpose, {**claims, **_bound(caller, key), "exp": ends})

    def _opened(
        self, purpose: str, caller: Caller, key: ConnectionKey, text: str
    ) -> Mapping[str, object]:
        claims = self._box.open(purpose, text)
        ends = claims.get("exp")
        if not isinstance(ends, int) or ends <= self._now().timestamp():
            raise TamperedError(purpose)
        if any(claims.get(name) != value for name, value in _bound(caller, key).items()):
            raise TamperedError(purpose)
        return claims


def _bound(caller: Caller, key: ConnectionKey) -> dict[str, object]:
    return {"caller": str(caller), "connection": str(key)}
