"""What all areas of the connectors have in common: paths, queries, one read, one send."""

import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import requests

from multi_user_oauth.client.identity import Identity
from multi_user_oauth.client.transport import READS, SENDS, Call, Sleep, Transport, document
from multi_user_oauth.errors.client import UNREADABLE, ApiError

Item = dict[str, Any]
"""As docs/openapi.yaml describes it."""
Addresses = str | Sequence[str]
When = datetime | str
"""A string is sent as it is; a datetime says its zone."""

KEY: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"


class Area:
    """One API and one caller."""

    def __init__(
        self,
        origin: str,
        identity: Identity,
        *,
        session: requests.Session | None = None,
        sleep: Sleep | None = None,
    ) -> None:
        """`origin` is the API's `PUBLIC_ORIGIN`; raise `ConfigurationError` if no token may go there."""
        self._transport = Transport(origin, identity, session=session, sleep=sleep)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport.origin!r})"

    def _read(self, path: str, params: Mapping[str, str]) -> Item:
        return self._transport.json(Call(method="GET", path=path, params=params, again=READS))

    def _pages(self, path: str, name: str, params: Mapping[str, str]) -> Iterator[Item]:
        """Yield the items of a list, a page at a time."""
        asked = dict(params)
        while True:
            page = self._read(path, asked)
            items, following = page.get(name), page.get("next_page_token")
            if not isinstance(items, list) or (following and following == asked.get("page_token")):
                raise ApiError(UNREADABLE, f"an answer without {name}, or a page once more")
            yield from items
            if not following:
                return
            asked["page_token"] = str(following)

    def _sent(self, path: str, body: Mapping[str, object], key: str | None) -> Item:
        """Send what must not happen twice; return the answer, and whether an earlier call did it."""
        answer = self._transport.send(
            Call(
                method="POST",
                path=path,
                json={name: value for name, value in body.items() if value not in (None, [])},
                headers={} if key is None else {KEY: key},
                again=None if key is None else SENDS,
            )
        )
        return {**document(answer), "replayed": answer.headers.get(REPLAYED) == "true"}


def path_of(connector_type: str, *names: str) -> str:
    """Return a path of the connectors; an id is one segment, whatever it holds."""
    return "/api/v1/connectors/" + "/".join(
        quote(each, safe="") for each in (connector_type, *names)
    )


def query_of(user_email: str, purpose: str = "", **said: str | int | None) -> dict[str, str]:
    """Return the query's parameters, without those that say nothing."""
    all_of_it = {"user_email": user_email, "purpose": purpose or None, **said}
    return {name: str(value) for name, value in all_of_it.items() if value is not None}


def time_of(when: When | None) -> str | None:
    """Return a time as the API reads it; raise `ValueError` for one without a zone."""
    if not isinstance(when, datetime):
        return when
    if when.tzinfo is None:
        raise ValueError("a time needs its zone, such as tzinfo=UTC")
    return when.isoformat(timespec="seconds")


def media_type(path: Path) -> str:
    """Return what a file's name says of its bytes."""
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def listed(addresses: Addresses) -> list[str]:
    """Return one address, or several, as several."""
    return [addresses] if isinstance(addresses, str) else list(addresses)
