"""What Cloud Scheduler and Pub/Sub ask of `refresh`: everything that is due, each once."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.model import SHARDS, ConnectionKey
from multi_user_oauth.sandbox.company import JOHN, MARIA, SARAH
from tests.functions.test_audit_first import unwritable
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor, code
from tests.support.installation import CONNECTOR_TYPES, PUSHER, SCHEDULER

PEOPLE = ((MICROSOFT, SARAH), (GOOGLE, JOHN), (MICROSOFT, MARIA))


def sweep(installation: Installation, **options: Any) -> dict[str, Any]:  # noqa: ANN401  # reason: werkzeug's
    """Ask as Cloud Scheduler does, and return the answer."""
    response = installation.agent(SCHEDULER).call("refresh", "POST", "/refresh/sweep", **options)
    assert response.status_code == 200, response.text
    return response.json or {}


def push(installation: Installation, shard: object, *, age: int = 0) -> TestResponse:
    """Push a message as Pub/Sub does, with all that it adds."""
    sent_at = installation.clock() - timedelta(seconds=age)
    message = {
        "attributes": {"shard": str(shard)},
        "data": "",
        "messageId": "42",
        "message_id": "42",
        "publishTime": sent_at.isoformat(),
        "publish_time": sent_at.isoformat(),
    }
    body = {"message": message, "subscription": "projects/p/subscriptions/s", "deliveryAttempt": 1}
    return installation.agent(PUSHER).call("refresh", "POST", "/refresh/shard", json=body)


def refreshes(installation: Installation) -> int:
    """Return how many refreshes the providers saw."""
    grants = [each["grant_type"] for each in installation.sandbox.requests()]
    return grants.count("refresh_token")


@pytest.fixture
def connected(installation: Installation) -> Installation:
    """An installation with three people, whose tokens are about to end."""
    for connector_type, person in PEOPLE:
        installation.connect(connector_type, person)
    installation.clock.advance(3500)
    return installation


def test_what_is_due_is_refreshed_ahead_of_its_end(connected: Installation) -> None:
    """Whoever asks afterwards waits for no provider; another sweep finds nothing to do."""
    assert sweep(connected) == {"counts": {"refreshed": 3}, "more": False}
    assert sweep(connected, json={}) == {"counts": {}, "more": False}
    assert refreshes(connected) == 3

    for connector_type, person in PEOPLE:
        assert connected.agent().token(connector_type, person.email).status_code == 200
    assert refreshes(connected) == 3


def test_nothing_is_refreshed_before_it_is_due(installation: Installation) -> None:
    """A token that has most of its hour left stays."""
    installation.connect(MICROSOFT, SARAH)
    assert sweep(installation) == {"counts": {}, "more": False}


def test_a_shards_message_does_that_shards_part_once(connected: Installation) -> None:
    """N96: pushed three times, and the shards in any order: each connection is refreshed once."""
    mine = {ConnectionKey(kind, person.email).shard for kind, person in PEOPLE}
    for shard in [*reversed(range(SHARDS)), *mine, *mine]:
        assert push(connected, shard).status_code == 204
    assert refreshes(connected) == 3


def test_a_late_message_is_acknowledged_and_does_nothing(connected: Installation) -> None:
    """N96: seven days late; a later round has done what it asked for."""
    for shard in range(SHARDS):
        assert push(connected, shard, age=7 * 24 * 3600).status_code == 204
    assert refreshes(connected) == 0


@pytest.mark.parametrize("shard", ["", "-1", SHARDS, "1e1", "٣", "3 ", "0" * 100 + "99"])
def test_a_shard_that_there_is_not_is_refused(connected: Installation, shard: object) -> None:
    """400: Pub/Sub brings it to the dead-letter topic, where somebody looks."""
    response = push(connected, shard)
    assert (response.status_code, code(response)) == (400, "invalid_request")


def test_without_its_audit_record_no_refresh_counts(connected: Installation) -> None:
    """N92: the answers are kept aside, and the next sweep adopts them without asking again."""
    with unwritable(connected):
        assert sweep(connected)["counts"].get("refreshed") is None
    asked = refreshes(connected)
    connected.clock.advance(60)
    sweep(connected)
    connected.clock.advance(60)
    sweep(connected)
    assert refreshes(connected) == max(asked, len(PEOPLE))
    for connector_type, person in PEOPLE:
        assert connected.agent().token(connector_type, person.email).status_code == 200


def test_a_retired_connector_type_is_offered_no_more_and_its_connections_end(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    """N36: through the page, the list and the token route; the other type lives on."""
    before = Installation(tmp_path, keys)
    before.connect(GOOGLE, JOHN)
    before.connect(MICROSOFT, SARAH)
    file = tmp_path / "retired.yaml"
    said = CONNECTOR_TYPES.replace("provider: google", "provider: google\n  retired: true")
    file.write_text(said, "utf-8")
    after = Installation(tmp_path, keys, {"CONNECTOR_TYPES_FILE": str(file)}, clock=before.clock)

    assert "Sign in with Google" not in Visitor(after).call("web", "GET", "/").text
    sweep(after)

    assert after.status(GOOGLE, JOHN.email) == "revoked"
    assert after.agent().token(GOOGLE, JOHN.email).status_code == 404
    assert after.agent().token(MICROSOFT, SARAH.email).status_code == 200
