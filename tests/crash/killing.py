"""Refreshing processes that are killed, at each place and with each kind of provider."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from signal import SIGKILL, Signals
from threading import Lock
from typing import Any, Final

import pytest

from multi_user_oauth.errors import NeedsSignInError
from multi_user_oauth.model import ConnectionStatus
from multi_user_oauth.sandbox.company import Account
from tests.crash.checker import check, record, works
from tests.crash.child import RECEIVED
from tests.crash.deployment import GOOGLE, MICROSOFT, Deployment, key_of, people
from tests.support.processes import Process, until

SENT: Final = "sent"
"""The provider has the request, and has not answered."""
WRITTEN: Final = "written"
"""The commit has landed, and nobody was told."""
PLACES: Final = ("claimed", "prepared", SENT, RECEIVED, "answered", WRITTEN, "committed")
UNSTORED: Final = (SENT, RECEIVED, "answered")
KEEPING: Final = {"static": GOOGLE, "lax": MICROSOFT}
ROTATING: Final = {"single": GOOGLE, "strict": MICROSOFT}
ONE_OF_EACH: Final = ("static", "strict")
"""A provider that keeps the old token, and one that does not; the other two are killed in `make soak`."""
CASES: Final = [(mode, place) for mode in ONE_OF_EACH for place in PLACES]
AT_ONCE: Final = 4

Deploy = Callable[..., Deployment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """One process that was killed, and what the provider had been asked by then."""

    deployment: Deployment
    account: Account
    connector_type: str
    mode: str
    place: str
    asked: int

    def verify(self) -> None:
        """Raise `AssertionError` unless everything is as good as this provider allows."""
        email, key = self.account.email, key_of(self.account, self.connector_type)
        got_an_answer = self.place not in ("claimed", "prepared")
        assert self.asked == (1 if got_an_answer else 0)
        unstored = self.place in UNSTORED
        if unstored and self.mode in ROTATING:
            for _ in range(3):
                with pytest.raises(NeedsSignInError):
                    works(self.deployment, key)
            assert record(self.deployment, key).status is ConnectionStatus.NEEDS_SIGN_IN
            assert self.deployment.asked(email) == 2, "the provider is asked for ever"
            check(self.deployment, key)
            self.deployment.sign_in(self.account, self.connector_type)
            works(self.deployment, key)
        else:
            works(self.deployment, key)
            works(self.deployment, key)
            assert self.deployment.asked(email) == (2 if unstored else 1)
        assert record(self.deployment, key).status is ConnectionStatus.ACTIVE
        check(self.deployment, key)


def kill_refreshes(
    deploy: Deploy, modes: Collection[str] = (*KEEPING, *ROTATING)
) -> dict[tuple[str, str], Killed]:
    """Kill a refreshing process for each case; when this returns, their leases have run out."""
    keeping, rotating = (
        {mode: kind for mode, kind in kinds.items() if mode in modes}
        for kinds in (KEEPING, ROTATING)
    )
    return {**_kill(deploy, keeping), **_kill(deploy, rotating)}


def _kill(deploy: Deploy, kinds: dict[str, str]) -> dict[tuple[str, str], Killed]:
    persons = people(*(f"{mode}-{place}" for mode in kinds for place in PLACES))
    deployment = deploy(*persons.values())
    cases = [(mode, place) for mode in kinds for place in PLACES]
    deployment.sign_in_long_ago(*((persons[f"{m}-{p}"], kinds[m]) for m, p in cases))
    deployment.set_mode(**{connector_type: mode for mode, connector_type in kinds.items()})

    one_held = Lock()

    def kill(case: tuple[str, str]) -> Killed:
        mode, place = case
        account = persons[f"{mode}-{place}"]
        if place == SENT:
            with one_held:
                process = kill_while_asking(deployment, account, kinds[mode])
        else:
            named = {"place": "main.write", "nth": 2} if place == WRITTEN else {"place": place}
            process = ask(deployment, account, kinds[mode], **named)
        assert process.ended() == -SIGKILL
        process.stop()
        return Killed(
            deployment=deployment,
            account=account,
            connector_type=kinds[mode],
            mode=mode,
            place=place,
            asked=deployment.asked(account.email),
        )

    with ThreadPoolExecutor(AT_ONCE) as pool:
        killed = dict(zip(cases, pool.map(kill, cases), strict=True))
    deployment.end_leases()
    return killed


def kill_while_asking(deployment: Deployment, account: Account, connector_type: str) -> Process:
    """Kill a process whose request the provider has; it works the request off all the same."""
    deployment.hold_provider(account, connector_type)
    process = ask(deployment, account, connector_type)
    deployment.held.wait()
    process.send(SIGKILL)
    process.ended()
    deployment.held.let_go()
    until(lambda: deployment.asked(account.email) == 1, "the provider has worked it off")
    return process


def ask(
    deployment: Deployment,
    account: Account,
    connector_type: str,
    *,
    threads: int = 1,
    signal: Signals = SIGKILL,
    **task: Any,  # noqa: ANN401  # reason: as child.py reads it
) -> Process:
    """Start a process that asks for a person's token; at the place it sends itself the signal."""
    process = start(
        deployment, do="tokens", connector_type=connector_type, user_email=account.email,
        signal=signal, threads=threads, **task,
    )  # fmt: skip
    assert process.hear() == "ready"
    process.say("go")
    return process


def start(
    deployment: Deployment,
    *,
    changes: dict[str, str] | None = None,
    **task: Any,  # noqa: ANN401  # reason: as child.py reads it
) -> Process:
    """Start a process with a task, and with these settings changed."""
    changes = changes or {}
    process = Process(
        "child", ["-m", "tests.crash.child"], settings=deployment.environment | changes
    )
    deployment.processes.append(process)
    values = deployment.values | changes
    process.say({"values": values, "clock": str(deployment.clock.file), **task})
    return process
