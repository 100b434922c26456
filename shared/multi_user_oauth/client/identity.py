"""How a program proves who it is: from an audience to an OIDC token made for it."""

import base64
import binascii
import json
import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import requests

from multi_user_oauth.errors.client import NoIdentityError
from multi_user_oauth.model import Secret

Identity = Callable[[str], str]
"""Takes the audience, which is the API's origin; raises `NoIdentityError`."""

TOKEN: Final = "MULTI_USER_OAUTH_TOKEN"  # noqa: S105  # reason: the name of a variable
HOST: Final = "GCE_METADATA_HOST"
METADATA: Final = "http://metadata.google.internal"
_PATH: Final = "/computeMetadata/v1/instance/service-accounts/{account}/identity"
_EARLY: Final = timedelta(minutes=5)
_TIMEOUT: Final = 2.0
_NOTHING: Final = (
    "Nothing here says who this program is. {why}: run it as a service account of Google Cloud, "
    f"or set {TOKEN} to an OIDC token made for {{origin}}"
)


def fixed(token: str | Secret) -> Identity:
    """Return an identity that was made elsewhere, and is made anew there too."""
    kept = token if isinstance(token, Secret) else Secret(token)
    return lambda _: kept.reveal()


def metadata_identity(
    account: str = "default",
    *,
    base_url: str = METADATA,
    now: Callable[[], datetime] | None = None,
) -> Identity:
    """
    Return the identity of a service account, by the metadata server of Google Cloud.

    cloud.google.com, "Get an ID token from the metadata server". A token is used until five minutes
    before its end.
    """
    return _Metadata(base_url + _PATH.format(account=account), now or _utc_now)


def environment_identity(environ: Mapping[str, str] | None = None) -> Identity:
    """
    Return the identity that this program was started with.

    That is `MULTI_USER_OAUTH_TOKEN`, an OIDC token made for the API; else the service account of Cloud
    Run, Compute Engine or GKE, by the metadata server, which `GCE_METADATA_HOST` may name as it does for
    Google's own libraries (google.auth.environment_vars). `NoIdentityError` comes at the first call.
    """
    found = os.environ if environ is None else environ  # noqa: TID251  # reason: an agent has no wiring of ours
    token = found.get(TOKEN, "").strip()
    if token:
        return fixed(token)
    host = found.get(HOST, "").strip().rstrip("/")
    account = metadata_identity(base_url=f"http://{host}" if host else METADATA)

    def identity(audience: str) -> str:
        try:
            return account(audience)
        except NoIdentityError as missing:
            raise NoIdentityError(_NOTHING.format(why=missing, origin=audience)) from None

    return identity


class _Metadata:
    def __init__(self, url: str, now: Callable[[], datetime]) -> None:
        self._url = url
        self._now = now
        self._kept: dict[str, tuple[Secret, datetime]] = {}
        self._lock = threading.Lock()

    def __call__(self, audience: str) -> str:
        with self._lock:
            token, until = self._kept.get(audience, (None, self._now()))
            if token is None or until <= self._now():
                token = self._fetched(audience)
                self._kept[audience] = (token, unverified_end(token) - _EARLY)
            return token.reveal()

    def _fetched(self, audience: str) -> Secret:
        try:
            with requests.Session() as session:
                session.trust_env = (
                    False  # the metadata server is on this host, never behind a proxy
                )
                answer = session.get(
                    self._url,
                    params={"audience": audience, "format": "full"},
                    headers={"Metadata-Flavor": "Google"},
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                )
        except requests.RequestException:
            raise NoIdentityError("The metadata server does not answer") from None
        text = answer.text.strip()
        if answer.status_code != requests.codes.ok or not text:
            raise NoIdentityError("The metadata server gives this account no identity token")
        return Secret(text)


def unverified_end(token: Secret) -> datetime:
    """Return when a JWT says that it ends; the beginning of time if it does not say so."""
    payload = token.reveal().split(".")[1:2] or [""]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload[0] + "=" * (-len(payload[0]) % 4)))
        return datetime.fromtimestamp(int(claims["exp"]), UTC)
    except (binascii.Error, ValueError, TypeError, LookupError, OverflowError, OSError):
        return datetime.min.replace(tzinfo=UTC) + _EARLY


def _utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # reason: an agent has no wiring of ours to give it a clock
