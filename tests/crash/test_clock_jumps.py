"""One instance's clock jumps by an hour in the middle of a refresh; the others' do not."""

from contextlib import nullcontext
from datetime import timedelta
from signal import SIGCONT, SIGSTOP

import pytest

from multi_user_oauth.errors import RefreshInProgressError
from multi_user_oauth.model import ConnectionStatus
from multi_user_oauth.sandbox.company import Account
from multi_user_oauth.wiring.asking import refresher
from tests.crash.checker import check, record, works
from tests.crash.deployment import HOUR, MICROSOFT, PROVIDERS, Deployment, key_of, people
from tests.crash.killing import Deploy, ask
from tests.support.processes import SharedClock


@pytest.mark.parametrize("before", [True, False], ids=["before the claim", "before the commit"])
@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["ahead", "back"])
def test_a_clock_that_jumps_loses_nothing(deploy: Deploy, jump: timedelta, before: bool) -> None:
    """
    F24: Firestore's own clock times the lease: the others wait, and the provider is asked once.

    With SQLite a lease of another hour may be taken over, which costs a second call; what is stored
    works all the same, and is counted once.
    """
    name = f"jump-{'on' if jump > timedelta(0) else 'back'}-{'before' if before else 'after'}"
    anna = people(name)[name]
    deployment, key = deploy(anna), key_of(anna, MICROSOFT)
    sign_in_for_hours(deployment, anna)
    own = SharedClock(deployment.clock.file.with_name("own-clock"))
    own.set(jump if before else timedelta(0))
    process = ask(
        deployment, anna, MICROSOFT, place="answered", signal=SIGSTOP, clock=str(own.file)
    )
    process.frozen()
    own.set(jump)
    taken_over = deployment.name == "sqlite" and before

    with nullcontext() if taken_over else pytest.raises(RefreshInProgressError):
        refresher(deployment.parts).refresh(key, min_ttl=timedelta(minutes=1))
    process.send(SIGCONT)

    assert process.hear() == [works(deployment, key).digest]
    assert process.ended() == 0
    process.stop()
    assert deployment.asked(anna.email) == (2 if taken_over else 1)
    stored = record(deployment, key)
    assert (stored.status, stored.generation) == (ConnectionStatus.ACTIVE, 2)
    check(deployment, key)


def sign_in_for_hours(deployment: Deployment, account: Account) -> None:
    """Connect a person long ago; a new token would be over for no clock, an hour ahead or back."""
    deployment.sandbox.set(PROVIDERS[MICROSOFT], expires_in=4 * 3600, refresh_mode="lax")
    deployment.clock.set(-6 * HOUR)
    deployment.sign_in(account, MICROSOFT)
    deployment.clock.set(timedelta(0))
    deployment.sandbox.clear_requests()
