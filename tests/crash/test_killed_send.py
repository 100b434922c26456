"""A process that dies while it sends a mail: the same key again sends no second one."""

from dataclasses import dataclass
from datetime import timedelta
from signal import SIGKILL
from typing import Any, Final

import pytest
from flask.testing import FlaskClient

from multi_user_oauth.sandbox.company import DEFAULT_AGENT, Account
from multi_user_oauth.sending import HELD_FOR
from multi_user_oauth.wiring.world import World
from tests.crash.child import RECEIVED
from tests.crash.deployment import MICROSOFT, ORIGIN, Deployment, people, web
from tests.crash.killing import Deploy, start

PREPARED: Final = "send.prepared"
DONE: Final = "send.done"
CASES: Final = {
    # Kind and place: the how-many-eth POST it is that sends, and what the next two calls are told.
    ("outlook", PREPARED): (1, "send_in_progress", "sent"),
    ("outlook", RECEIVED): (2, "sent", "sent"),
    ("gmail", RECEIVED): (1, "sent", "sent"),
    ("gmail", DONE): (1, "sent", "sent"),
    (MICROSOFT, RECEIVED): (1, "send_in_progress", "outcome_unknown"),
}
"""`outlook` and `gmail` may look whether a mail was sent; the others may send, and nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """How many mails had gone out when it died, and at the end; what the calls after it were told."""

    mails: tuple[int, int]
    told: tuple[str, str, str]


@pytest.fixture(scope="module")
def after(deploy: Deploy) -> dict[tuple[str, str], After]:
    """Kill them."""
    return kill_sends(deploy)


def kill_sends(deploy: Deploy) -> dict[tuple[str, str], After]:
    """Kill one process for each case, all at the same time, and call again: at once, and later."""
    persons = people(
        *(f"{kind.partition('_')[0]}-{place.replace('.', '')}" for kind, place in CASES)
    )
    deployment = deploy(*persons.values())
    cases = list(zip(CASES, persons.values(), strict=True))
    for (kind, _), account in cases:
        deployment.sign_in(account, kind)
    processes = [
        start(deployment, do="request", place=place, nth=CASES[kind, place][0],
              **_request(deployment, kind, account))
        for (kind, place), account in cases
    ]  # fmt: skip
    for process in processes:
        assert process.ended() == -SIGKILL
        process.stop()

    clock = deployment.clock
    world = World(now=clock, sleep=lambda seconds: clock.advance(timedelta(seconds=seconds)))
    client = web(deployment.values, world).test_client()
    died = {case: mails(deployment, account) for case, account in cases}
    told: dict[tuple[str, str], list[str]] = {case: [] for case, _ in cases}
    for wait in (timedelta(0), HELD_FOR, timedelta(0)):
        deployment.clock.advance(wait)
        for case, account in cases:
            told[case].append(_send(deployment, client, case[0], account))
    return {
        case: After(mails=(died[case], mails(deployment, account)), told=tuple(told[case]))  # type: ignore[arg-type]  # reason: three
        for case, account in cases
    }


def mails(deployment: Deployment, account: Account) -> int:
    """Return how many mails this person has sent."""
    return sum(mail.sender == account.email for mail in deployment.sandbox.mailbox())


def _send(deployment: Deployment, client: FlaskClient, kind: str, account: Account) -> str:
    asked = _request(deployment, kind, account)
    answer = client.post(asked["path"], json=asked["json"], headers=asked["headers"])
    told: dict[str, str] = answer.get_json()
    return told.get("code") or told["status"]


def _request(deployment: Deployment, kind: str, account: Account) -> dict[str, Any]:
    bearer = deployment.sandbox.identity_token(ORIGIN, DEFAULT_AGENT)
    return {
        "method": "POST",
        "path": f"/api/v1/connectors/{kind}/send_email",
        "headers": {"Authorization": f"Bearer {bearer}", "Idempotency-Key": "weekly-report"},
        "json": {"user_email": account.email, "to": "john@company.com", "subject": "Once"},
    }


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_mail_is_sent_once_whoever_dies(
    after: dict[tuple[str, str], After], case: tuple[str, str]
) -> None:
    """
    N67: SIGKILL before the sending, after the provider's answer, before it was written down.

    The same key again tells what became of it where that can be looked up, or that nobody knows.
    """
    _, at_once, later = CASES[case]
    assert after[case].mails == (0 if case[1] == PREPARED else 1, 1)
    assert after[case].told == (at_once, later, later)
