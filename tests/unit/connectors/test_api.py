"""What every call of a provider's API keeps to: one fresh token, bounded patience, nothing sent twice."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
import requests
import urllib3

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.call import Call, json_call
from multi_user_oauth.errors import InsufficientScopeError, ProviderUnavailableError
from multi_user_oauth.errors.connector import (
    ItemNotFoundError,
    OutcomeUnknownError,
    ProviderAnswerRefusedError,
    ProviderRejectedError,
    ProviderThrottledError,
)
from multi_user_oauth.net.hosts import Hosts
from multi_user_oauth.net.http_answer import NotReachedError
from tests.unit.connectors.acting import Pauses, Said, Scripted, Stand, google, graph

GRAPH = "https://graph.microsoft.com/v1.0/me/events"
GOOGLE = "https://www.googleapis.com/calendar/v3/calendars/primary/events"
SCOPE = "Calendars.Read"
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'
CHALLENGE = base64.b64encode(CLAIMS.encode()).decode()

Make = Callable[..., Api]


def read(url: str = GRAPH, **more: Any) -> Call:  # noqa: ANN401  # reason: the fields of Call
    """Return a call that changes nothing."""
    return Call(method="GET", url=url, needs=(SCOPE,), **more)


def send(url: str = GRAPH) -> Call:
    """Return a call that must not happen twice."""
    return json_call("POST", url, {"subject": "Planning"}, needs=(SCOPE,), sends=True)


def refusal(status: int, code: str, **headers: str) -> Said:
    """Return an error as Graph writes it."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status=status, body={"error": {"code": code, "message": "x"}}, headers=told)


def google_refusal(status: int, reason: str, **headers: str) -> Said:
    """Return an error as Google writes it."""
    errors = [{"domain": "usageLimits", "reason": reason, "message": "x"}]
    error = {"code": status, "message": "x", "errors": errors, "status": "PERMISSION_DENIED"}
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status=status, body={"error": error}, headers=told)


def challenge() -> Said:
    """Return what Continuous Access Evaluation answers."""
    header = f'Bearer realm="", error="insufficient_claims", claims="{CHALLENGE}"'
    return refusal(401, "InvalidAuthenticationToken", WWW_Authenticate=header)


UNAUTHORISED = refusal(401, "InvalidAuthenticationToken")


def test_a_refused_token_is_changed_for_another_once() -> None:
    """The second request goes with the new one, and is the last."""
    adapter, person = Scripted(UNAUTHORISED, Said(body={"value": []})), Stand(SCOPE)
    assert graph(adapter).json(person, read()) == {"value": []}
    assert adapter.bearers == ["Bearer token-1", "Bearer token-2"]
    assert person.challenges == [None]


@pytest.mark.parametrize("call", [read(), send()], ids=["read", "send"])
def test_a_fresh_token_that_is_refused_too_is_an_error(call: Call) -> None:
    """N89: one renewal, two requests, and no loop; nothing was done, so it is no unknown outcome."""
    adapter, person = Scripted(UNAUTHORISED), Stand(SCOPE)
    with pytest.raises(ProviderRejectedError) as refused:
        graph(adapter).json(person, call)
    assert refused.value.reason == "token_refused"
    assert len(adapter.seen) == 2
    assert person.challenges == [None]


def test_a_claims_challenge_is_passed_on_as_it_came() -> None:
    """N89: as JSON, out of `WWW-Authenticate`."""
    adapter, person = Scripted(challenge(), Said()), Stand(SCOPE)
    graph(adapter).json(person, read())
    assert person.challenges == [CLAIMS]


def test_a_second_claims_challenge_is_not_passed_on() -> None:
    """N89: claims go to the provider once for each call."""
    adapter, person = Scripted(challenge()), Stand(SCOPE)
    with pytest.raises(ProviderRejectedError):
        graph(adapter).json(person, read())
    assert person.challenges == [CLAIMS]
    assert len(adapter.seen) == 2


def test_without_the_scope_nothing_is_sent() -> None:
    """The error names what would do."""
    adapter = Scripted(Said())
    with pytest.raises(InsufficientScopeError) as refused:
        graph(adapter).json(Stand("Mail.Read"), read())
    assert refused.value.scopes == (SCOPE,)
    assert adapter.seen == []


class Fading(Stand):
    """Somebody who is found to lack the scope only after the API said so."""

    def has(self, *needs: str) -> bool:
        """Have it until somebody asks for the second time."""
        granted, self.scopes = self.scopes, ()
        return bool(granted)


@pytest.mark.parametrize(
    ("make", "url", "said"),
    [
        (graph, GRAPH, refusal(403, "ErrorAccessDenied")),
        (graph, GRAPH, refusal(403, "Authorization_RequestDenied")),
        (google, GOOGLE, google_refusal(403, "insufficientPermissions")),
    ],
)
def test_a_scope_that_the_api_misses_is_a_matter_for_the_person(
    make: Make, url: str, said: Said
) -> None:
    """Only if it was not granted: else what is not allowed is the thing itself, whoever consents."""
    with pytest.raises(InsufficientScopeError):
        make(Scripted(said)).json(Fading(SCOPE), read(url))
    with pytest.raises(ProviderRejectedError):
        make(Scripted(said)).json(Stand(SCOPE), read(url))


THROTTLED = [
    (graph, GRAPH, refusal(429, "TooManyRequests", Retry_After="2")),
    (graph, GRAPH, refusal(503, "serviceNotAvailable", Retry_After="2")),
    (google, GOOGLE, google_refusal(429, "rateLimitExceeded", Retry_After="2")),
    (google, GOOGLE, google_refusal(403, "userRateLimitExceeded", Retry_After="2")),
    (google, GOOGLE, google_refusal(503, "backendError", Retry_After="2")),
]


@pytest.mark.parametrize(("make", "url", "said"), THROTTLED)
@pytest.mark.parametrize("call", [read, send])
def test_who_is_throttled_waits_as_told_and_comes_back(
    make: Make, url: str, said: Said, call: Callable[[str], Call]
) -> None:
    """Nothing was done: what sends may come back too."""
    adapter, pauses = Scripted(said, said, Said(body={"id": "1"})), Pauses()
    assert make(adapter, pauses).json(Stand(SCOPE), call(url)) == {"id": "1"}
    assert len(adapter.seen) == 3
    assert pauses == [2.0, 2.0]


@pytest.mark.parametrize(("make", "url", "said"), THROTTLED)
def test_patience_ends_after_three_tries(make: Make, url: str, said: Said) -> None:
    """The caller is told when to come back."""
    adapter, pauses = Scripted(said), Pauses()
    with pytest.raises(ProviderThrottledError) as throttled:
        make(adapter, pauses).json(Stand(SCOPE), read(url))
    assert throttled.value.retry_after == 2
    assert len(adapter.seen) == 3
    assert pauses == [2.0, 2.0]


def test_who_is_told_nothing_waits_longer_each_time() -> None:
    """From one second on, twice as long."""
    adapter, pauses = Scripted(refusal(429, "TooManyRequests")), Pauses()
    with pytest.raises(ProviderThrottledError):
        graph(adapter, pauses).json(Stand(SCOPE), read())
    assert pauses == [1.0, 2.0]


@pytest.mark.parametrize(("told", "tries"), [("5", 2), ("9", 1), ("86400", 1)])
def test_a_call_never_sleeps_for_more_than_eight_seconds(told: str, tries: int) -> None:
    """What asks for more is passed on, at most an hour of it."""
    adapter, pauses = Scripted(refusal(429, "TooManyRequests", Retry_After=told)), Pauses()
    with pytest.raises(ProviderThrottledError) as throttled:
        graph(adapter, pauses).json(Stand(SCOPE), read())
    assert len(adapter.seen) == tries
    assert sum(pauses) <= 8
    assert throttled.value.retry_after == min(int(told), 3600)


def test_a_new_token_is_no_new_patience() -> None:
    """Throttled, refused, throttled: three tries and one renewal in all."""
    busy = refusal(429, "TooManyRequests")
    adapter, person = Scripted(busy, UNAUTHORISED, busy, busy, Said()), Stand(SCOPE)
    with pytest.raises(ProviderThrottledError):
        graph(adapter).json(person, read())
    assert len(adapter.seen) == 4
    assert person.challenges == [None]


def never_reached() -> Exception:
    """Return what `requests` raises if there is no connection."""
    pool = urllib3.HTTPSConnectionPool("graph.microsoft.com")
    refused = urllib3.exceptions.NewConnectionError(pool, "refused")  # type: ignore[arg-type]  # reason: any object will do
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/", refused))


LOST = [
    refusal(500, "generalException"),
    refusal(502, "badGateway"),
    refusal(503, "serviceNotAvailable"),
    refusal(504, "timeout"),
    refusal(504, "timeout", Retry_After="1"),
    Said(status=502, body=b"<html>Bad Gateway</html>"),
    requests.ConnectionError("reset"),
    requests.ReadTimeout("slow"),
]


@pytest.mark.parametrize("lost", LOST)
def test_what_may_have_been_done_is_not_sent_again(lost: Said | Exception) -> None:
    """N67, N70: one request, and the caller learns that nobody knows."""
    adapter, pauses = Scripted(lost), Pauses()
    with pytest.raises(OutcomeUnknownError):
        graph(adapter, pauses).json(Stand(SCOPE), send())
    assert (len(adapter.seen), pauses) == (1, [])


@pytest.mark.parametrize("lost", LOST)
def test_a_provider_that_fails_is_unavailable(lost: Said | Exception) -> None:
    """What changes nothing is not repeated either: the caller waits better than we."""
    adapter = Scripted(lost)
    with pytest.raises(ProviderUnavailableError):
        graph(adapter).json(Stand(SCOPE), read())
    assert len(adapter.seen) == 1


def test_who_was_not_reached_did_nothing() -> None:
    """No connection, nothing sent: a later call may send."""
    with pytest.raises(NotReachedError):
        graph(Scripted(never_reached())).json(Stand(SCOPE), send())


def test_an_accepted_call_is_not_sent_again_whatever_its_headers_say() -> None:
    """N68: 202 with `Retry-After` is a success."""
    adapter = Scripted(Said(status=202, body=b"", headers={"Retry-After": "5"}))
    assert graph(adapter).whole(Stand(SCOPE), send()).status == 202
    assert len(adapter.seen) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"sent"', b"[" * 100_000])
def test_an_answer_that_is_no_json_object_is_no_answer(body: bytes) -> None:
    """After something was sent, it is an unknown outcome."""
    with pytest.raises(OutcomeUnknownError):
        graph(Scripted(Said(body=body))).json(Stand(SCOPE), send())
    with pytest.raises(ProviderUnavailableError):
        graph(Scripted(Said(body=body))).json(Stand(SCOPE), read())


def test_a_refusal_that_is_no_json_says_what_its_status_says() -> None:
    """A proxy on the way may write anything."""
    with pytest.raises(ItemNotFoundError):
        graph(Scripted(Said(status=404, body=b"<html>"))).json(Stand(SCOPE), read())


def test_a_redirect_is_not_followed() -> None:
    """Where none is documented; nor does the token go along where one is."""
    elsewhere = {"Location": "https://evil.example/?x=1"}
    adapter = Scripted(Said(status=302, headers=elsewhere))
    with pytest.raises(ProviderAnswerRefusedError):
        graph(adapter).json(Stand(SCOPE), read())
    for hosts in (None, Hosts((".sharepoint.com",))):
        with pytest.raises(ProviderAnswerRefusedError):
            graph(adapter).opened(Stand(SCOPE), read(), elsewhere=hosts, most=100)
    assert adapter.urls == [GRAPH] * 3


def test_a_documented_redirect_is_followed_without_the_token() -> None:
    """Once, with the headers of the call and no other."""
    place = "https://company.sharepoint.com/download?tempauth=x"
    moved = Said(status=302, headers={"Location": place})
    adapter = Scripted(moved, Said(status=206, body=b"bytes"), moved)
    hosts = Hosts((".sharepoint.com",))
    call = read(headers={"Range": "bytes=0-4"})
    answer = graph(adapter).opened(Stand(SCOPE), call, elsewhere=hosts, most=100)
    assert b"".join(answer.chunks()) == b"bytes"
    assert adapter.urls == [GRAPH, place]
    assert adapter.bearers == ["Bearer token-1", ""]
    assert adapter.seen[1].headers["Range"] == "bytes=0-4"
    with pytest.raises(ProviderAnswerRefusedError):  # and it leads nowhere else
        graph(adapter).opened(Stand(SCOPE), call, elsewhere=hosts, most=100)


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.microsoft.com/v1.0/me",
        "https://graph.microsoft.com.evil.example/v1.0/me",
        "https://graph.microsoft.com:8443/v1.0/me",
        "https://sarah@graph.microsoft.com/v1.0/me",
        "https://www.googleapis.com/calendar/v3/calendars/primary/events",
        "https://169.254.169.254/computeMetadata/v1/",
    ],
)
def test_a_token_goes_to_its_own_providers_api_alone(url: str) -> None:
    """N73: refused before anything is sent."""
    adapter = Scripted(Said())
    with pytest.raises(ProviderAnswerRefusedError):
        graph(adapter).json(Stand(SCOPE), read(url))
    assert adapter.seen == []


def test_what_a_caller_said_stays_one_value_of_the_query() -> None:
    """Percent-encoded, whatever it is."""
    adapter = Scripted(Said())
    graph(adapter).json(Stand(SCOPE), read(query=(("$filter", "a&b=c #?+ü"), ("$top", "1"))))
    assert adapter.urls == [f"{GRAPH}?%24filter=a%26b%3Dc%20%23%3F%2B%C3%BC&%24top=1"]


def test_an_answer_in_a_coding_is_refused() -> None:
    """N73: none was asked for, and it could grow without bound."""
    adapter = Scripted(Said(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(ProviderAnswerRefusedError):
        graph(adapter).json(Stand(SCOPE), read())
    assert adapter.seen[0].headers["Accept-Encoding"] == "identity"
    with pytest.raises(OutcomeUnknownError):  # what it answers may have happened
        graph(adapter).json(Stand(SCOPE), send())


def test_an_endless_answer_is_cut_off() -> None:
    """N73: 8 MiB are read, not more."""
    adapter = Scripted(Said(body=b" " * (8 * 1024 * 1024 + 1)))
    with pytest.raises(ProviderUnavailableError):
        graph(adapter).json(Stand(SCOPE), read())


def test_no_error_says_what_the_provider_said_or_was_sent() -> None:
    """Neither token nor address nor message stands in an error's text."""
    said = Said(status=400, body={"error": {"code": "BadRequest", "message": "private words"}})
    with pytest.raises(ProviderRejectedError) as refused:
        graph(Scripted(said)).json(Stand(SCOPE), read(query=(("q", "private words"),)))
    assert refused.value.reason == "BadRequest"
    assert "private" not in str(refused.value)
    assert "token-1" not in repr(refused.value)
