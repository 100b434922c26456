"""What the cache of data keys saves, and what it costs to wait for another's refresh."""

from collections.abc import Callable
from signal import SIGKILL
from time import perf_counter

from multi_user_oauth.custody import place_of
from multi_user_oauth.model import Kind
from multi_user_oauth.sandbox.company import SARAH
from tests.benchmarks.ratios import ROUNDS, medians
from tests.benchmarks.results import Figure, Results
from tests.crash.checker import record
from tests.crash.deployment import MICROSOFT, Deployment, key_of
from tests.crash.killing import start

THREADS = 4
PROCESSES = 8


def test_an_open_data_key_saves_the_key_service(deployment: Deployment, results: Results) -> None:
    """Opening with the key at hand, against unwrapping it first: what the cache is for."""
    connection = record(deployment, key_of(SARAH, MICROSOFT))
    sealed = connection.sealed_access
    assert sealed is not None
    place = place_of(connection, Kind.ACCESS, deployment.values["DEPLOYMENT_ID"])
    warm = deployment.parts.opener(Kind.ACCESS)
    warm.open(sealed, place)
    cold = iter([deployment.parts_with().opener(Kind.ACCESS) for _ in range(ROUNDS)])

    took = medians(
        {
            "cold": lambda: next(cold).open(sealed, place),
            "warm": lambda: warm.open(sealed, place),
        },
        times=1,
    )
    times = took["cold"] / took["warm"]
    results.add("others", Figure(name="an envelope opened cold, and warm", value=times))
    assert times > 3


def test_many_processes_racing_for_one_refresh_wait_little_longer_than_one(
    deployment: Deployment, results: Results
) -> None:
    """Eight processes that need the same refresh, against one that needs it alone."""
    alone = timed(lambda: race(deployment, 1))
    together = timed(lambda: race(deployment, PROCESSES))
    results.add(
        "others",
        Figure(
            name="8 processes that race for one refresh, and one alone",
            value=together / alone,
            detail=f"{together:.2f} s against {alone:.2f} s",
        ),
    )
    assert together < 10 * alone + 5


def timed(work: Callable[[], float]) -> float:
    """Return what the work says that it took, the better of two."""
    return min(work(), work())


def race(deployment: Deployment, number: int) -> float:
    """Let so many processes ask for the expired token; return the seconds until all have it."""
    deployment.sign_in_long_ago((SARAH, MICROSOFT))
    processes = [
        start(deployment, do="tokens", threads=THREADS, connector_type=MICROSOFT,
              user_email=SARAH.email)
        for _ in range(number)
    ]  # fmt: skip
    for process in processes:
        assert process.hear() == "ready"
    began = perf_counter()
    for process in processes:
        process.say("go")
    tokens = {token for process in processes for token in process.hear()}
    took = perf_counter() - began
    for process in processes:
        assert process.ended() != -SIGKILL
        process.stop()
    assert len(tokens) == 1
    assert deployment.asked(SARAH.email) == 1
    return took
