"""Refreshing: by the token route in process, and by the function `refresh` as others ask it."""

from datetime import timedelta
from typing import Any

import pytest

from multi_user_oauth.errors import (
    NeedsSignInError,
    NotConnectedError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    StoreUnavailableError,
)
from multi_user_oauth.model import ConnectionKey, RevocationResult, Secret
from multi_user_oauth.refreshers.remote import RemoteRefresher
from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.sandbox.reach import InProcessAdapter
from tests.support.functions import (
    GOOGLE,
    MICROSOFT,
    Installation,
    code,
    flask_app,
    identity,
)
from tests.support.installation import AGENT, ORIGIN, UNLISTED_AGENT

REFRESH_URL = "https://refresh.run.example"
KEY = ConnectionKey(MICROSOFT, SARAH.email)
HOUR = 3600


def in_place_of_the_network(installation: Installation) -> InProcessAdapter:
    """Return what calls the function `refresh` itself, at the path that a server would see."""
    app = flask_app(installation.endpoint("refresh"))

    def at_root(environ: dict[str, Any], start_response: Any) -> Any:  # noqa: ANN401  # reason: PEP 3333
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/refresh.run.example")
        return app(environ, start_response)

    return InProcessAdapter(at_root)


def remote(installation: Installation, caller: str = AGENT) -> RemoteRefresher:
    """What access_token asks with, over the function `refresh` in this process."""

    def token(audience: str) -> Secret:
        return Secret(installation.sandbox.identity_token(audience, caller))

    refresher = RemoteRefresher(url=REFRESH_URL, audience=ORIGIN, identity=token)
    refresher._session.mount(REFRESH_URL, in_place_of_the_network(installation))  # noqa: SLF001  # reason: the network's place
    return refresher


def refreshes(installation: Installation) -> int:
    """How often a refresh token was used."""
    return sum(r["grant_type"] == "refresh_token" for r in installation.sandbox.requests())


@pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
def test_an_expired_token_is_refreshed_before_it_is_handed_out(
    installation: Installation, connector_type: str
) -> None:
    """Once, and then served from the store with one read."""
    installation.connect(connector_type, SARAH)
    agent = installation.agent()
    old = agent.token(connector_type, SARAH.email).json or {}
    installation.clock.advance(2 * HOUR)
    agent = installation.agent()
    new = agent.token(connector_type, SARAH.email).json or {}
    assert new["access_token"] != old["access_token"]
    installation.meter.reset()
    assert (agent.token(connector_type, SARAH.email).json or {}) == new
    assert installation.meter.counts().get("main.read") == 1
    assert installation.writes() == 0
    assert refreshes(installation) == 1


def test_who_must_sign_in_again_is_told_where(installation: Installation) -> None:
    """409 with the reason and the page, and from then on nobody asks the provider."""
    installation.connect(MICROSOFT, SARAH)
    installation.sandbox.revoke_grant("microsoft", SARAH.email)
    installation.clock.advance(2 * HOUR)
    body: dict[str, str] = {}
    for _ in range(2):
        response = installation.agent().token(MICROSOFT, SARAH.email)
        body = response.json or {}
        assert (response.status_code, body["code"]) == (409, "needs_sign_in")
        assert body["reason"]
        assert body["reauthorize_url"].startswith(f"{ORIGIN}/connect?")
    assert refreshes(installation) == 1
    visitor = installation.person(identity(MICROSOFT, SARAH))  # the session of before is over
    listed = (visitor.users().json or {})["users"][0]
    assert (listed["status"], listed["reauthorize_url"]) == (
        "needs_sign_in",
        body["reauthorize_url"],
    )
    assert visitor.sign_in(MICROSOFT, SARAH).status_code == 303
    assert installation.agent().token(MICROSOFT, SARAH.email).status_code == 200


def test_an_outage_disconnects_nobody(installation: Installation) -> None:
    """503 with Retry-After while it lasts, a token afterwards."""
    installation.connect(MICROSOFT, SARAH)
    installation.clock.advance(2 * HOUR)
    installation.sandbox.add_fault(provider="microsoft", kind="status", status=429, retry_after=17)
    response = installation.agent().token(MICROSOFT, SARAH.email)
    assert (response.status_code, code(response)) == (503, "provider_unavailable")
    assert int(response.headers["Retry-After"]) >= 17
    installation.clock.advance(20)
    assert installation.agent().token(MICROSOFT, SARAH.email).status_code == 200


def test_googles_keys_out_of_reach_is_an_outage_too(installation: Installation) -> None:
    """Whoever can not be verified now is asked to come back, not sent away."""
    installation.sandbox.add_fault(provider="google", kind="status", endpoint="keys", status=500)
    response = installation.agent().token(MICROSOFT, SARAH.email)
    assert (response.status_code, code(response)) == (503, "provider_unavailable")


def test_another_function_has_a_connection_refreshed(installation: Installation) -> None:
    """Over HTTP, without a token in the answer; asking for what is fresh asks nobody."""
    installation.connect(MICROSOFT, SARAH)
    asker = remote(installation)
    asker.refresh(KEY, min_ttl=timedelta(seconds=60))
    assert refreshes(installation) == 0
    installation.clock.advance(2 * HOUR)
    asker.refresh(KEY, min_ttl=timedelta(seconds=60))
    assert refreshes(installation) == 1
    installation.meter.reset()
    assert installation.agent().token(MICROSOFT, SARAH.email).status_code == 200
    assert installation.meter.counts().get("main.write", 0) == 0


def test_a_disconnect_is_finished_over_http(installation: Installation) -> None:
    """The grant ends at Google; what is refused or unreachable stays pending."""
    visitor = installation.connect(GOOGLE, SARAH)
    found = installation.store.read(ConnectionKey(GOOGLE, SARAH.email))
    assert found is not None
    epoch = found.connection.epoch
    installation.sandbox.add_fault(provider="google", kind="status", endpoint="revoke", status=503)
    assert (visitor.revoke(GOOGLE, SARAH.email).json or {})["provider"] == "pending"
    key = ConnectionKey(GOOGLE, SARAH.email)
    assert remote(installation, UNLISTED_AGENT).finish(key, epoch) is RevocationResult.PENDING
    installation.clock.advance(60)
    assert remote(installation).finish(key, epoch) is RevocationResult.REVOKED
    assert not [grant for grant in installation.sandbox.grants() if grant["valid"]]


def test_the_errors_of_refresh_come_back_as_they_were(installation: Installation) -> None:
    """Not connected, sign in again, try later: each as its own class, with its wait."""
    asker = remote(installation)
    minute = timedelta(seconds=60)
    with pytest.raises(NotConnectedError):
        asker.refresh(KEY, min_ttl=minute)
    installation.connect(MICROSOFT, SARAH)
    installation.clock.advance(2 * HOUR)
    installation.sandbox.add_fault(provider="microsoft", kind="status", status=503, retry_after=9)
    with pytest.raises(ProviderUnavailableError) as later:
        asker.refresh(KEY, min_ttl=minute)
    assert later.value.retry_after >= 9
    installation.clock.advance(10)
    installation.sandbox.add_fault(
        provider="microsoft", kind="oauth_error", error="invalid_client", status=401
    )
    with pytest.raises(ProviderMisconfiguredError):
        asker.refresh(KEY, min_ttl=minute)
    installation.clock.advance(600)
    installation.sandbox.revoke_grant("microsoft", SARAH.email)
    with pytest.raises(NeedsSignInError) as refused:
        asker.refresh(KEY, min_ttl=minute)
    assert refused.value.reason
    with pytest.raises(StoreUnavailableError):
        remote(installation, UNLISTED_AGENT).refresh(KEY, min_ttl=minute)


def test_asking_for_a_token_over_remote_refresh(installation: Installation) -> None:
    """The 200 of refresh names the status; what it holds besides is no token."""
    installation.connect(MICROSOFT, SARAH)
    asked = {"user_email": SARAH.email, "connector_type": MICROSOFT}
    response = installation.agent().call("refresh", "POST", "/refresh/one", json=asked)
    assert (response.json or {})["status"] == "active"
    assert "token" not in response.text
    assert "refresh" not in response.text


def test_a_person_of_another_connector_is_not_found(installation: Installation) -> None:
    """A connector type that is not configured, asked by our own function: not connected."""
    asked = {"user_email": SARAH.email, "connector_type": "unknown"}
    response = installation.agent().call("refresh", "POST", "/one", json=asked)
    assert (response.status_code, code(response)) == (404, "not_connected")
