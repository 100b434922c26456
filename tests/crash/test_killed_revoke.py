"""A process that dies while a connection ends: it ends all the same, or nothing has happened yet."""

from dataclasses import dataclass, field
from signal import SIGKILL
from typing import Any

import pytest

from multi_user_oauth.errors import NotConnectedError
from multi_user_oauth.model import ConnectionKey, ConnectionStatus, Secret
from multi_user_oauth.sandbox.company import Account
from tests.crash.checker import check, record, refresh_token, works
from tests.crash.deployment import API, GOOGLE, ORIGIN, Deployment, key_of, people
from tests.crash.killing import Deploy, start

# Operations that the meter counts are places too: the ledger's entry, and the commit.
LEDGER, COMMIT = "activity.write", "main.write"
PLACES = (LEDGER, COMMIT, "revocation_claimed", "revocation_answered")


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """A disconnect that was killed."""

    deployment: Deployment
    account: Account
    key: ConnectionKey
    refresh_token: Secret
    cookies: dict[str, str] = field(repr=False)

    def is_alive_at_the_provider(self) -> bool:
        """Whether the refresh token still works there."""
        return self.deployment.sandbox_token(self.refresh_token) is not None

    def finish(self) -> str:
        """Have the disconnect finished, as `revoke` does, and later the sweep."""
        epoch = record(self.deployment, self.key).pending_revocation
        answer = self.deployment.client().post(
            "/refresh/finish",
            json={
                "connector_type": self.key.connector_type,
                "user_email": self.key.user_email,
                "epoch": epoch,
            },
            headers={"Authorization": f"Bearer {self.deployment.sandbox.identity_token(ORIGIN)}"},
        )
        assert answer.status_code == 200
        result: str = answer.get_json()["finished"][0]["provider"]
        return result

    def request(self) -> dict[str, Any]:
        """Return the person's request to disconnect."""
        path = f"{API}/user/{self.key.connector_type}/{self.key.user_email}"
        return {"do": "request", "method": "DELETE", "path": path, "cookies": self.cookies}


@pytest.fixture(scope="module")
def killed(deploy: Deploy) -> dict[str, Killed]:
    """Kill one disconnect at each place."""
    return kill_disconnects(deploy)


def kill_disconnects(deploy: Deploy) -> dict[str, Killed]:
    """Kill one disconnect at each place, all at the same time."""
    persons = people(*(place.replace(".", "-").replace("_", "-") for place in PLACES))
    deployment = deploy(*persons.values())
    ending = {}
    for place, account in zip(PLACES, persons.values(), strict=True):
        client = deployment.sign_in(account, GOOGLE)
        session = client.get_cookie("__Host-session")
        assert session is not None
        key = key_of(account, GOOGLE)
        ending[place] = Killed(
            deployment=deployment,
            account=account,
            key=key,
            refresh_token=refresh_token(deployment, record(deployment, key)),
            cookies={session.key: session.value},
        )
    processes = [start(deployment, place=place, **ending[place].request()) for place in PLACES]
    for process in processes:
        assert process.ended() == -SIGKILL
        process.stop()
    for place in PLACES[2:]:
        assert ending[place].finish() == "pending", "the dead one's lease is respected"
    deployment.end_leases()
    return ending


def test_killed_before_the_commit_nothing_has_happened(killed: dict[str, Killed]) -> None:
    """The ledger has it, the connection stands and serves; asked again, it ends."""
    this = killed[LEDGER]
    deployment = this.deployment
    works(deployment, this.key)
    assert record(deployment, this.key).status is ConnectionStatus.ACTIVE
    entries = deployment.parts.activity.entries()
    assert [entry.key for entry in entries].count(this.key) == 1

    again = start(deployment, **this.request())

    assert (again.hear(), again.ended()) == (200, 0)
    again.stop()
    assert record(deployment, this.key).status is ConnectionStatus.REVOKED
    assert not this.is_alive_at_the_provider()
    entries = deployment.parts.activity.entries()
    assert [entry.key for entry in entries].count(this.key) == 1
    check(deployment, this.key)


@pytest.mark.parametrize("place", PLACES[1:])
def test_killed_after_the_commit_the_token_is_gone_and_the_provider_is_told_later(
    killed: dict[str, Killed], place: str
) -> None:
    """F17: over at once here; finishing can be repeated, whatever the dead one had got done."""
    this = killed[place]
    deployment = this.deployment
    with pytest.raises(NotConnectedError):
        works(deployment, this.key)
    assert record(deployment, this.key).status is ConnectionStatus.REVOKED
    assert this.is_alive_at_the_provider() == (place != "revocation_answered")

    assert this.finish() == "revoked"
    assert this.finish() == "revoked"

    assert not this.is_alive_at_the_provider()
    epoch = record(deployment, this.key).pending_revocation
    assert epoch is not None
    assert deployment.parts.main.revocation(this.key, epoch) is None
    with pytest.raises(NotConnectedError):
        works(deployment, this.key)
    check(deployment, this.key)
