"""What each journey is billed, counted where it would be; and what that comes to in a month."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.wiring.provision import provision
from tests.benchmarks import costs
from tests.benchmarks.results import Figure, Results
from tests.support.billing import AT_MOST, Billed, billed
from tests.support.functions import GOOGLE, MICROSOFT, Visitor
from tests.support.google_cloud import CloudInstallation

COLD = 301.0  # seconds after which no data key is open any more
RUN_OUT = 7200.0
OWN_LIST = Billed(reads=2)

Journey = Callable[[], TestResponse]


@pytest.fixture
def cloud(
    tmp_path_factory: pytest.TempPathFactory, firestore_emulator: str
) -> Iterator[CloudInstallation]:
    """All functions in this process, each by its own identity over the relay and the local cloud."""
    keys = provision(tmp_path_factory.mktemp("keys"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
        folder = tmp_path_factory.mktemp("billing")
        with CloudInstallation(Path(folder), keys, firestore_emulator) as installation:
            yield installation


def test_each_journey(cloud: CloudInstallation, results: Results) -> None:
    """The counts of Firestore's relay and of Cloud KMS, against the budget of the design."""
    agent, visitor, another = cloud.agent(), Visitor(cloud), Visitor(cloud)

    def refresh(seconds: float) -> Journey:
        body = {"connector_type": MICROSOFT, "user_email": SARAH.email, "min_ttl": 3600}

        def ask() -> TestResponse:
            return cloud.agent().call("refresh", "POST", "/refresh/one", json=body)

        return after(seconds, ask)

    def after(seconds: float, ask: Journey) -> Journey:
        cloud.clock.advance(seconds)
        return ask

    def token() -> TestResponse:
        return agent.token(MICROSOFT, SARAH.email)

    found = {
        "authorize": count(cloud, lambda: Visitor(cloud).leave(MICROSOFT, SARAH.email)),
        "sign-in": count(cloud, lambda: visitor.sign_in(MICROSOFT, SARAH)),
        "own list": count(cloud, visitor.users),
        "token read, cold, first in the hour": count(cloud, after(COLD, token)),
        "token read, warm": count(cloud, token),
        "token read, cold": count(cloud, after(COLD, token)),
        "refresh, cold": count(cloud, refresh(COLD)),
        "refresh, warm": count(cloud, refresh(120.0)),
        "revoke": count(cloud, lambda: visitor.revoke(MICROSOFT, SARAH.email)),
        "sign-in, Google": count(cloud, lambda: another.sign_in(GOOGLE, SARAH)),
        "revoke and finish, Google": count(cloud, lambda: another.revoke(GOOGLE, SARAH.email)),
    }
    budget = {
        **AT_MOST,
        "own list": OWN_LIST,
        "sign-in, Google": AT_MOST["sign-in"],
        "revoke and finish, Google": AT_MOST["revoke"] + AT_MOST["finish"],
    }
    over = [name for name, bill in found.items() if not bill <= budget[name]]
    results.add(
        "billing",
        Figure(
            name="journeys over their budget of billed operations",
            value=len(over),
            unit=f"of {len(found)}",
            target=0,
            detail=", ".join(over),
        ),
        counted={name: asdict(bill) for name, bill in found.items()},
        budget={name: asdict(budget[name]) for name in found},
        counted_at="Firestore's relay and the local Cloud KMS",
    )
    months(results, {name: asdict(bill) for name, bill in found.items()})


def count(cloud: CloudInstallation, journey: Journey) -> Billed:
    """Return what the journey was billed; fail if it did not succeed."""
    with billed(cloud.relay.calls, cloud.cloud.calls) as bill:
        response = journey()
    assert response.status_code in {200, 303}, response.text
    return bill.total


def months(results: Results, counts: Mapping[str, Mapping[str, int]]) -> None:
    """Keep what a month costs by these counts."""
    table = costs.prices()
    dollars = {
        place: {str(users): costs.month(users, counts, table, place) for users in costs.USERS}
        for place in ("region", "multi_region")
    }
    results.add(
        "costs",
        *(
            Figure(
                name=f"a month of {users:,} people, one region",
                value=sum(dollars["region"][str(users)].values()),
                unit="dollars",
            )
            for users in costs.USERS
        ),
        dollars=dollars,
        operations=costs.operations(counts, table["assumptions"]),
    )
