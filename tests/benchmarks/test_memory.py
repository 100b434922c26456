"""The memory of `access_token` after it was asked for many people's tokens."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.benchmarks import load, servers
from tests.benchmarks.people import connect, keys
from tests.benchmarks.results import Figure, Results
from tests.benchmarks.test_http import MARKER, requests_for
from tests.crash.deployment import Deployment

READS: Final = 10_000
STEP: Final = 1_000
FLAT_FROM: Final = 5_000
LARGEST: Final = 200.0
"""Mebibytes, of arbiter and worker together."""
GROWTH: Final = 10.0
"""Mebibytes from the 5,000th read on: 5,000 data keys and their names are some three of them."""


def measured(deployment: Deployment, values: Mapping[str, str]) -> dict[int, float]:
    """Return the mebibytes after so many reads, each of another person's token for the first time."""
    people = keys(READS, "memory")
    connect(Parts("benchmark", Settings(values), World()), people)
    requests = requests_for(deployment, people)
    with servers.function("access_token", values) as server:
        held = {0: server.mebibytes()}
        for read in range(0, READS, STEP):
            load.send(server.port, requests[read : read + STEP], STEP, marker=MARKER)
            held[read + STEP] = server.mebibytes()
    return held


@pytest.mark.skipif(not servers.PROC.is_dir(), reason="the system does not tell what it spends")
@pytest.mark.parametrize("back_end", ["deployment", "google_cloud"])
def test_memory_is_small_and_does_not_grow(
    back_end: str, results: Results, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Data keys and agents' tokens are remembered, in a number that ends."""
    deployment: Deployment = request.getfixturevalue(back_end)
    values = {
        **deployment.values,
        "DATA_DIR": str(tmp_path / "data"),
        "REFRESH_URL": "http://127.0.0.1:9",
        "FIRESTORE_MAIN_DATABASE": f"memory-{uuid4()}",
    }
    held = measured(deployment, values)
    where = "SQLite" if back_end == "deployment" else "gcp"
    results.add(
        "memory",
        Figure(
            name=f"memory after {READS:,} reads, {where}",
            value=max(held.values()),
            unit="MiB",
            target=LARGEST,
            detail=f"{held[0]:.0f} MiB at the start",
        ),
        Figure(
            name=f"its growth from read {FLAT_FROM:,} on, {where}",
            value=held[READS] - held[FLAT_FROM],
            unit="MiB",
            target=GROWTH,
        ),
        **{back_end: held},
    )
    # The one figure that must hold.
    assert max(held.values()) < LARGEST
    assert held[READS] - held[FLAT_FROM] < GROWTH
