"""What goes on to a provider and what comes back: one person's token, listed headers, bounded answers."""

import base64
import gzip
import io
from typing import Any

import pytest
import requests
import urllib3

from multi_user_oauth.connectors.proxy import Answer, Proxy
from multi_user_oauth.errors import MultiUserOAuthError, ProviderUnavailableError
from multi_user_oauth.errors.connector import (
    OutcomeUnknownError,
    ProviderAnswerRefusedError,
    ProviderRejectedError,
    ProviderThrottledError,
)
from multi_user_oauth.model.proxy_target import METHODS, ProxyCall, ProxyTarget
from multi_user_oauth.net.door import LARGEST, Door
from multi_user_oauth.net.http_answer import NotReachedError
from multi_user_oauth.net.pinned import PinnedAdapter
from tests.support.addresses import DISGUISED, INSIDE, connections
from tests.unit.connectors.acting import Said, Scripted, Stand
from tests.unit.providers.wire import Wire
from tests.unit.providers.wire import answer as spoken

__all__ = ["connections"]
GRAPH = "graph.microsoft.com"
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'


class Anything(Stand):
    """Somebody whose whole token is asked for: no scope is looked at."""

    def has(self, *needs: str) -> bool:
        """Return whether nothing was asked for."""
        return needs == ()


def call(
    method: str = "GET",
    text: str = f"{GRAPH}/v1.0/me/messages",
    **fields: Any,  # noqa: ANN401  # reason: those of ProxyCall
) -> ProxyCall:
    """Return a call that came in."""
    given = {"query": "", "headers": {}} | fields
    return ProxyCall(target=ProxyTarget.read(method, text), **given)


def passed(adapter: Scripted, asked: ProxyCall, person: Stand | None = None) -> Answer:
    """Pass it on."""
    return Proxy(Door(adapter, monotonic=lambda: 0.0)).passed(person or Anything(), asked)


def refused(adapter: Scripted, asked: ProxyCall) -> MultiUserOAuthError:
    """Return why it is not passed on, or what came back is not."""
    with pytest.raises(MultiUserOAuthError) as found:
        passed(adapter, asked)
    return found.value


def test_a_call_goes_on_as_it_came() -> None:
    """Path, query and body to the byte; the token is the person's."""
    adapter = Scripted(Said(status=201, body=b'{"id":"1"}', headers={"request-id": "r"}))
    asked = call(
        "POST",
        f"{GRAPH}/v1.0/me/drive/root:/M%c3%bcll%20(1).txt:/createLink",
        query="$select=id,name&a=1&a=2&x=%2f+y",
        headers={"Content-Type": "application/json", "Prefer": "respond-async"},
        body=b'{"type": "view"}',
    )
    answer = passed(adapter, asked)
    assert (answer.status, b"".join(answer.chunks())) == (201, b'{"id":"1"}')
    sent = adapter.seen[0]
    assert sent.url == (
        f"https://{GRAPH}/v1.0/me/drive/root:/M%c3%bcll%20(1).txt:/createLink"
        "?$select=id,name&a=1&a=2&x=%2f+y"
    )
    assert (sent.method, sent.body) == ("POST", b'{"type": "view"}')
    assert sent.headers["Authorization"] == "Bearer token-1"
    assert sent.headers["Prefer"] == "respond-async"


OURS = {
    "Authorization": "Bearer another",
    "Cookie": "__Host-session=x",
    "Host": "evil.example",
    "Connection": "X-Secret",
    "Keep-Alive": "1",
    "Proxy-Authorization": "Basic x",
    "TE": "trailers",
    "Transfer-Encoding": "chunked",
    "Upgrade": "h2c",
    "Content-Length": "3",
    "Expect": "100-continue",
    "Forwarded": "for=1.2.3.4",
    "X-Forwarded-For": "1.2.3.4",
    "X-Forwarded-Host": "evil.example",
    "X-Real-IP": "1.2.3.4",
    "X-HTTP-Method-Override": "DELETE",
    "X-AnchorMailbox": "john@company.com",
    "X-Goog-Iam-Authority-Selector": "x",
    "X-Goog-User-Project": "theirs",
    "X-Goog-Api-Key": "x",
    "Idempotency-Key": "k",
    "Accept-Encoding": "gzip",
    "Origin": "https://evil.example",
    "Referer": "https://evil.example",
    "User-Agent": "x",
    "Traceparent": "00-1-1-01",
}


def test_nothing_of_the_callers_goes_on_but_what_is_listed() -> None:
    """No credential, cookie or address of the caller's, and no way around a rule."""
    listed = {
        "Accept": "application/json",
        "accept-language": "de",
        "ConsistencyLevel": "eventual",
        "If-Match": '"1"',
        "Range": "bytes=0-1",
        "X-Upload-Content-Length": "5",
    }
    adapter = Scripted(Said())
    passed(adapter, call(headers=OURS | listed))
    sent = dict(adapter.seen[0].headers)
    assert sent == listed | {
        "Accept-Encoding": "identity",
        "User-Agent": "multi-user-oauth",
        "Authorization": "Bearer token-1",
    }


def test_nothing_of_the_providers_comes_back_but_what_is_listed() -> None:
    """No cookie, no challenge, no address, nothing of the connection."""
    kept = {
        "Content-Type": "application/json",
        "Retry-After": "5",
        "request-id": "1",
        "Content-Range": "bytes 0-1/2",
    }
    dropped = {
        "Set-Cookie": "x=1",
        "WWW-Authenticate": "Bearer",
        "Location": "https://secret",
        "ETag": '"1"',
        "Connection": "close",
        "Transfer-Encoding": "chunked",
        "Access-Control-Allow-Origin": "*",
        "Content-Security-Policy": "default-src *",
        "Strict-Transport-Security": "max-age=0",
        "Cache-Control": "public",
        "X-Problem-Code": "x",
        "Link": "<https://x>",
        "Content-Location": "https://x",
        "Alt-Svc": "h3",
    }
    adapter = Scripted(Said(headers=kept | dropped))
    assert dict(passed(adapter, call()).headers) == kept


@pytest.mark.parametrize(
    ("content_type", "back", "is_shown"),
    [
        ("application/json; charset=utf-8", "application/json; charset=utf-8", True),
        ("text/plain", "text/plain", True),
        ("text/html", "text/html", False),
        ("Text/HTML; charset=utf-8", "Text/HTML; charset=utf-8", False),
        ("image/svg+xml", "image/svg+xml", False),
        ("application/xhtml+xml", "application/xhtml+xml", False),
        ("application/problem+json", "application/json", True),
        (None, "application/octet-stream", False),
    ],
)
def test_what_acts_in_a_browser_is_no_page_of_ours(
    content_type: str | None, back: str, is_shown: bool
) -> None:
    """It is kept as a file. And problems are ours alone."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = passed(Scripted(Said(headers=headers)), call())
    assert answer.headers["Content-Type"] == back
    assert ("Content-Disposition" in answer.headers) is not is_shown


@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 416, 423, 500, 502, 504, 507, 304])
def test_a_refusal_of_the_providers_comes_back_as_it_is(status: int) -> None:
    """With its own status and body: nobody here knows better."""
    answer = passed(Scripted(Said(status=status, body={"error": {"code": "x"}})), call("POST"))
    assert answer.status == status
    assert b"".join(answer.chunks()) == b'{"error": {"code": "x"}}'


@pytest.mark.parametrize("method", METHODS)
def test_a_refused_token_is_changed_for_another_once(method: str) -> None:
    """N89: With the claims that the API asks for; a body is in hand and goes again."""
    header = f'Bearer claims="{base64.b64encode(CLAIMS.encode()).decode()}"'
    adapter = Scripted(Said(status=401, headers={"WWW-Authenticate": header}), Said())
    person = Anything()
    assert passed(adapter, call(method, body=b"body"), person).status == 200
    assert adapter.bearers == ["Bearer token-1", "Bearer token-2"]
    assert [each.body for each in adapter.seen] == [b"body", b"body"]
    assert person.challenges == [CLAIMS]


def test_a_fresh_token_that_is_refused_too_is_an_error() -> None:
    """N89: No loop; and the provider's challenge does not reach the caller as ours."""
    adapter = Scripted(Said(status=401))
    error = refused(adapter, call())
    assert isinstance(error, ProviderRejectedError)
    assert error.reason == "token_refused"
    assert len(adapter.seen) == 2


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", METHODS)
def test_who_is_throttled_is_told_so(status: int, method: str) -> None:
    """Nothing is repeated: the caller knows what it is worth."""
    adapter = Scripted(Said(status=status, headers={"Retry-After": "17"}))
    error = refused(adapter, call(method))
    assert isinstance(error, ProviderThrottledError)
    assert error.retry_after == 17
    assert len(adapter.seen) == 1


LOST: list[Said | Exception] = [
    requests.ConnectionError("reset"),
    requests.ReadTimeout(),
    Said(status=503),
]


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("method", METHODS)
def test_what_may_have_been_done_is_said_to_be(method: str, lost: Said | Exception) -> None:
    """N70: One request; who would do it a second time is not told to try again."""
    adapter = Scripted(lost)
    error = refused(adapter, call(method))
    assert len(adapter.seen) == 1
    if method in {"POST", "PATCH"}:
        assert isinstance(error, OutcomeUnknownError)
    else:
        assert isinstance(error, ProviderUnavailableError | ProviderThrottledError)


def test_who_was_not_reached_did_nothing() -> None:
    """It may be tried again, whatever it is."""
    pool = urllib3.HTTPSConnectionPool(GRAPH)
    never = urllib3.exceptions.NewConnectionError(pool, "x")  # type: ignore[arg-type]  # reason: only its class is looked at
    lost = requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/", never))
    assert isinstance(refused(Scripted(lost), call("POST")), NotReachedError)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308, 101, 103, 600])
@pytest.mark.parametrize("host", ["evil.example", "company.sharepoint.com", GRAPH])
def test_a_redirect_is_neither_followed_nor_told(status: int, host: str) -> None:
    """N72: One request; where it leads may be a right to go there, and the token goes nowhere."""
    adapter = Scripted(Said(status=status, headers={"Location": f"https://{host}/?tempauth=x"}))
    error = refused(adapter, call())
    assert isinstance(error, ProviderAnswerRefusedError)
    assert "tempauth" not in str(error)
    assert adapter.urls == [f"https://{GRAPH}/v1.0/me/messages"]


def test_too_large_an_answer_is_refused_before_any_of_it_goes_on() -> None:
    """N73: Where it says how large it is; where it does not, it breaks off after 8 MiB."""
    announced = Scripted(Said(headers={"Content-Length": str(LARGEST + 1)}))
    assert isinstance(refused(announced, call()), ProviderAnswerRefusedError)
    for size, ends in ((LARGEST, True), (LARGEST + 1, False)):
        answer = passed(Scripted(Said(body=bytes(size))), call())
        came = 0
        try:
            for chunk in answer.chunks():
                came += len(chunk)
                assert len(chunk) <= 64 * 1024
        except ProviderUnavailableError:
            assert not ends
        assert came == LARGEST


def test_whoever_goes_away_gives_the_connection_back() -> None:
    """Nothing more is read then."""
    body = io.BytesIO(bytes(10))
    door = Door(Wire(spoken(raw=body)), monotonic=lambda: 0.0)
    Proxy(door).passed(Anything(), call()).close()
    assert body.closed


def test_an_answer_in_a_coding_is_refused() -> None:
    """N73: A small one could be a large one."""
    packed = Said(body=gzip.compress(bytes(2**20)), headers={"Content-Encoding": "gzip"})
    assert isinstance(refused(Scripted(packed), call()), ProviderAnswerRefusedError)


@pytest.mark.parametrize("host", [host for host in (*INSIDE, *DISGUISED) if host])
def test_nothing_is_sent_to_another_host(host: str, connections: list[object]) -> None:
    """N71: Even if every rule had let it pass; and no name is looked up for it."""
    looked_up: list[str] = []

    def resolve(name: str, _: int) -> list[str]:
        looked_up.append(name)
        return ["20.190.128.1"]

    door = Door(PinnedAdapter(pool_maxsize=1, resolve=resolve), monotonic=lambda: 0.0)
    target = ProxyTarget(method="GET", host=host, path="/v1.0/me", segments=("v1.0", "me"))
    asked = ProxyCall(target=target, query="", headers={})
    with pytest.raises(ProviderAnswerRefusedError):
        Proxy(door).passed(Anything(), asked)
    assert looked_up == []
    assert connections == []
