"""An API that answers as it was told to, and keeps what it was asked."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from multi_user_oauth.client import Connectors, Vault
from tests.support.clock import START, ManualClock

ORIGIN: Final = "https://connect.company.com"
TOKEN: Final = "the-agents-own-token"
WHOSE: Final = ("microsoft_teams", "sarah@company.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """Its body."""
        document: dict[str, Any] = json.loads(self.body)
        return document


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes back; `breaks_after` so many bytes the connection is gone."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    breaks_after: int | None = None


Reply = Callable[[Asked], Answer]


class Dropped(Exception):  # noqa: N818  # reason: what happened, not a fault of ours
    """The connection broke before an answer came."""


class _Body(io.BytesIO):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self._ends = answer.breaks_after

    def read(self, size: int | None = -1) -> bytes:
        if self._ends is None:
            return super().read(size)
        left = self._ends - self.tell()
        if left <= 0:
            raise ProtocolError("the connection is gone")
        return super().read(left if size is None or size < 0 else min(size, left))


class FakeApi(HTTPAdapter):
    """Give it replies, one for each request; the last goes on for ever."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__()
        self._replies = list(replies)
        self.asked: list[Asked] = []
        self.slept: list[float] = []
        self.clock = ManualClock()
        self.session = requests.Session()
        self.session.mount("https://", self)

    def connectors(self) -> Connectors:
        """Return the client under test; it waits in no real time."""
        return Connectors(ORIGIN, lambda _: TOKEN, session=self.session, sleep=self.slept.append)

    def send(
        self, request: requests.PreparedRequest, *_: object, **__: object
    ) -> requests.Response:
        """Answer, or break."""
        url = urlsplit(str(request.url))
        body: Any = request.body or b""  # what is sent piece by piece is a file
        sent: str | bytes = body.read() if isinstance(body, io.BytesIO) else body
        asked = Asked(
            method=str(request.method),
            path=url.path,
            query=dict(parse_qsl(url.query)),
            headers=dict(request.headers),
            body=sent if isinstance(sent, bytes) else sent.encode(),
        )
        self.asked.append(asked)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        try:
            answer = reply(asked)
        except Dropped:
            raise requests.ConnectionError from None
        headers = {"Content-Type": "application/json", "Content-Length": str(len(answer.body))}
        raw = HTTPResponse(
            body=_Body(answer),
            headers=headers | dict(answer.headers),
            status=answer.status,
            preload_content=False,
        )
        return self.build_response(request, raw)

    def vault(self) -> Vault:
        """Return the client that is given tokens; its time is `clock`."""
        return Vault(
            ORIGIN,
            lambda _: TOKEN,
            session=self.session,
            sleep=self.slept.append,
            now=self.clock,
        )


def gives(value: str, seconds: int = 3599, *scopes: str) -> Reply:
    """Answer with a token that lives so long, counted from the beginning of the clock."""
    return says(
        {
            "access_token": value,
            "token_type": "Bearer",
            "expires_at": (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z"),
            "scopes": list(scopes),
            "missing_scopes": ["Files.Read"],
        }
    )


def says(document: object, status: int = 200, **headers: str) -> Reply:
    """Answer with this JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Answer(status=status, body=json.dumps(document).encode(), headers=named)


def refuses(code: str, status: int, retry_after: int | None = None, **more: str) -> Reply:
    """Answer with a problem."""
    body = {"code": code, "status": status, "detail": "Why not.", **more}
    headers = {"Content-Type": "application/problem+json"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return lambda _: Answer(status=status, body=json.dumps(body).encode(), headers=headers)


def drops(_: Asked) -> Answer:
    """Break off before an answer comes."""
    raise Dropped


def jwt(ends: int) -> str:
    """Return a token that says when it ends."""
    claims = base64.urlsafe_b64encode(json.dumps({"exp": ends}).encode()).decode().rstrip("=")
    return f"head.{claims}.signature"
