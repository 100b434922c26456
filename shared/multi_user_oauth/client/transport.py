"""One call of the API: proof of who calls, refusals as errors, and what may be tried once more."""

import contextlib
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from multi_user_oauth.client.identity import Identity
from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.errors.client import UNREADABLE, ApiError, NoAnswerError, api_error

Sleep = Callable[[float], None]

TIMEOUT: Final = (10.0, 130.0)
"""To connect, and between two bytes: the API itself gives up after 120 seconds."""
WAITS: Final = (0.5, 1.0, 2.0, 4.0)
"""Before each further try, in seconds, where the API names no `Retry-After`."""
PATIENCE: Final = 60
"""At most so many seconds are waited for one call."""
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
PROBLEM: Final = "application/problem+json"
NAMES: Final = ("reauthorize_url", "delegate_url", "scope", "field", "reason")
IN_PROGRESS: Final = "send_in_progress"
READS: Final = frozenset({429, 503})
SENDS: Final = frozenset({503})
"""What an `Idempotency-Key` lets be asked again: the API does it once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One request.

    `again` are the statuses after which it may be sent once more, as it is after no answer; None: after
    none of these. A `streamed` answer's body is still to be read.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, object] | None = None
    data: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    again: Collection[int] | None = None
    streamed: bool = False


class _Bearer(requests.auth.AuthBase):
    """Puts the token in as the last thing: no `.netrc` takes its place."""

    def __init__(self, token: str) -> None:
        self._header = f"Bearer {token}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


class Transport:
    """For one API and one caller."""

    def __init__(
        self,
        origin: str,
        identity: Identity,
        *,
        session: requests.Session | None = None,
        sleep: Sleep | None = None,
    ) -> None:
        """Raise `ConfigurationError` for an origin that a token must not be sent to."""
        self.origin = _checked(origin)
        self._identity = identity
        self._session = session or _session(self.origin)
        self.sleep = sleep or time.sleep  # noqa: TID251  # reason: an agent has no wiring of ours

    def json(self, call: Call) -> dict[str, Any]:
        """Return the answer; raise `ApiError`, after further tries where those can do no harm."""
        return document(self.send(call))

    def send(self, call: Call) -> requests.Response:
        """Return an answer that is no refusal; raise as `json` does."""
        waited = 0.0
        for wait in WAITS:
            try:
                return self._once(call)
            except ApiError as refused:
                pause = max(wait, refused.retry_after or 0)
                waited += pause
                if waited > PATIENCE or not _worth_another(refused, call):
                    raise
            self.sleep(pause)
        return self._once(call)

    def _once(self, call: Call) -> requests.Response:
        answer = self._sent(call)
        if answer.ok and not answer.is_redirect:
            return answer
        with answer:
            raise refusal(answer)

    def _sent(self, call: Call) -> requests.Response:
        bearer = _Bearer(self._identity(self.origin))
        try:
            return self._session.request(
                call.method,
                self.origin + call.path,
                params=call.params,
                json=call.json,
                data=call.data,
                headers={"Accept-Encoding": "identity", **call.headers},
                auth=bearer,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=call.streamed,
            )
        except requests.RequestException as failed:
            detail = f"no answer from {self.origin} ({type(failed).__name__})"
        raise NoAnswerError(detail)


def refusal(answer: requests.Response) -> ApiError:
    """Return what an answer says that is no success."""
    body: object = None
    if answer.headers.get("Content-Type", "").partition(";")[0].strip() == PROBLEM:
        with contextlib.suppress(ValueError, requests.RequestException):
            body = answer.json()
    if not isinstance(body, dict) or not isinstance(body.get("code"), str):
        detail = f"an answer with status {answer.status_code} that is none of this API"
        return ApiError(UNREADABLE, detail, status=answer.status_code)
    after = answer.headers.get("Retry-After", "")
    return api_error(
        body["code"],
        str(body.get("detail", "")),
        status=answer.status_code,
        retry_after=int(after) if after.isascii() and after.isdigit() else None,
        names={name: str(body[name]) for name in NAMES if name in body},
    )


def document(answer: requests.Response) -> dict[str, Any]:
    """Return the JSON object of an answer."""
    try:
        found = answer.json()
    except requests.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        detail = "an answer that is no JSON object"
        raise ApiError(UNREADABLE, detail, status=answer.status_code)
    return found


def _worth_another(refused: ApiError, call: Call) -> bool:
    if call.again is None:
        return False
    passing = isinstance(refused, NoAnswerError) or refused.code == IN_PROGRESS
    return passing or refused.status in call.again


def _checked(origin: str) -> str:
    parts = urlsplit(origin)
    bare = (parts.path in {"", "/"}) and not (parts.query or parts.fragment or parts.username)
    private = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not (parts.hostname and bare and private):
        raise ConfigurationError("The API's origin must be like https://connect.company.com")
    return f"{parts.scheme}://{parts.netloc}"


def _session(origin: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = urlsplit(origin).hostname not in LOOPBACK
    return session
