"""A token read over HTTP, against the plain application that people would build otherwise."""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

import pytest

from multi_user_oauth.model import ConnectionKey
from tests.benchmarks import load, servers
from tests.benchmarks.people import SCOPES, access_token, connect, in_turn, keys
from tests.benchmarks.quick_microsoft import USUAL
from tests.benchmarks.ratios import each_against
from tests.benchmarks.results import Figure, Results
from tests.crash.deployment import ORIGIN, Deployment

PEOPLE: Final = 1_000
REQUESTS: Final = 2_000
ROUNDS: Final = 11
MARKER: Final = b'"access_token":"'


def requests_for(deployment: Deployment, people: Sequence[ConnectionKey]) -> list[bytes]:
    """Return an agent's request for each, in an order that no cache foresees."""
    bearer = f"Bearer {deployment.sandbox.identity_token(ORIGIN)}"
    host = ORIGIN.partition("://")[2]
    turns = in_turn(people)
    return [
        load.request(
            f"/api/v1/oauth/user/{key.connector_type}/{key.user_email}/token",
            host,
            Authorization=bearer,
            Accept="application/json",
        )
        for key, _ in zip(turns, people, strict=False)
    ]


def write_plain_files(folder: Path, people: Sequence[ConnectionKey]) -> Path:
    """Write each person's tokens as the plain application keeps them; return the folder."""
    folder.mkdir()
    for key in people:
        kept = {
            "access_token": access_token(key, USUAL),
            "refresh_token": access_token(key, USUAL)[::-1],
            "expires_at": "2030-01-01T00:00:00+00:00",
            "scopes": SCOPES,
        }
        file = folder / f"{key.connector_type}-{key.user_email}.json"
        file.write_text(json.dumps(kept))
    return folder


@pytest.mark.skipif(not servers.PROC.is_dir(), reason="the system does not tell what it spends")
def test_against_a_plain_application(
    deployment: Deployment, results: Results, tmp_path: Path
) -> None:
    """
    Agent proved, policy asked, token opened, its use written down and flushed; both on one core.

    The load comes from the other core, over eight kept-alive connections. Every agent token, data key
    and file was used once before.
    """
    people = keys(PEOPLE, "http")
    connect(deployment.parts, people)
    requests = requests_for(deployment, people)
    plain_files = write_plain_files(tmp_path / "plain", people)
    took: dict[str, list[float]] = {}
    with (
        servers.function("access_token", deployment.values, core=0) as ours,
        servers.plain_app(plain_files, core=0) as plain,
        servers.on_core(1),
    ):
        for turn in range(ROUNDS + 1):
            for name, server in (("ours", ours), ("plain", plain)):
                spent = server.cpu_seconds()
                sent = load.send(server.port, requests, REQUESTS, marker=MARKER)
                if turn:  # the first one only warms up
                    took.setdefault(f"{name}, a second", []).append(sent.per_second)
                    cpu = (server.cpu_seconds() - spent) / REQUESTS * 1e6
                    took.setdefault(f"{name}, µs", []).append(cpu)
    middle = {name: median(values) for name, values in took.items()}
    results.add(
        "http",
        Figure(
            name="a token over HTTP: requests a second",
            value=each_against(took, "ours, a second", "plain, a second"),
            target=0.8,
            at_least=True,
            detail=f"{middle['ours, a second']:.0f} against {middle['plain, a second']:.0f} a second",
        ),
        Figure(
            name="a token over HTTP: CPU per request",
            value=each_against(took, "ours, µs", "plain, µs"),
            target=1.25,
            detail=f"{middle['ours, µs']:.0f} µs against {middle['plain, µs']:.0f} µs",
        ),
        apart=servers.can_choose(),
        medians=middle,
    )
