"""This function's own identity, proved to another: the metadata server's OIDC token."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import requests

from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.model import Secret

METADATA: Final = "http://metadata.google.internal"
_PATH: Final = "/computeMetadata/v1/instance/service-accounts/{account}/identity"
_KEPT: Final = timedelta(minutes=30)  # the token lives an hour
_TIMEOUT: Final = 2.0


class MetadataIdentity:
    """Fetches identity tokens (cloud.google.com, "View and query VM metadata") and keeps them a while."""

    def __init__(
        self, *, base_url: str = METADATA, account: str = "default", now: Callable[[], datetime]
    ) -> None:
        self._url = base_url + _PATH.format(account=account)
        self._now = now
        self._kept: dict[str, tuple[Secret, datetime]] = {}
        self._lock = threading.Lock()

    def token(self, audience: str) -> Secret:
        """Return a token for this audience; raise `KeysUnavailableError`."""
        with self._lock:
            token, until = self._kept.get(audience, (None, self._now()))
            if token is None or until <= self._now():
                token = self._fetch(audience)
                self._kept[audience] = (token, self._now() + _KEPT)
            return token

    def _fetch(self, audience: str) -> Secret:
        with requests.Session() as session:
            session.trust_env = False  # the metadata server is on this host, never behind a proxy
            try:
                response = session.get(
                    self._url,
                    params={"audience": audience, "format": "full"},
                    headers={"Metadata-Flavor": "Google"},
                    timeout=_TIMEOUT,
                )
            except requests.RequestException:
                raise KeysUnavailableError("the metadata server does not answer") from None
        if response.status_code != requests.codes.ok:
            raise KeysUnavailableError("the metadata server gave no identity")
        return Secret(response.text.strip())
