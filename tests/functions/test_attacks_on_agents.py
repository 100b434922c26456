"""Attacks by way of agents: other people's tokens, tokens after the end, tokens that are too old."""

from datetime import datetime
from typing import Any

import pytest

from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.wiring import build
from tests.support.functions import (
    MICROSOFT,
    Installation,
    Visitor,
    code,
    flask_app,
)
from tests.support.interleaving import EVERY, PEOPLE, interleave

FETCHES = 1_000


def test_interleaved_requests_never_mix_two_people(installation: Installation) -> None:
    """N33: eight threads, two people, one request in twenty cut off: each answer is the asker's."""
    served = interleave(installation, FETCHES)
    assert len(served.answers) + len(served.refused) + len(served.cut) == FETCHES
    assert {asked for asked, _ in served.answers} == {account.email for account in PEOPLE}
    assert [(asked, came) for asked, came in served.answers if asked != came] == []
    assert 0 < len(served.cut) <= FETCHES // EVERY
    assert set(served.refused) <= {503}
    assert len(served.answers) > FETCHES // 2


class Elsewhere:
    """A second instance of `access_token`: the same files, caches of its own."""

    def __init__(self, installation: Installation) -> None:
        self._client = flask_app(
            build("access_token", installation.settings, world=installation.world)
        ).test_client()

    def token(self, agent: Visitor) -> tuple[int, Any]:
        """Ask it for Sarah's token."""
        headers = {"Authorization": f"Bearer {agent.bearer}"}
        response = self._client.get(f"/{MICROSOFT}/{SARAH.email}", headers=headers)
        return response.status_code, response.get_json()


def test_a_disconnect_counts_at_once_on_every_instance(installation: Installation) -> None:
    """N34: both instances are warm; from the commit on neither gives a token."""
    sarah = installation.connect(MICROSOFT, SARAH)
    agent, elsewhere = installation.agent(), Elsewhere(installation)
    for _ in range(2):
        assert agent.token(MICROSOFT, SARAH.email).status_code == 200
        assert elsewhere.token(agent)[0] == 200
    assert sarah.revoke(MICROSOFT, SARAH.email).status_code == 200
    for _ in range(2):
        assert agent.token(MICROSOFT, SARAH.email).status_code == 404
        status, body = elsewhere.token(agent)
        assert (status, body["code"]) == (404, "not_connected")


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("age", [0, 3_000, 3_580, 3_600, 9_000])
@pytest.mark.parametrize("min_ttl", [0, 60, 3_000])
def test_a_token_lives_as_long_as_was_asked_for_or_none_is_given(
    installation: Installation, min_ttl: int, age: int, down: bool
) -> None:
    """N41c: enough of its life is left, or it is refreshed, or the answer is 503."""
    installation.connect(MICROSOFT, SARAH)
    issued = installation.clock()
    installation.clock.advance(age)
    if down:
        installation.sandbox.add_fault(provider="microsoft", kind="status", status=503, times=-1)
    response = installation.agent().token(MICROSOFT, SARAH.email, f"?min_ttl={min_ttl}")
    if response.status_code != 200:
        assert down
        assert (response.status_code, code(response)) == (503, "provider_unavailable")
        left = (issued - installation.clock()).total_seconds() + 3_600
        assert left < min_ttl + 60, "the one at hand would have done"
        return
    body = response.json or {}
    assert "refresh_token" not in body
    assert seconds_left(installation, body["expires_at"]) >= min_ttl


def seconds_left(installation: Installation, expires_at: str) -> float:
    """How long a token with this end still lives."""
    return (datetime.fromisoformat(expires_at) - installation.clock()).total_seconds()
