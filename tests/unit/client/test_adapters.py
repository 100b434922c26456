"""What libraries are given: this person's token, for the right place, and another one if need be."""

import asyncio
import base64
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import requests
from azure.core.credentials import SupportsTokenInfo, TokenCredential
from azure.core.credentials_async import AsyncSupportsTokenInfo, AsyncTokenCredential
from google.auth.credentials import Credentials

from multi_user_oauth.client import ApiError, ReauthorizationRequiredError
from multi_user_oauth.client.azure import AsyncUserCredential, UserCredential
from multi_user_oauth.client.google import UserCredentials
from multi_user_oauth.client.httpx_auth import UserAuth as HttpxAuth
from multi_user_oauth.client.requests_auth import UserAuth as RequestsAuth
from multi_user_oauth.errors import ConfigurationError
from tests.support.clock import START

from .fake_api import WHOSE, Answer, Asked, FakeApi, gives, refuses

GRAPH = "https://graph.microsoft.com"
ALL = f"{GRAPH}/.default"
CLAIMS = base64.b64encode(
    json.dumps({"access_token": {"nbf": {"essential": True}}}).encode()
).decode()
CHALLENGE = f'Bearer realm="", error="insufficient_claims", claims="{CLAIMS}"'
ENDS = int((START + timedelta(seconds=3599)).timestamp())


class Provider:
    """An API that knows one token, and keeps what each request brought."""

    def __init__(self, good: str, challenge: str = "Bearer") -> None:
        self.good, self.challenge = good, challenge
        self.seen: list[tuple[str, str | None, bytes]] = []

    def status(self, url: str, bearer: str | None, body: bytes) -> int:
        """Answer as an API does; whoever comes to /elsewhere is sent to another host."""
        self.seen.append((url, bearer, body))
        if url.endswith("/elsewhere"):
            return 307
        return 200 if bearer == f"Bearer {self.good}" else 401

    @property
    def bearers(self) -> list[str | None]:
        """What was sent as proof."""
        return [bearer for _, bearer, _ in self.seen]


def by_requests(api: FakeApi, provider: Provider) -> Callable[..., int]:
    """Call the provider with requests; return the status."""

    def answers(asked: Asked) -> Answer:
        status = provider.status(GRAPH + asked.path, asked.headers.get("Authorization"), asked.body)
        headers = {"WWW-Authenticate": provider.challenge, "Location": "https://other.example/"}
        return Answer(status=status, headers=headers)

    def call(path: str = "/me", data: object = None) -> int:
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", FakeApi(answers))
            session.auth = RequestsAuth(api.vault(), *WHOSE)
            url = path if "://" in path else GRAPH + path
            return session.post(url, data=data, timeout=5).status_code  # type: ignore[arg-type]  # reason: any body

    return call


def _httpx_answers(provider: Provider) -> Callable[[httpx.Request], httpx.Response]:
    def answers(request: httpx.Request) -> httpx.Response:
        bearer = request.headers.get("Authorization")
        status = provider.status(str(request.url), bearer, request.content)
        headers = {"WWW-Authenticate": provider.challenge, "Location": "https://other.example/"}
        return httpx.Response(status, headers=headers)

    return answers


def by_httpx(api: FakeApi, provider: Provider) -> Callable[..., int]:
    """Call it with httpx."""

    def call(path: str = "/me", data: object = None) -> int:
        transport = httpx.MockTransport(_httpx_answers(provider))
        auth = HttpxAuth(api.vault(), *WHOSE)
        with httpx.Client(transport=transport, auth=auth, follow_redirects=True) as client:
            url = path if "://" in path else GRAPH + path
            return client.post(url, content=data).status_code  # type: ignore[arg-type]  # reason: any body

    return call


def by_httpx_awaited(api: FakeApi, provider: Provider) -> Callable[..., int]:
    """Call it with httpx in a loop."""

    async def call(path: str = "/me", data: object = None) -> int:
        transport = httpx.MockTransport(_httpx_answers(provider))
        auth = HttpxAuth(api.vault(), *WHOSE)
        async with httpx.AsyncClient(
            transport=transport, auth=auth, follow_redirects=True
        ) as client:
            url = path if "://" in path else GRAPH + path
            return (await client.post(url, content=data)).status_code  # type: ignore[arg-type]  # reason: any body

    return lambda *args: asyncio.run(call(*args))


EACH = pytest.mark.parametrize("caller", [by_requests, by_httpx, by_httpx_awaited])
Caller = Callable[[FakeApi, Provider], Callable[..., int]]


@EACH
def test_what_is_refused_goes_once_more_with_another_token(caller: Caller) -> None:
    """With its body; the challenge, if there is one, goes to the API."""
    api, provider = FakeApi(gives("old"), gives("new")), Provider("new", CHALLENGE)
    assert caller(api, provider)("/me", b"body") == 200
    assert provider.bearers == ["Bearer old", "Bearer new"]
    assert [body for _, _, body in provider.seen] == [b"body", b"body"]
    assert api.asked[1].query["claims"] == CLAIMS


@EACH
def test_what_is_refused_twice_is_refused(caller: Caller) -> None:
    """It is the caller's to see."""
    api, provider = FakeApi(gives("old"), gives("new")), Provider("none")
    assert caller(api, provider)() == 401
    assert provider.bearers == ["Bearer old", "Bearer new"]
    assert api.asked[1].query["force_refresh"] == "true"


@EACH
def test_a_redirect_takes_the_token_to_no_other_host(caller: Caller) -> None:
    """Not even when that one answers 401."""
    api, provider = FakeApi(gives("old")), Provider("none")
    assert caller(api, provider)("/elsewhere") == 401
    assert provider.bearers == ["Bearer old", None]
    assert len(api.asked) == 1


@EACH
def test_a_token_goes_over_https_only(caller: Caller) -> None:
    """The API is not even asked for one."""
    api = FakeApi(gives("token"))
    with pytest.raises(ConfigurationError, match="https"):
        caller(api, Provider("token"))("http://graph.microsoft.com/me")
    assert api.asked == []


@EACH
def test_a_refusal_of_the_api_is_the_calls_own(caller: Caller) -> None:
    """With where the person connects."""
    gone = refuses("not_connected", 404, reauthorize_url="https://connect.company.com/connect")
    with pytest.raises(ReauthorizationRequiredError):
        caller(FakeApi(gone), Provider("token"))()


class Consuming(httpx.BaseTransport):
    """Reads a body as a connection does: once."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Refuse it."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        assert b"".join(request.stream) == b"piece"
        return httpx.Response(401)


def test_a_body_that_was_read_is_not_sent_again() -> None:
    """The 401 is the answer."""
    api = FakeApi(gives("old"), gives("new"))
    assert by_requests(api, Provider("new"))("/me", io.BytesIO(b"file")) == 401
    with httpx.Client(transport=Consuming(), auth=HttpxAuth(api.vault(), *WHOSE)) as client:
        assert client.post(f"{GRAPH}/me", content=iter([b"piece"])).status_code == 401
    assert [asked.query.get("force_refresh") for asked in api.asked] == [None, None]


def test_googles_credentials_hold_a_token_and_its_end() -> None:
    """No refresh token; of more than the five minutes within which Google's libraries ask anew."""
    api = FakeApi(gives("first"))
    credentials = UserCredentials(api.vault(), *WHOSE, purpose="report", scopes=["a"])
    assert isinstance(credentials, Credentials)
    with pytest.raises(ApiError, match="unreadable"):
        UserCredentials(FakeApi(lambda _: Answer()).vault(), *WHOSE).refresh(None)
    credentials.refresh(None)
    assert credentials.token == "first"
    assert credentials.expiry == (START + timedelta(seconds=3599)).replace(tzinfo=None)
    assert not hasattr(credentials, "refresh_token")
    assert api.asked[0].query == {"min_ttl": "360", "purpose": "report", "scopes": "a"}


def test_googles_credentials_change_a_token_only_if_it_was_refused() -> None:
    """Before its end by the real clock, which is theirs; at its end they just ask."""
    far = datetime(2100, 1, 1, tzinfo=UTC) - START
    api = FakeApi(gives("old"), gives("new", int(far.total_seconds())), gives("newer"))
    credentials = UserCredentials(api.vault(), *WHOSE)
    credentials.refresh(None)
    api.clock.advance(3599)
    credentials.refresh(None)
    assert "force_refresh" not in api.asked[-1].query
    credentials.refresh(None)
    assert (credentials.token, api.asked[-1].query["force_refresh"]) == ("newer", "true")


def test_azures_credentials_are_what_azure_core_asks_for() -> None:
    """In both shapes; scopes are those of Graph, claims go on, all else is left alone."""
    api = FakeApi(gives("first", 3599, "Mail.Read"), gives("second"))
    credential = UserCredential(api.vault(), *WHOSE, purpose="report")
    assert isinstance(credential, TokenCredential)
    assert isinstance(credential, SupportsTokenInfo)
    assert credential.get_token(ALL, tenant_id="x", enable_cae=True) == ("first", ENDS)
    with credential as same:
        info = same.get_token_info(f"{GRAPH}/Mail.Read", "Mail.Read", options={"enable_cae": True})
    assert (info.token, info.expires_on, info.token_type) == ("first", ENDS, "Bearer")
    assert credential.get_token_info(ALL, options={"claims": "{}"}).token == "second"
    assert [asked.query.get("claims") for asked in api.asked] == [None, "{}"]
    assert api.asked[0].query == {"min_ttl": "360", "purpose": "report"}


def test_azures_credentials_can_be_awaited() -> None:
    """The same, for asyncio."""
    api = FakeApi(gives("first"))

    async def work() -> tuple[str, str]:
        async with AsyncUserCredential(api.vault(), *WHOSE) as credential:
            assert isinstance(credential, AsyncTokenCredential)
            assert isinstance(credential, AsyncSupportsTokenInfo)
            token = await credential.get_token(ALL)
            return token.token, (await credential.get_token_info(ALL)).token

    assert asyncio.run(work()) == ("first", "first")


@pytest.mark.parametrize(
    "scope",
    ["https://vault.azure.net/.default", "https://graph.microsoft.com.evil.example/.default",
     "https://graph.microsoft.com/x/.default", "https://company.sharepoint.com/Sites.Read.All"],
)  # fmt: skip
def test_graphs_token_is_given_to_no_other_api(scope: str) -> None:
    """It would be sent there."""
    api = FakeApi(gives("token"))
    with pytest.raises(ConfigurationError, match="alone"):
        UserCredential(api.vault(), *WHOSE).get_token(scope)
    assert api.asked == []
