"""A restored connection, as agents and people meet it before it is released."""

from dataclasses import replace

import pytest

from multi_user_oauth.audit import audited
from multi_user_oauth.model import Batch, ConnectionKey
from multi_user_oauth.sandbox.company import SARAH
from tests.support.functions import MICROSOFT, Installation, code

KEY = ConnectionKey(MICROSOFT, SARAH.email)
WHOSE = (KEY.connector_type, KEY.user_email)
MAILS = f"/api/v1/connectors/{MICROSOFT}/messages?user_email={SARAH.email}"


@pytest.fixture
def quarantined(installation: Installation) -> Installation:
    """Sarah, whose connection a backup brought back."""
    installation.connect(MICROSOFT, SARAH)
    before = installation.store.read(KEY)
    assert before is not None
    after = replace(before.connection, quarantined_at=installation.clock())
    change = audited(
        before, after, action="restored", actor="system:operator", at=installation.clock()
    )
    installation.store.commit(Batch(changes=(change,)))
    installation.sandbox.clear_requests()
    return installation


@pytest.mark.parametrize("query", ["", "?min_ttl=3500", "?force_refresh=true"])
def test_an_agent_is_told_to_ask_later(quarantined: Installation, query: str) -> None:
    """N66: 503, when to ask again, and no page to sign in at; the provider hears nothing."""
    refused = quarantined.agent().token(*WHOSE, query)
    assert (refused.status_code, code(refused)) == (503, "quarantined")
    assert refused.headers["Retry-After"] == "60"
    assert "reauthorize_url" not in (refused.json or {})
    asked = [each["provider"] for each in quarantined.sandbox.requests()]
    assert "microsoft" not in asked


def test_nothing_is_done_in_the_person_s_name(quarantined: Installation) -> None:
    """N66: of an agent that has no token in its hands neither."""
    refused = quarantined.agent().call("connectors", "GET", MAILS)
    assert (refused.status_code, code(refused)) == (503, "quarantined")


def test_the_person_signs_in_anew_and_is_served(quarantined: Installation) -> None:
    """Which proves it; and can end it."""
    quarantined.clock.advance(1)
    person = quarantined.connect(MICROSOFT, SARAH)
    assert quarantined.agent().token(*WHOSE).status_code == 200
    assert person.revoke(*WHOSE).status_code == 200
