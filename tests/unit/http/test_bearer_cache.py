"""Verified agents' tokens: remembered to the byte, never past their end, never when they failed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from multi_user_oauth.errors import ProviderUnavailableError, UnauthenticatedError
from multi_user_oauth.http.bearer_cache import ProvedBearer, VerifiedBearers
from multi_user_oauth.model import Agent, Secret
from tests.support.clock import START, ManualClock

TOKEN = Secret("header.payload.signature")


class Verifier:
    """Proves that a token is of the agent whose name it spells; counts how often it is asked."""

    def __init__(self, lifetime: timedelta = timedelta(minutes=50)) -> None:
        self.asked: list[str] = []
        self.fails: Exception | None = None
        self.expires_at = START + lifetime

    def __call__(self, token: Secret) -> ProvedBearer:
        """Prove it, or fail as told."""
        self.asked.append(token.reveal())
        if self.fails is not None:
            raise self.fails
        return ProvedBearer(caller=Agent(name=token.reveal()), expires_at=self.expires_at)


@pytest.fixture
def clock() -> ManualClock:
    """A clock."""
    return ManualClock()


@pytest.fixture
def verifier() -> Verifier:
    """What verifies whole, at its price; its tokens end in 50 minutes."""
    return Verifier()


@pytest.fixture
def agents(verifier: Verifier, clock: ManualClock) -> VerifiedBearers:
    """The cache over it."""
    return VerifiedBearers(verifier, under=lambda: None, now=clock)


@pytest.mark.parametrize(
    ("seconds", "times"), [(0, 1), (2999.999, 1), (3000, 2), (3059, 2), (-1, 2), (-3600, 2)]
)
def test_a_token_is_verified_once_until_its_own_end(
    agents: VerifiedBearers, verifier: Verifier, clock: ManualClock, seconds: float, times: int
) -> None:
    """From its `exp` on it is verified each time, also within the leeway; so is it before its time."""
    agents(TOKEN)
    clock.advance(seconds)

    assert agents(TOKEN) == Agent(name=TOKEN.reveal())
    assert len(verifier.asked) == times


@pytest.mark.parametrize(("seconds", "times"), [(3599.999, 1), (3600, 2)])
def test_no_token_is_believed_for_over_an_hour(
    clock: ManualClock, seconds: float, times: int
) -> None:
    """Whatever its `exp` says: Google's own live an hour."""
    verifier = Verifier(timedelta(days=300))
    agents = VerifiedBearers(verifier, under=lambda: None, now=clock)
    agents(TOKEN)
    clock.advance(seconds)
    agents(TOKEN)

    assert len(verifier.asked) == times


def test_use_does_not_lengthen_a_life(
    agents: VerifiedBearers, verifier: Verifier, clock: ManualClock
) -> None:
    """A token in steady use ends as one that was used once."""
    for _ in range(4):
        agents(TOKEN)
        clock.advance(999)
    agents(TOKEN)

    assert len(verifier.asked) == 2


@pytest.mark.parametrize(
    "failure", [UnauthenticatedError("forged"), ProviderUnavailableError("no keys")]
)
def test_a_failure_is_never_remembered(
    agents: VerifiedBearers, verifier: Verifier, failure: Exception
) -> None:
    """What could not be verified a moment ago may be verified now; and no room is spent on it."""
    verifier.fails = failure
    for _ in range(2):
        with pytest.raises(type(failure)):
            agents(TOKEN)
    assert (len(verifier.asked), len(agents)) == (2, 0)

    verifier.fails = None
    assert agents(TOKEN) == Agent(name=TOKEN.reveal())


@pytest.mark.parametrize("other", ["header.payload.signaturE", "header.payload.", "x", "\udc80"])
def test_a_token_that_differs_by_a_character_is_another_one(
    agents: VerifiedBearers, verifier: Verifier, other: str
) -> None:
    """The same claims under a forged signature are not found, the good ones' entry or not."""
    agents(TOKEN)
    verifier.fails = UnauthenticatedError("forged")

    with pytest.raises(UnauthenticatedError):
        agents(Secret(other))
    assert agents(TOKEN) == Agent(name=TOKEN.reveal())


def test_a_failure_does_not_bring_an_ended_token_back(
    agents: VerifiedBearers, verifier: Verifier, clock: ManualClock
) -> None:
    """After its end it must be proved anew, or it proves nobody."""
    agents(TOKEN)
    clock.advance(3600)
    verifier.fails = UnauthenticatedError("expired")

    with pytest.raises(UnauthenticatedError):
        agents(TOKEN)


def test_the_number_is_bounded_and_the_longest_unused_leaves(
    verifier: Verifier, clock: ManualClock
) -> None:
    """Anybody who has a service account can send tokens that verify: they fill no memory."""
    agents = VerifiedBearers(verifier, under=lambda: None, now=clock, entries=3)
    for name in ("a", "b", "c", "a", "d"):
        agents(Secret(name))
    assert len(agents) == 3

    verifier.asked.clear()
    for name in ("a", "c", "d"):
        agents(Secret(name))
    assert verifier.asked == []
    agents(Secret("b"))
    assert verifier.asked == ["b"]


def test_the_token_itself_is_not_kept(clock: ManualClock) -> None:
    """Its hash is: who can read the memory finds no token here to use elsewhere."""

    def prove(_: Secret) -> ProvedBearer:
        return ProvedBearer(caller=Agent(name="agent"), expires_at=START + timedelta(hours=1))

    agents = VerifiedBearers(prove, under=lambda: None, now=clock)
    agents(Secret("made-up-token"))

    assert len(agents) == 1
    assert "made-up-token" not in repr(vars(agents))


def test_threads_get_each_their_own_agent(clock: ManualClock) -> None:
    """With more tokens than room, whoever asks is told of nobody else."""
    agents = VerifiedBearers(Verifier(), under=lambda: None, now=clock, entries=5)
    begin = Barrier(8)

    def ask(thread: int) -> bool:
        begin.wait()
        names = [f"agent-{(thread + step) % 9}" for step in range(2_000)]
        return all(str(agents(Secret(name))) == f"agent:{name}" for name in names)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(8)))
    assert len(agents) == 5


def test_verifying_holds_up_nobody_else(clock: ManualClock) -> None:
    """Keys may have to be fetched: two tokens are verified at the same time."""
    together = Barrier(2, timeout=10)

    def prove(token: Secret) -> ProvedBearer:
        together.wait()
        return ProvedBearer(
            caller=Agent(name=token.reveal()), expires_at=START + timedelta(hours=1)
        )

    agents = VerifiedBearers(prove, under=lambda: None, now=clock)
    with ThreadPoolExecutor(2) as pool:
        proved = pool.map(agents, (Secret("a"), Secret("b")))
        assert [str(agent) for agent in proved] == ["agent:a", "agent:b"]


def test_under_another_policy_a_token_is_verified_again(
    verifier: Verifier, clock: ManualClock
) -> None:
    """An issuer that was taken off the policy counts no longer, whatever was verified before."""
    policies = [object()]
    bearers = VerifiedBearers(verifier, under=lambda: policies[-1], now=clock)
    bearers(Secret("one"))
    bearers(Secret("one"))
    assert len(verifier.asked) == 1
    policies.append(object())
    bearers(Secret("one"))
    assert len(verifier.asked) == 2
