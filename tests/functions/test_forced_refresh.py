"""A token in the place of one that an API refused, and until when each connection lives."""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import ConnectionKey
from multi_user_oauth.ports import Anew
from multi_user_oauth.sandbox.company import JOHN, SARAH
from tests.functions.test_refresh import KEY, refreshes, remote
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor, code, identity
from tests.support.installation import CONNECTOR_TYPES, SARAHS_AGENT, UNLISTED_AGENT

GRAPH = "https://graph.microsoft.com/v1.0/me"
MINUTE = timedelta(seconds=60)
CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'
AS_SENT = quote(base64.b64encode(CLAIMS.encode()).decode())


@pytest.fixture
def connected(installation: Installation) -> Installation:
    """Sarah, connected some minutes ago."""
    installation.connect(MICROSOFT, SARAH)
    installation.clock.advance(300)
    return installation


def token(agent: Visitor, query: str = "") -> str:
    """Sarah's token, as it is handed out."""
    response = agent.token(MICROSOFT, SARAH.email, query)
    assert response.status_code == 200, response.text
    value: str = (response.json or {})["access_token"]
    return value


def call(installation: Installation, access_token: str) -> requests.Response:
    """Use a token at Graph."""
    with requests.Session() as session:
        session.mount("https://", installation.sandbox.in_process_adapter())
        bearer = {"Authorization": f"Bearer {access_token}"}
        return session.get(GRAPH, headers=bearer, timeout=10)


def challenges(installation: Installation) -> list[object]:
    """What each refresh brought of a claims challenge."""
    served = installation.sandbox.requests()
    return [each["claims"] for each in served if each["grant_type"] == "refresh_token"]


def test_a_token_that_an_api_refused_is_changed_for_another(connected: Installation) -> None:
    """The stored one is fresh by our books, and ended at the provider: one refresh, one new token."""
    agent = connected.agent()
    old = token(agent)
    connected.sandbox.expire_access_tokens()
    assert call(connected, old).status_code == 401
    assert token(agent) == old
    assert token(agent, "?force_refresh=false") == old

    new = token(agent, "?force_refresh=true")

    assert new != old
    assert call(connected, new).status_code == 200
    assert token(agent) == new
    assert challenges(connected) == [None]


def test_a_claims_challenge_goes_from_the_api_to_the_provider(
    connected: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """The text out of `WWW-Authenticate` is enough; it stands in no log of ours."""
    agent = connected.agent()
    connected.sandbox.add_fault(provider="microsoft", endpoint="graph", kind="insufficient_claims")
    refused = call(connected, token(agent))
    assert refused.status_code == 401
    challenge = refused.headers["WWW-Authenticate"].partition('claims="')[2].strip('"')

    new = token(agent, f"?claims={quote(challenge)}")

    assert challenges(connected) == [base64.b64decode(challenge).decode()]
    assert call(connected, new).status_code == 200
    for text in (connected.log.getvalue(), caplog.text):
        assert challenge not in text
        assert "essential" not in text


def test_a_challenge_may_come_as_json_and_however_young_the_token_is(
    installation: Installation,
) -> None:
    """It was got a moment ago: a mere wish is content with it, a challenge is not."""
    installation.connect(MICROSOFT, SARAH)
    token(installation.agent(), "?force_refresh=true")
    assert challenges(installation) == []
    token(installation.agent(SARAHS_AGENT), f"?claims={quote(CLAIMS)}")
    assert challenges(installation) == [CLAIMS]


def test_one_a_minute_is_forced_by_each_agent_of_each_connection(
    connected: Installation,
) -> None:
    """N41d: the second is told when to come back; others, and what is not forced, are not concerned."""
    connected.connect(MICROSOFT, JOHN)
    agent = connected.agent()
    token(agent, "?force_refresh=true")
    connected.clock.advance(20)
    for query in ("?force_refresh=true", f"?claims={AS_SENT}"):
        refused = agent.token(MICROSOFT, SARAH.email, query)
        assert (refused.status_code, code(refused)) == (429, "too_many_requests")
        assert refused.headers["Retry-After"] == "40"
    token(agent)
    token(connected.agent(SARAHS_AGENT), "?force_refresh=true")
    assert agent.token(MICROSOFT, JOHN.email, "?force_refresh=true").status_code == 200
    assert refreshes(connected) == 1
    connected.clock.advance(40)
    token(agent, "?force_refresh=true")
    assert refreshes(connected) == 2


def test_nobody_learns_or_forces_anything_of_others(connected: Installation) -> None:
    """An agent without a rule gets the answer that it gets for nobody."""
    stranger = connected.agent(UNLISTED_AGENT)
    for email in (SARAH.email, "nobody@company.com"):
        refused = stranger.token(MICROSOFT, email, "?force_refresh=true")
        assert (refused.status_code, code(refused)) == (404, "not_connected")
    assert refreshes(connected) == 0


def test_a_challenge_that_needs_the_person_says_so(connected: Installation) -> None:
    """409 with the page where they sign in."""
    connected.sandbox.set("microsoft", claims_need_person=True)
    refused = connected.agent().token(MICROSOFT, SARAH.email, f"?claims={AS_SENT}")
    assert (refused.status_code, code(refused)) == (409, "needs_sign_in")
    assert (refused.json or {})["reason"] == "mfa_required"
    assert (refused.json or {})["reauthorize_url"]


def test_the_provider_is_down_and_the_refused_token_stays_where_it_is(
    connected: Installation,
) -> None:
    """503, and the token that was refused is not handed out as another."""
    connected.sandbox.add_fault(provider="microsoft", kind="status", status=503)
    response = connected.agent().token(MICROSOFT, SARAH.email, "?force_refresh=true")
    assert (response.status_code, code(response)) == (503, "provider_unavailable")


def test_the_function_refresh_is_asked_for_another_token(connected: Installation) -> None:
    """Over HTTP: for the generation that was refused, and for no later one; challenges go along."""
    asker = remote(connected)
    found = connected.store.read(KEY)
    assert found is not None
    generation = found.connection.generation
    asker.refresh(KEY, min_ttl=MINUTE, anew=Anew(generation=generation))
    asker.refresh(KEY, min_ttl=MINUTE, anew=Anew(generation=generation))
    assert challenges(connected) == [None]
    asker.refresh(KEY, min_ttl=MINUTE, anew=Anew(generation=generation + 1, claims=CLAIMS))
    assert challenges(connected) == [None, CLAIMS]
    with pytest.raises(StoreUnavailableError):  # refused by `refresh`: a fault of ours
        asker.refresh(KEY, min_ttl=MINUTE, anew=Anew(generation=generation, claims="[]"))


def listed(installation: Installation, connector_type: str) -> dict[str, Any]:
    """What Sarah's own list says of one connection."""
    sarah = installation.person(identity(connector_type, SARAH))
    users: list[dict[str, Any]] = (sarah.users().json or {})["users"]
    return next(user for user in users if user["connector_type"] == connector_type)


def test_a_list_says_until_when_a_connection_lives(installation: Installation) -> None:
    """Counted from the last refresh; of what serves no more it says nothing."""
    installation.connect(MICROSOFT, SARAH)
    began = installation.clock()
    told = listed(installation, MICROSOFT)["lives_until"]
    assert told["reason"] == "unused_90_days"
    assert datetime.fromisoformat(told["at"]) == began + timedelta(days=90)
    installation.clock.advance(7200)
    token(installation.agent())
    later = datetime.fromisoformat(listed(installation, MICROSOFT)["lives_until"]["at"])
    assert later == began + timedelta(days=90, seconds=7200)
    installation.sandbox.revoke_grant("microsoft", SARAH.email)
    installation.clock.advance(7200)
    assert installation.agent().token(MICROSOFT, SARAH.email).status_code == 409
    assert "lives_until" not in listed(installation, MICROSOFT)


def test_access_that_is_limited_in_time_ends_when_google_says(installation: Installation) -> None:
    """From the sign-in on, and as each refresh names it anew."""
    installation.sandbox.set("google", refresh_token_expires_in=604_800)
    installation.connect(GOOGLE, SARAH)
    week = installation.clock() + timedelta(days=7)
    told = listed(installation, GOOGLE)["lives_until"]
    assert (told["reason"], datetime.fromisoformat(told["at"])) == ("grant_expires", week)
    installation.sandbox.set("google", refresh_token_expires_in=86_400)
    installation.clock.advance(7200)
    assert installation.agent().token(GOOGLE, SARAH.email).status_code == 200
    found = installation.store.read(ConnectionKey(GOOGLE, SARAH.email))
    assert found is not None
    ends = installation.clock() + timedelta(days=1)
    assert found.connection.refresh_token_expires_at == ends


def test_the_day_a_client_secret_ends_is_told(tmp_path: Path, keys: Mapping[str, str]) -> None:
    """Of every connection of the type that has it, if nothing ends it sooner."""
    file = tmp_path / "with_a_day.yaml"
    day = "client_secret: google\n  client_secret_expires: 2026-02-01"
    file.write_text(CONNECTOR_TYPES.replace("client_secret: google", day), "utf-8")
    installation = Installation(tmp_path, keys, {"CONNECTOR_TYPES_FILE": str(file)})
    for connector_type in (GOOGLE, MICROSOFT):
        installation.connect(connector_type, SARAH)
    assert listed(installation, GOOGLE)["lives_until"] == {
        "at": "2026-02-01T00:00:00Z",
        "reason": "client_secret_expires",
    }
    assert listed(installation, MICROSOFT)["lives_until"]["reason"] == "unused_90_days"
