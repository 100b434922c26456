"""Rates: who is counted as whom, and that one's excess is nobody else's."""

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from multi_user_oauth.errors import TooManyRequestsError
from multi_user_oauth.http.limit_counts import InstanceCounts
from multi_user_oauth.http.limits import RateLimits, Rates, client_address
from multi_user_oauth.model import Agent, AgentRule, ConnectionKey, Identity, Person, Policy
from tests.support.clock import ManualClock

ANN = ConnectionKey("microsoft_teams", "ann@company.com")
BEN = ConnectionKey("microsoft_teams", "ben@company.com")
NOBODY = Policy()


def request(address: str, *forwarded: str) -> Request:
    """A request that comes from this address, with these `X-Forwarded-For` headers."""
    headers = [("X-Forwarded-For", text) for text in forwarded]
    builder = EnvironBuilder(environ_base={"REMOTE_ADDR": address}, headers=headers)
    return Request(builder.get_environ())


@pytest.mark.parametrize(
    ("hops", "forwarded", "expected"),
    [
        (0, (), "10.0.0.9"),
        (0, ("1.2.3.4",), "10.0.0.9"),
        (1, ("1.2.3.4",), "1.2.3.4"),
        (1, ("6.6.6.6, 1.2.3.4",), "1.2.3.4"),
        (1, ("6.6.6.6", "1.2.3.4"), "1.2.3.4"),
        (2, ("6.6.6.6, 1.2.3.4, 35.1.1.1",), "1.2.3.4"),
        (2, ("1.2.3.4",), "10.0.0.9"),
        (1, (), "10.0.0.9"),
        (1, ("",), "10.0.0.9"),
        (1, ("nonsense",), "10.0.0.9"),
        (1, ("2001:db8:1:2:3:4:5:6",), "2001:db8:1:2::/64"),
        (1, ("2001:db8:1:2:ffff::1",), "2001:db8:1:2::/64"),
    ],
)
def test_only_what_trusted_proxies_wrote_is_believed(
    hops: int, forwarded: tuple[str, ...], expected: str
) -> None:
    """Whoever writes an `X-Forwarded-For` of their own is still who called our outermost proxy."""
    assert client_address(request("10.0.0.9", *forwarded), hops) == expected


def test_an_address_has_its_share_and_no_more() -> None:
    """The third of two is refused and told when to come back; another address is not concerned."""
    limits = RateLimits(Rates(per_address="2/hour"), now=ManualClock())
    for _ in range(2):
        limits.admit_address(request("10.0.0.1"))
    with pytest.raises(TooManyRequestsError) as refused:
        limits.admit_address(request("10.0.0.1"))
    assert 1 <= refused.value.retry_after <= 3600
    assert "10.0.0.1" not in str(refused.value)
    limits.admit_address(request("10.0.0.2"))


def test_a_caller_has_its_share_and_an_agent_the_one_of_its_rule() -> None:
    """N41d: one that asks too often is refused, others are not concerned."""
    slow = AgentRule(name="slow", connector_types=frozenset(), users=frozenset(), rate="1/hour")
    policy = Policy(agents={"slow": slow})
    limits = RateLimits(Rates(per_caller="2/hour"), now=ManualClock())
    limits.admit_caller(Agent(name="slow"), policy)
    with pytest.raises(TooManyRequestsError):
        limits.admit_caller(Agent(name="slow"), policy)
    person = Person(identities=frozenset({Identity.google("1")}), email="ann@company.com")
    for caller in (Agent(name="fast"), person):
        limits.admit_caller(caller, policy)
        limits.admit_caller(caller, policy)
        with pytest.raises(TooManyRequestsError):
            limits.admit_caller(caller, policy)


def test_whoever_acts_for_another_is_counted_too() -> None:
    """A rate can not be left behind by calling through somebody else."""
    limits = RateLimits(Rates(per_caller="1/hour"), now=ManualClock())
    limits.admit_caller(Agent(name="a", actors=("b",)), NOBODY)
    with pytest.raises(TooManyRequestsError):
        limits.admit_caller(Agent(name="b"), NOBODY)


def test_a_caller_has_its_share_of_each_person() -> None:
    """One person's connection asked for too often leaves the agent the others."""
    limits = RateLimits(Rates(per_person="1/hour"), now=ManualClock())
    agent = Agent(name="a")
    limits.admit_use(agent, ANN)
    limits.admit_use(agent, BEN)
    limits.admit_use(Agent(name="b"), ANN)
    with pytest.raises(TooManyRequestsError):
        limits.admit_use(agent, ANN)


def test_who_forces_a_refresh_waits_a_minute_for_the_next() -> None:
    """Of each connection by each caller; what is not forced is not concerned."""
    clock = ManualClock()
    limits = RateLimits(Rates(), now=clock)
    agent = Agent(name="a")
    limits.admit_forced(agent, ANN)
    limits.admit_forced(agent, BEN)
    limits.admit_forced(Agent(name="b"), ANN)
    clock.advance(15)
    with pytest.raises(TooManyRequestsError) as refused:
        limits.admit_forced(agent, ANN)
    assert refused.value.retry_after == 45
    limits.admit_use(agent, ANN)
    clock.advance(45)
    limits.admit_forced(agent, ANN)


def test_a_share_is_given_anew_when_its_time_is_over() -> None:
    """As Retry-After said, and not a second later; a clock that was set back lengthens nothing."""
    clock = ManualClock()
    limits = RateLimits(Rates(per_caller="1/minute"), now=clock)
    agent = Agent(name="a")
    limits.admit_caller(agent, NOBODY)
    clock.advance(20)
    with pytest.raises(TooManyRequestsError) as refused:
        limits.admit_caller(agent, NOBODY)
    assert refused.value.retry_after == 40
    clock.advance(40)
    limits.admit_caller(agent, NOBODY)
    clock.advance(-3600)
    limits.admit_caller(agent, NOBODY)


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    """A flood of addresses fills no memory: the oldest counters go first."""
    counts = InstanceCounts(ManualClock(), most=3)
    for name in "abcd":
        counts.incr(name, 60)
    assert [counts.get(name) for name in "abcd"] == [0, 1, 1, 1]
    assert counts.reset() == 3
