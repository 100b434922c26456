"""A process that dies while a person connects leaves a whole connection or none."""

from dataclasses import dataclass
from signal import SIGKILL

import pytest

from multi_user_oauth.model import ConnectionStatus
from multi_user_oauth.sandbox.company import Account
from tests.crash.checker import assert_nothing_plain, check, record, works
from tests.crash.deployment import GOOGLE, MICROSOFT, Arrival, Deployment, key_of, people
from tests.crash.killing import Deploy, start

PLACES = ("spent", "exchanged", "connected")
CASES = [(place, kind) for place in PLACES for kind in (MICROSOFT, GOOGLE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """A callback that was killed, and the browser that waits for its answer."""

    deployment: Deployment
    account: Account
    connector_type: str
    arrival: Arrival

    def replay(self) -> int:
        """Send the callback once more; return the status."""
        client = self.deployment.client()
        for name, value in self.arrival.cookies.items():
            client.set_cookie(name, value, secure=True)
        return client.get(self.arrival.path).status_code


@pytest.fixture(scope="module")
def killed(deploy: Deploy) -> dict[tuple[str, str], Killed]:
    """Kill one callback for each case."""
    return kill_callbacks(deploy)


def kill_callbacks(deploy: Deploy) -> dict[tuple[str, str], Killed]:
    """Kill one callback for each case, all at the same time."""
    persons = people(*(f"{place}-{kind.partition('_')[0]}" for place, kind in CASES))
    deployment = deploy(*persons.values())
    came = {}
    for case, account in zip(CASES, persons.values(), strict=True):
        arrival = deployment.arrival(deployment.client(), account, case[1])
        came[case] = Killed(
            deployment=deployment, account=account, connector_type=case[1], arrival=arrival
        )
    processes = [
        start(deployment, do="request", method="GET", path=came[case].arrival.path,
              cookies=came[case].arrival.cookies, place=case[0])
        for case in CASES
    ]  # fmt: skip
    for process in processes:
        assert process.ended() == -SIGKILL
        process.stop()
    return came


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_killed_callback_is_over_and_the_person_can_start_again(
    killed: dict[tuple[str, str], Killed], case: tuple[str, str]
) -> None:
    """
    SIGKILL anywhere after the state is spent: no half connection, and a replay changes nothing.

    F18, F19: killed before it was stored, there is none, and the next sign-in makes one; killed after,
    it is there, once.
    """
    place, connector_type = case
    this = killed[case]
    deployment, key = this.deployment, key_of(this.account, connector_type)
    before = deployment.parts.main.read(key)
    assert (before is not None) == (place == "connected")

    assert this.replay() == 409
    assert this.replay() == 409

    assert deployment.parts.main.read(key) == before
    assert deployment.asked(this.account.email, "authorization_code") == (place != "spent")
    assert_nothing_plain(deployment)
    if place != "connected":
        deployment.sign_in(this.account, connector_type)
    works(deployment, key)
    assert record(deployment, key).status is ConnectionStatus.ACTIVE
    check(deployment, key)
