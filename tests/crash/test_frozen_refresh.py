"""A process that is frozen in the middle of a refresh, and wakes up when its lease is long another's."""

from signal import SIGCONT, SIGSTOP

import pytest

from multi_user_oauth.errors import NeedsSignInError
from multi_user_oauth.model import ConnectionStatus
from tests.crash.checker import check, record, works
from tests.crash.deployment import GOOGLE, LEASE_OVER, MICROSOFT, key_of, people
from tests.crash.killing import Deploy, ask


def test_who_wakes_up_before_the_question_does_not_ask_and_writes_nothing(deploy: Deploy) -> None:
    """Frozen right after the claim: another refreshes meanwhile, and the woken one serves its token."""
    sarah = people("frozen-early")["frozen-early"]
    deployment, key = deploy(sarah), key_of(sarah, MICROSOFT)
    deployment.sign_in_long_ago((sarah, MICROSOFT))
    deployment.set_mode(**{MICROSOFT: "strict"})
    process = ask(deployment, sarah, MICROSOFT, place="claimed", signal=SIGSTOP)
    process.frozen()
    deployment.clock.advance(LEASE_OVER)
    serving = works(deployment, key).digest
    before = deployment.parts.main.read(key)

    process.send(SIGCONT)

    assert process.hear() == [serving]
    assert process.ended() == 0
    process.stop()
    after = deployment.parts.main.read(key)
    assert before is not None
    assert after is not None
    assert (after.version, after.connection) == (before.version, before.connection)
    assert deployment.asked(sarah.email) == 1
    check(deployment, key)


def test_a_late_success_heals(deploy: Deploy) -> None:
    """
    Frozen with the only good answer in hand, where the old token works once.

    Another is refused and says that the person must sign in; the woken one's answer mends that.
    """
    john = people("frozen-late")["frozen-late"]
    deployment, key = deploy(john), key_of(john, GOOGLE)
    deployment.sign_in_long_ago((john, GOOGLE))
    deployment.set_mode(**{GOOGLE: "single"})
    process = ask(deployment, john, GOOGLE, place="answered", signal=SIGSTOP)
    process.frozen()
    deployment.clock.advance(LEASE_OVER)
    with pytest.raises(NeedsSignInError):
        works(deployment, key)

    process.send(SIGCONT)

    assert process.hear() == [works(deployment, key).digest]
    assert process.ended() == 0
    process.stop()
    assert record(deployment, key).status is ConnectionStatus.ACTIVE
    actions = [each.action for each in deployment.parts.main.audit(key)]
    assert actions == ["connected", "needs_sign_in", "healed"]
    assert deployment.asked(john.email) == 2
    check(deployment, key)
