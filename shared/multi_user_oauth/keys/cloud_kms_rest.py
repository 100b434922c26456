"""Cloud KMS over REST, by google-auth's session: Google's client of it costs a start a fifth of a second.

Nothing below tries again by itself: a call is tried again here, for about four seconds in all, and never
for longer than a function may keep a caller waiting.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import google.auth
import msgspec
import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport import DEFAULT_RETRYABLE_STATUS_CODES
from google.auth.transport.requests import AuthorizedSession, Request
from requests.adapters import HTTPAdapter

from multi_user_oauth.errors import ConfigurationError, KeysUnavailableError, TamperedError
from multi_user_oauth.keys.cloud_kms_answers import GARBLED, INVALID, FailedError, read
from multi_user_oauth.ports import Draw, Meter, Sleep

T = TypeVar("T")

ORIGIN: Final = "https://cloudkms.googleapis.com"
SCOPE: Final = "https://www.googleapis.com/auth/cloudkms"
GIVE_UP_AFTER: Final = 4.0  # seconds; no try begins later
ONE_TRY: Final = 1.5  # seconds, a third of them to connect in
FIRST_PAUSE: Final = 0.2  # seconds, of which chance takes some off; each is twice the last
LONGEST_PAUSE: Final = 1.0
POOL: Final = 80  # connections: as many as an instance serves requests at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to go on asking, and by whose clock, pauses and chance."""

    sleep: Sleep
    monotonic: Callable[[], float]
    draw: Draw
    give_up_after: float = GIVE_UP_AFTER


def connect(origin: str | None = None, *, meter: Meter, patience: Patience) -> "CloudKms":
    """
    Return Cloud KMS as this process's own identity reaches it, or nobody's at another origin.

    Nothing is asked of it yet. Raise `ConfigurationError` where no identity is to be found.
    """
    try:
        credentials = AnonymousCredentials() if origin else google.auth.default(scopes=[SCOPE])[0]
    except GoogleAuthError as error:
        message = f"Cloud KMS: this process has no identity at Google ({type(error).__name__})"
        raise ConfigurationError(message) from None
    session = AuthorizedSession(credentials, max_refresh_attempts=1, auth_request=_OneTry())
    session.trust_env = origin is None
    session.mount("https://", HTTPAdapter(max_retries=0, pool_maxsize=POOL))
    return CloudKms(session, origin or ORIGIN, meter=meter, patience=patience)


class CloudKms:
    """Cloud KMS as one identity reaches it, for any number of keys and threads."""

    def __init__(
        self, session: requests.Session, origin: str, *, meter: Meter, patience: Patience
    ) -> None:
        self._session = session
        self._origin = origin
        self._meter = meter
        self._patience = patience
        one_try = min(ONE_TRY, patience.give_up_after)
        self._options: Mapping[str, Any] = {
            "timeout": (one_try / 3, one_try * 2 / 3),
            "max_allowed_time": patience.give_up_after,
            "allow_redirects": False,
        }

    def ask(
        self,
        resource: str,
        verb: str,
        decoder: msgspec.json.Decoder[T],
        *,
        body: Mapping[str, object] | None = None,
        is_sound: Callable[[T], bool] = lambda _: True,
        tampered: str | None = None,
        once: bool = False,
    ) -> T:
        """
        Return what a POST of `body` to the resource's verb is answered with; without one it is a GET.

        Raise `KeysUnavailableError`; `TamperedError`, with the text `tampered`, if there is one and the
        request's argument is said to be invalid. An answer that is not sound is asked for once more,
        unless a call must be made but `once`.
        """
        method, url = "GET" if body is None else "POST", f"{self._origin}/v1/{resource}{verb}"

        def attempt() -> T:
            self._meter.count("kms")
            # Not `data`: google-auth would log it at DEBUG, with a data key in it.
            answer = read(
                lambda: self._session.request(method, url, json=body, **self._options), decoder
            )
            if not is_sound(answer):
                raise FailedError(GARBLED)
            return answer

        try:
            return attempt() if once else self._patiently(attempt)
        except FailedError as failed:
            reason = failed.reason
        # Not chained: what a service or the network said belongs in no log of ours.
        if reason == INVALID and tampered is not None:
            raise TamperedError(tampered)
        message = f"{resource}: Cloud KMS does not serve us now ({reason})"
        raise KeysUnavailableError(message)

    def _patiently(self, attempt: Callable[[], T]) -> T:
        end = self._patience.monotonic() + self._patience.give_up_after
        longest, garbled = FIRST_PAUSE, False
        while True:
            try:
                return attempt()
            except FailedError as failed:
                again = not garbled if failed.reason == GARBLED else failed.passing
                garbled = garbled or failed.reason == GARBLED
                pause = longest * int.from_bytes(self._patience.draw(2), "big") / 0xFFFF
                if not again or self._patience.monotonic() + pause >= end:
                    raise
            self._patience.sleep(pause)
            longest = min(2 * longest, LONGEST_PAUSE)


class _OneTry(Request):
    """Fetches our own token with one request: google-auth would try five times, for half a minute."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # reason: google-auth's own signature
        """Return the answer; raise `ConnectionError` of requests, which google-auth lets pass."""
        try:
            answer = super().__call__(*arguments, **options | {"timeout": ONE_TRY})  # type: ignore[no-untyped-call]  # reason: google-auth has no types here
        except TransportError:
            answer = None
        if answer is None or answer.status in DEFAULT_RETRYABLE_STATUS_CODES:
            raise requests.ConnectionError
        return answer
