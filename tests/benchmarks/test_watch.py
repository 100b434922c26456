"""The search for secrets stays cheap, or somebody will switch it off."""

from hashlib import sha256
from time import perf_counter

from tests.benchmarks.results import Figure, Results
from tests.plugins.watch import Watch

SECRETS, LINES = 5_000, 20_000


def test_many_lines_are_searched_for_many_secrets_in_seconds(results: Results) -> None:
    """20,000 lines for 5,000 secrets, half of them as long as a JWT."""
    watch = Watch()
    for number in range(SECRETS):
        watch.know("token", text(number) * (12 if number % 2 else 1))
    began = perf_counter()
    for number in range(LINES):
        anchor, request = text(-1 - number), text(-1 - number - LINES)[:16]
        watch.hear("log", f'{{"message":"request","anchor":"{anchor}","request_id":"{request}"}}')
    found = watch.found()
    took = perf_counter() - began
    name = f"{LINES:,} lines searched for {SECRETS:,} secrets"
    results.add("others", Figure(name=name, value=took, unit="seconds", target=5))
    assert found == []
    assert took < 5


def text(number: int) -> str:
    """64 characters that look like chance."""
    return sha256(str(number).encode()).hexdigest()
