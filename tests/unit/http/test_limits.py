"""Rates: who is counted as whom, and that one's excess is nobody else's."""

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from multi_user_oauth.errors import TooManyRequestsError
from multi_user_oauth.http.limits import RateLimits, Rates, client_address
from multi_user_oauth.model import Agent, AgentRule, ConnectionKey, Identity, Person, Policy

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
    limits = RateLimits(Rates(per_address="2/hour"))
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
    limits = RateLimits(Rates(per_caller="2/hour"))
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
    limits = RateLimits(Rates(per_caller="1/hour"))
    limits.admit_caller(Agent(name="a", actors=("b",)), NOBODY)
    with pytest.raises(TooManyRequestsError):
        limits.admit_caller(Agent(name="b"), NOBODY)


def test_a_caller_has_its_share_of_each_person() -> None:
    """One person's connection asked for too often leaves the agent the others."""
    limits = RateLimits(Rates(per_person="1/hour"))
    agent = Agent(name="a")
    limits.admit_use(agent, ANN)
    limits.admit_use(agent, BEN)
    limits.admit_use(Agent(name="b"), ANN)
    with pytest.raises(TooManyRequestsError):
        limits.admit_use(agent, ANN)
