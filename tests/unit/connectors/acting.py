"""Who acts, and an API that answers as it is told, for the services and what they stand on."""

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.manners import GoogleManners, GraphManners
from multi_user_oauth.errors import InsufficientScopeError
from multi_user_oauth.model import AccessToken, Secret
from multi_user_oauth.net.door import Door
from tests.support.api_descriptions import Described, granted_by
from tests.unit.sandbox.conftest import ManualClock, World, make_sandbox

ENDLESS = 20
"""More requests than any test makes."""
UNTIL = datetime(2026, 3, 3, tzinfo=UTC)


class Stand:
    """An `ActingAs` for one call: a fresh token each time an API refuses one."""

    def __init__(self, *scopes: str, token: str = "") -> None:
        self.scopes = scopes
        self.challenges: list[str | None] = []
        """What each renewal was asked with."""
        self._given = token
        self._numbers = count(1)
        self._token = self._fresh()

    def token(self, *needs: str) -> AccessToken:
        """Return the token; raise `InsufficientScopeError` without one of these scopes."""
        if not self.has(*needs):
            raise InsufficientScopeError("not granted", scopes=needs)
        return self._token

    def has(self, *needs: str) -> bool:
        """Return whether any of these was granted."""
        return bool(set(needs) & set(self.scopes))

    def renewed(self, *needs: str, claims: str | None) -> AccessToken:
        """Return another token."""
        self.challenges.append(claims)
        self._token = self._fresh()
        return self._token

    def _fresh(self) -> AccessToken:
        value = Secret(self._given or f"token-{next(self._numbers)}")
        return AccessToken(value=value, expires_at=UNTIL, scopes=self.scopes, missing_scopes=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class Scripted(BaseAdapter):
    """An API with these answers, in order; the last one stays. An exception is no answer."""

    def __init__(self, *answers: Said | Exception) -> None:
        super().__init__()
        self._answers = list(answers)
        self.seen: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:  # noqa: ANN401  # reason: requests' own
        """Answer, and remember what was asked."""
        assert options["proxies"] == {}
        self.seen.append(request)
        assert len(self.seen) < ENDLESS, "there is no end to it"
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers)
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        response.raw = io.BytesIO(body)
        return response

    def close(self) -> None:
        """Do nothing."""

    @property
    def bearers(self) -> list[str]:
        """What each request was sent with."""
        return [str(each.headers.get("Authorization", "")) for each in self.seen]

    @property
    def urls(self) -> list[str]:
        """Where each request went."""
        return [each.url or "" for each in self.seen]


class Pauses(list[float]):
    """A `Sleep` that is over at once; how long each would have been, in seconds."""

    def __call__(self, seconds: float) -> None:
        """Go on at once."""
        self.append(seconds)


def graph(adapter: BaseAdapter, pauses: Pauses | None = None) -> Api:
    """Return Microsoft Graph behind this adapter."""
    return _api(adapter, GraphManners(), pauses)


def google(adapter: BaseAdapter, pauses: Pauses | None = None) -> Api:
    """Return Google's APIs behind this adapter."""
    return _api(adapter, GoogleManners(), pauses)


def described(world: World) -> Described:
    """Return a sandbox; each call and answer is held against what the providers publish."""
    return Described(world.sandbox.in_process_adapter(), granted_by(world.sandbox))


def microsoft_stand(world: World, account: str, scopes: Iterable[str]) -> Stand:
    """Return somebody who granted these scopes at the sandbox's Microsoft."""
    asked = tuple(scopes)
    return Stand(*asked, token=world.microsoft(account, *asked)["access_token"])


def google_stand(world: World, account: str, scopes: Iterable[str]) -> Stand:
    """Return somebody who granted these scopes at the sandbox's Google."""
    asked = tuple(scopes)
    flow = world.flow("openid", "https://www.googleapis.com/auth/userinfo.email", *asked)
    url, _ = flow.authorization_url(nonce="a-nonce", prompt="consent")
    flow.fetch_token(code=world.browser.sign_in(url, account).answer["code"])
    return Stand(*asked, token=flow.credentials.token)


def sandboxed() -> World:
    """Return a world around a sandbox of its own."""
    clock = ManualClock()
    return World.around(make_sandbox(clock), clock)


def _api(adapter: BaseAdapter, manners: Any, pauses: Pauses | None) -> Api:  # noqa: ANN401  # reason: either provider's
    door = Door(adapter, monotonic=lambda: 0.0)
    return Api(door, manners, sleep=Pauses() if pauses is None else pauses, draw=bytes)
