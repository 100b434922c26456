"""Departures: where the browser is sent, and what is carried to the arrival."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from multi_user_oauth.errors import ConfigurationError, KeysUnavailableError
from multi_user_oauth.model import Provider, Secret
from multi_user_oauth.ports import Arrivals, Departure, Departures, Refreshing
from tests.contract.providers.conftest import Refused, only
from tests.contract.providers.world import REDIRECT_URI, Secrets, World


def query(departure: Departure) -> dict[str, str]:
    """The parameters of the URL, each of which must be there once."""
    pairs = parse_qsl(urlsplit(departure.authorization_url).query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_the_url_carries_state_nonce_and_an_s256_challenge_but_no_verifier(world: World) -> None:
    """What proves that the code is ours stays in the cookie (RFC 7636, 4.3; RFC 9700, 2.1.1)."""
    trip = world.trip()
    departure = world.flow.begin(world.connector_type, trip)
    sent = query(departure)
    assert sent["state"] == trip.state.reveal()
    assert sent["redirect_uri"] == REDIRECT_URI
    assert sent["response_type"] == "code"
    assert sent["code_challenge_method"] == "S256"
    assert len(sent["code_challenge"]) == 43
    assert sent["nonce"]
    assert departure.transaction["code_verifier"] not in departure.authorization_url
    assert "client_secret" not in departure.authorization_url
    assert all(isinstance(value, str) for value in departure.transaction.values())


def test_two_departures_share_nothing(world: World) -> None:
    """State, nonce, verifier and challenge are drawn anew for each trip."""
    first, second = (world.flow.begin(world.connector_type, world.trip()) for _ in range(2))
    for name in ("state", "nonce", "code_challenge"):
        assert query(first)[name] != query(second)[name]
    for name in ("nonce", "code_verifier"):
        assert first.transaction[name] != second.transaction[name]


def test_a_departure_needs_no_client_secret(world: World) -> None:
    """The function that begins trips has no right to read one."""

    class Forbidden(Secrets):
        def get(self, name: str) -> tuple[Secret, ...]:
            raise KeysUnavailableError("this function may not read secrets")

    for secrets in (None, Forbidden()):
        assert world.new_flow(secrets).begin(world.connector_type, world.trip()).transaction


def test_without_client_secrets_nothing_can_be_exchanged(world: World, refused: Refused) -> None:
    """A function that only begins trips says so when it is asked for more."""
    with refused(ConfigurationError):
        world.new_flow(None).prepare(world.connector_type)


def test_identity_only_asks_for_no_more_than_who_the_person_is(world: World) -> None:
    """A sign-in that writes no connection gets no scope and no refresh token."""
    sent = query(world.flow.begin(world.connector_type, world.trip(offline=False)))
    expected = {
        Provider.MICROSOFT: {"openid", "profile", "email"},
        Provider.GOOGLE: {"openid", "https://www.googleapis.com/auth/userinfo.email"},
    }
    assert set(sent["scope"].split()) == expected[world.provider]
    assert sent.get("access_type", "online") == "online"


@pytest.mark.parametrize(
    ("consent", "user_email", "prompt"),
    [
        (True, "sarah@company.com", "consent"),
        (False, "sarah@company.com", None),
        (False, "", "select_account"),
    ],
)
def test_the_prompt_is_what_the_trip_needs(
    world: World, user_email: str, prompt: str | None, *, consent: bool
) -> None:
    """Consent where a refresh token must come, the chooser only where nobody is named."""
    sent = query(world.flow.begin(world.connector_type, world.trip(user_email, consent=consent)))
    assert sent.get("prompt") == prompt
    assert sent.get("login_hint", "") == user_email


@only(Provider.MICROSOFT)
def test_microsoft_answers_in_the_query_under_the_one_tenant(world: World) -> None:
    """A POST from Microsoft's page would come without our SameSite=Lax cookie."""
    departure = world.flow.begin(world.connector_type, world.trip())
    assert query(departure)["response_mode"] == "query"
    tenant = world.connector_type.tenant_ids[0]
    prefix = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize?"
    assert departure.authorization_url.startswith(prefix)


@only(Provider.GOOGLE)
@pytest.mark.parametrize(
    ("domains", "hint"), [(("company.com",), "company.com"), (("a.example", "b.example"), "*")]
)
def test_google_is_told_which_domain_it_is_about(
    world: World, domains: tuple[str, ...], hint: str
) -> None:
    """`hd` names the one domain, or `*` for any organisation's account."""
    connector_type = replace(world.connector_type, hosted_domains=domains)
    sent = query(world.flow.begin(connector_type, world.trip()))
    assert sent["hd"] == hint
    assert sent["access_type"] == "offline"
    assert "include_granted_scopes" not in sent


def test_a_flow_is_all_three_ports(world: World) -> None:
    """The type checker holds each flow against the ports; here they are only named."""
    departures: Departures = world.flow
    arrivals: Arrivals = world.flow
    refreshing: Refreshing = world.flow
    assert {id(departures), id(arrivals), id(refreshing)} == {id(world.flow)}
