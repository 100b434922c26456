"""An API that refuses, through the functions: one new token, the right question, bounded patience."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import SARAH
from tests.functions.test_forced_refresh import challenges
from tests.support.connectors import CONNECTORS, GOOGLE_SCOPES, connected, wide
from tests.support.functions import GOOGLE, MICROSOFT, Installation, code, identity
from tests.support.installation import ORIGIN

BOTH = pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
CLAIMS = '{"access_token": {"nbf": {"essential": true, "value": "1700000000"}}}'
WINDOW = {"from": "2026-01-05T00:00:00Z", "to": "2026-01-12T00:00:00Z"}
APIS = {MICROSOFT: ("microsoft", "graph"), GOOGLE: ("google", "google_calendar")}


@pytest.fixture
def office(tmp_path: Path, keys: Mapping[str, str]) -> Installation:
    """Sarah, connected to both some minutes ago."""
    made = connected(wide(tmp_path, keys), SARAH)
    made.clock.advance(300)
    return made


def fail(office: Installation, connector_type: str, kind: str, **fields: Any) -> None:  # noqa: ANN401  # reason: of Fault
    """Let the calendar's API fail, by default once."""
    provider, endpoint = APIS[connector_type]
    office.sandbox.add_fault(provider=provider, endpoint=endpoint, kind=kind, **fields)


def get(office: Installation, connector_type: str, what: str = "calendar/events") -> TestResponse:
    """Read something of Sarah's."""
    query = {"user_email": SARAH.email} | (WINDOW if what == "calendar/events" else {})
    path = f"{CONNECTORS}/{connector_type}/{what}"
    return office.agent().call("connectors", "GET", path, query_string=query)


def calls(office: Installation, connector_type: str) -> int:
    """Return how often the calendar's API was called."""
    endpoint = APIS[connector_type][1]
    return sum(each["endpoint"] == endpoint for each in office.sandbox.requests())


@BOTH
def test_a_token_that_ended_early_is_changed_for_another(
    office: Installation, connector_type: str
) -> None:
    """N89: fresh by our books, refused by the API: one refresh, and the caller notices nothing."""
    office.sandbox.expire_access_tokens()
    office.sandbox.clear_requests()
    assert get(office, connector_type).status_code == 200
    assert challenges(office) == [None]
    assert calls(office, connector_type) == 2


@BOTH
def test_an_api_that_refuses_every_token_is_asked_twice(
    office: Installation, connector_type: str
) -> None:
    """N89: one forced refresh, one more try, an error; nobody is told to sign in again for it."""
    fail(office, connector_type, "status", status=401, times=-1)
    office.sandbox.clear_requests()
    refused = get(office, connector_type)
    assert (refused.status_code, code(refused)) == (422, "provider_rejected")
    assert (refused.json or {})["reason"] == "token_refused"
    assert challenges(office) == [None]
    assert calls(office, connector_type) == 2
    get(office, connector_type)  # at once again: no second refresh within the minute
    assert challenges(office) == [None]
    office.sandbox.clear_faults()
    assert get(office, connector_type).status_code == 200


def test_a_claims_challenge_reaches_the_provider_as_it_came(office: Installation) -> None:
    """N89: out of the API's `WWW-Authenticate`, into one refresh."""
    fail(office, MICROSOFT, "insufficient_claims")
    office.sandbox.clear_requests()
    assert get(office, MICROSOFT).status_code == 200
    assert challenges(office) == [CLAIMS]
    assert calls(office, MICROSOFT) == 2
    assert "essential" not in office.log.getvalue()


def test_claims_are_passed_on_once(office: Installation) -> None:
    """N89: an API that is never content is told so by an error."""
    fail(office, MICROSOFT, "insufficient_claims", times=-1)
    office.sandbox.clear_requests()
    refused = get(office, MICROSOFT)
    assert (refused.status_code, code(refused)) == (422, "provider_rejected")
    assert challenges(office) == [CLAIMS]
    assert calls(office, MICROSOFT) == 2


def test_a_challenge_that_only_the_person_can_meet_says_where(office: Installation) -> None:
    """409 with the page to sign in at."""
    office.sandbox.set("microsoft", claims_need_person=True)
    fail(office, MICROSOFT, "insufficient_claims")
    refused = get(office, MICROSOFT)
    assert (refused.status_code, code(refused)) == (409, "needs_sign_in")
    assert (refused.json or {})["reauthorize_url"].startswith(f"{ORIGIN}/connect?")


def asked_for(office: Installation, refused: TestResponse, scope: str) -> dict[str, str]:
    """Follow the page that a refusal names; return what its form says."""
    assert (refused.status_code, code(refused)) == (403, "insufficient_scope")
    body = refused.json or {}
    assert body["scope"] == scope
    wanted = f'Bearer error="insufficient_scope", scope="{scope}"'
    assert refused.headers["WWW-Authenticate"] == wanted
    url = body["reauthorize_url"]
    said = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert said["scopes"] == scope
    page = office.agent().call("web", "GET", url.removeprefix(ORIGIN))
    assert f'name="scopes" value="{scope}"' in page.text
    assert f'value="{SARAH.email}"' in page.text
    return said


@pytest.mark.parametrize(
    ("connector_type", "what", "scope"),
    [
        (MICROSOFT, "calendar/events", "Calendars.ReadWrite"),
        (MICROSOFT, "chats", "Chat.ReadWrite"),
        (MICROSOFT, "teams", "Team.ReadBasic.All"),
        (GOOGLE, "calendar/events", GOOGLE_SCOPES[-1]),
    ],
)
def test_a_scope_that_was_never_granted_can_be_granted(
    tmp_path: Path, keys: Mapping[str, str], connector_type: str, what: str, scope: str
) -> None:
    """403 names the scope and the page; there the person grants just that, beside what was granted."""
    office = wide(tmp_path, keys, microsoft=("User.Read", "Mail.Send"), google=GOOGLE_SCOPES[:3])
    office.connect(connector_type, SARAH)
    office.sandbox.clear_requests()
    said = asked_for(office, get(office, connector_type, what), scope)
    assert calls(office, connector_type) == 0, "the API need not be asked to know"
    before = granted(office, connector_type)

    office.connect(connector_type, SARAH, fields={"scopes": said["scopes"]})

    assert get(office, connector_type, what).status_code == 200
    assert granted(office, connector_type) - before == {scope}
    assert granted(office, connector_type) >= before


def granted(office: Installation, connector_type: str) -> set[str]:
    """Return what the person granted, as their own list says it."""
    sarah = office.person(identity(connector_type, SARAH))
    listed = sarah.users(f"?connector_type={connector_type}").json or {}
    return set(listed["users"][0]["scopes"])


@BOTH
def test_a_throttled_call_waits_as_told_and_succeeds(
    office: Installation, connector_type: str
) -> None:
    """Twice at most, and the caller notices nothing but the time."""
    fail(office, connector_type, "status", status=429, retry_after=2, times=2)
    office.clock.slept.clear()
    office.sandbox.clear_requests()
    assert get(office, connector_type).status_code == 200
    assert calls(office, connector_type) == 3
    assert len(office.clock.slept) == 2
    assert all(2 <= pause <= 4 for pause in office.clock.slept)


@BOTH
@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        ({"status": 429, "retry_after": 3}, 3),
        ({"status": 503, "retry_after": 3}, 3),
        ({"status": 429, "retry_after": 120}, 1),
    ],
)
def test_throttling_is_passed_on(
    office: Installation, connector_type: str, fault: dict[str, int], tries: int
) -> None:
    """429 with the provider's own `Retry-After`, after three tries; at once if it asks for long."""
    fail(office, connector_type, "status", times=-1, **fault)
    office.sandbox.clear_requests()
    refused = get(office, connector_type)
    assert (refused.status_code, code(refused)) == (429, "provider_throttled")
    assert refused.headers["Retry-After"] == str(fault["retry_after"])
    assert calls(office, connector_type) == tries


@BOTH
@pytest.mark.parametrize("kind", ["status", "drop", "html"])
def test_an_outage_is_an_outage(office: Installation, connector_type: str, kind: str) -> None:
    """503; the connection stays as it was."""
    fail(office, connector_type, kind, status=500)
    office.sandbox.clear_requests()
    refused = get(office, connector_type)
    assert (refused.status_code, code(refused)) == (503, "provider_unavailable")
    assert calls(office, connector_type) == 1
    assert office.status(connector_type, SARAH.email) == "active"
