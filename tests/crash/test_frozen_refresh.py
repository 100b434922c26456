"""A process that is frozen in the middle of a refresh, and wakes up when its lease is long another's."""

from concurrent.futures import Future, ThreadPoolExecutor
from signal import SIGCONT, SIGSTOP
from typing import Final

import pytest

from multi_user_oauth.errors import NeedsSignInError
from multi_user_oauth.model import Connection, ConnectionStatus, Snapshot
from multi_user_oauth.sandbox.company import Account
from tests.crash.checker import check, record, works
from tests.crash.deployment import (
    API,
    GOOGLE,
    HOUR,
    MICROSOFT,
    ORIGIN,
    Deployment,
    key_of,
    people,
)
from tests.crash.killing import Deploy, ask
from tests.support.processes import Process


def test_who_wakes_up_before_the_question_does_not_ask_and_writes_nothing(deploy: Deploy) -> None:
    """F11: frozen right after the claim; another refreshes; the woken one serves that token."""
    sarah = people("frozen-early")["frozen-early"]
    deployment, process = frozen(deploy, sarah, MICROSOFT, mode="strict", place="claimed")
    key = key_of(sarah, MICROSOFT)
    serving = works(deployment, key).digest
    before = deployment.parts.main.read(key)

    process.send(SIGCONT)

    assert process.hear() == [serving]
    assert process.ended() == 0
    process.stop()
    assert as_it_is(deployment.parts.main.read(key)) == as_it_is(before)
    assert deployment.asked(sarah.email) == 1
    check(deployment, key)


def test_a_late_success_heals(deploy: Deploy) -> None:
    """
    F12, N80, N82: frozen with the only good answer in hand, where the old token works once.

    Another is refused and says that the person must sign in; the woken one's answer mends that.
    """
    john = people("frozen-late")["frozen-late"]
    deployment, process = frozen(deploy, john, GOOGLE, mode="single", place="answered")
    key = key_of(john, GOOGLE)
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


def test_a_holder_slower_than_its_lease_loses_nothing(deploy: Deploy) -> None:
    """N80: where old tokens stay good both are answered; the one who came later is stored, once."""
    lena = people("frozen-lax")["frozen-lax"]
    deployment, process = frozen(deploy, lena, MICROSOFT, mode="lax", place="answered")
    key = key_of(lena, MICROSOFT)
    serving = works(deployment, key).digest

    process.send(SIGCONT)

    assert process.hear() == [serving]
    assert process.ended() == 0
    process.stop()
    assert [each.action for each in deployment.parts.main.audit(key)] == ["connected", "refreshed"]
    assert deployment.asked(lena.email) == 2
    check(deployment, key)


def test_the_strictest_provider_ends_it_once(deploy: Deploy) -> None:
    """
    N80: where a token that is used twice ends the grant, both answers are worth nothing.

    The late one is believed until it is refused; then the person is asked to sign in, and nobody asks
    the provider again.
    """
    theo = people("frozen-strict")["frozen-strict"]
    deployment, process = frozen(deploy, theo, MICROSOFT, mode="strict", place="answered")
    key = key_of(theo, MICROSOFT)
    with pytest.raises(NeedsSignInError):
        works(deployment, key)
    process.send(SIGCONT)
    process.hear()
    assert process.ended() == 0
    process.stop()
    deployment.clock.advance(2 * HOUR)

    for _ in range(3):
        with pytest.raises(NeedsSignInError):
            works(deployment, key)

    assert record(deployment, key).status is ConnectionStatus.NEEDS_SIGN_IN
    assert deployment.asked(theo.email) == 3, "the provider is asked for ever"
    check(deployment, key)


FROZEN_AT: Final = ("claimed", "prepared", "answered")
MEANWHILE: Final = [(place, again) for place in FROZEN_AT for again in (False, True)]


@pytest.fixture(scope="module")
def ended_meanwhile(deploy: Deploy) -> dict[tuple[str, bool], Future[None]]:
    """Freeze a process in each way, each with a person of its own, all at the same time."""
    names = {case: f"ended-{case[0]}-{case[1]}".lower() for case in MEANWHILE}
    noras = {case: people(name)[name] for case, name in names.items()}
    deployments = {case: deploy(nora) for case, nora in noras.items()}
    with ThreadPoolExecutor(len(MEANWHILE)) as pool:
        return {
            case: pool.submit(end_meanwhile, deployments[case], noras[case], case[0], again=case[1])
            for case in MEANWHILE
        }


@pytest.mark.parametrize("case", MEANWHILE, ids=lambda case: f"{case[0]}-{case[1]}")
def test_what_a_person_ends_meanwhile_stays_ended(
    ended_meanwhile: dict[tuple[str, bool], Future[None]], case: tuple[str, bool]
) -> None:
    """
    F15, F16: frozen anywhere in a refresh, while the person disconnects, and perhaps connects again.

    What was answered is neither stored nor revoked, and the new connection is as it was, byte for byte.
    """
    ended_meanwhile[case].result()


def end_meanwhile(deployment: Deployment, nora: Account, place: str, *, again: bool) -> None:
    """Freeze a process at this place, let the person disconnect, let it go on; check everything."""
    key = key_of(nora, GOOGLE)
    client = deployment.sign_in_lately(nora, GOOGLE)
    process = ask(deployment, nora, GOOGLE, place=place, signal=SIGSTOP)
    process.frozen()
    answer = client.delete(f"{API}/user/{GOOGLE}/{nora.email}", headers={"Origin": ORIGIN})
    assert (answer.status_code, (answer.json or {})["provider"]) == (200, "revoked")
    ended = [each.action for each in deployment.parts.main.audit(key)]
    if again:
        deployment.sign_in(nora, GOOGLE)
    before = deployment.parts.main.read(key)

    process.send(SIGCONT)

    got = process.hear()
    assert got == ([works(deployment, key).digest] if again else ["not_connected"])
    assert process.ended() == 0
    process.stop()
    assert as_it_is(deployment.parts.main.read(key)) == as_it_is(before)
    assert ended == ["connected", "disconnected"]
    assert told_to_end(deployment) == 1
    assert not deployment.parts.main.rescues(after=None, limit=1)
    check(deployment, key)


def frozen(
    deploy: Deploy, account: Account, kind: str, *, mode: str, place: str
) -> tuple[Deployment, Process]:
    """Freeze a process at this place of a refresh, and let its lease run out."""
    deployment = deploy(account)
    deployment.sign_in_long_ago((account, kind))
    deployment.set_mode(**{kind: mode})
    process = ask(deployment, account, kind, place=place, signal=SIGSTOP)
    process.frozen()
    deployment.end_leases()
    return deployment, process


def as_it_is(snapshot: Snapshot | None) -> tuple[object, Connection]:
    """Return all of it but the age of its lease, which grows."""
    assert snapshot is not None
    return snapshot.version, snapshot.connection


def told_to_end(deployment: Deployment) -> int:
    """Return how often a provider was told to end a grant."""
    return sum(each["endpoint"] == "revoke" for each in deployment.sandbox.requests())
