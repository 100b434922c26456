"""A provider that is down, for half an hour or a day: few calls, nobody lost, no herd afterwards."""

from datetime import timedelta
from itertools import pairwise

import pytest

from multi_user_oauth.errors import (
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    RetryableError,
)
from multi_user_oauth.model import ConnectionStatus
from multi_user_oauth.tending import Outcome
from tests.support.instances import Instance, crowd, fresh, statuses
from tests.support.outage import outage_of_half_an_hour
from tests.support.world import AGENT, World

ACTIVE = ConnectionStatus.ACTIVE


@pytest.mark.parametrize("error", [ProviderUnavailableError, ProviderMisconfiguredError])
def test_fifty_failures_in_a_row_of_sweeps_change_nothing(
    crowded: World, error: type[RetryableError]
) -> None:
    """N74: Status and refresh token stay; what still lives is served; Retry-After counts."""
    (connection,) = crowd(crowded, 1)
    crowded.clock.advance(3400)
    instance, failed = Instance(world=crowded), 0
    crowded.provider.fail(error("scripted", retry_after=180), times=50)
    served = crowded.get(key=connection.key)
    while failed < 50:
        failed += instance.minutes(1)[Outcome.FAILED]
        after = crowded.record(connection.key)
        assert (after.status, after.sealed_refresh) == (ACTIVE, connection.sealed_refresh)
        if served.expires_at - crowded.clock() > timedelta(minutes=1):
            assert crowded.get(key=connection.key) == served
    began = [call.began for call in crowded.provider.calls]
    assert len(began) == 50
    assert all(later - earlier >= timedelta(seconds=180) for earlier, later in pairwise(began))

    assert instance.minutes(10)[Outcome.REFRESHED] == 1


def test_an_outage_of_a_day(crowded: World) -> None:
    """
    N75: Swept each minute for 24 hours, 300 calls for 200 people; then all are well by themselves.

    Callers are told when to come back, and cost no call but the probe.
    """
    key = crowd(crowded, 200)[0].key
    crowded.expire()
    crowded.provider.down = True
    instance = Instance(world=crowded)
    agents = crowded.tokens(instance.refresher)
    for _ in range(24 * 60):
        instance.minutes(1)
        with pytest.raises(ProviderUnavailableError) as refused:
            agents.get(AGENT, key)
        assert 1 <= refused.value.retry_after <= 301
    calls = len(crowded.provider.calls)
    assert 280 <= calls <= 300
    assert statuses(crowded) == {ACTIVE: 200}

    crowded.provider.down = False
    minutes = 0
    while fresh(crowded) < 200:
        assert minutes < 6
        instance.minutes(1)
        minutes += 1
    assert len(crowded.provider.calls) <= calls + 201
    assert statuses(crowded) == {ACTIVE: 200}
    assert agents.get(AGENT, key).value


def test_half_an_hour_for_two_thousand(crowded: World) -> None:
    """F22: Nobody is disconnected, all are fresh again, few calls, and no second is too full."""
    outage_of_half_an_hour(crowded, 2000)
