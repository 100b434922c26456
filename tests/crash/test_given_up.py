"""Whoever asked has gone, or the platform has: what was begun with the provider is finished."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import requests

from multi_user_oauth.sandbox.company import Account
from tests.crash.checker import check, record, works
from tests.crash.deployment import MICROSOFT, ORIGIN, Deployment, key_of, people
from tests.crash.killing import Deploy
from tests.support.processes import PATIENCE, Process, answers, free_ports, serving, until

HOST = ORIGIN.partition("://")[2]
GRACE = 10.0
"""Seconds that Cloud Run leaves an instance after SIGTERM."""


@contextmanager
def refresh_function(deployment: Deployment) -> Iterator[tuple[Process, str]]:
    """Serve `refresh` as a process; give it and its address."""
    (port,) = free_ports(1)
    process = Process("refresh", serving("refresh", port), settings=deployment.values, talks=False)
    try:
        until(lambda: answers(process, port), "it serves")
        yield process, f"http://127.0.0.1:{port}/refresh/one"
    finally:
        process.stop()


def ask(deployment: Deployment, url: str, account: Account, *, patience: float) -> int:
    """Ask for a refresh as `access_token` does; return the status, or 504 for the platform's."""
    identity = deployment.sandbox.identity_token(ORIGIN)
    body = {"connector_type": MICROSOFT, "user_email": account.email, "min_ttl": 300}
    headers = {"Host": HOST, "Authorization": f"Bearer {identity}"}
    try:
        return requests.post(url, json=body, headers=headers, timeout=patience).status_code
    except (requests.Timeout, requests.ConnectionError):
        return 504


def waiting(deploy: Deploy, name: str) -> tuple[Deployment, Account]:
    """Return a person whose refresh will wait at the provider, where a token is good once."""
    account = people(name)[name]
    deployment = deploy(account)
    deployment.sign_in_long_ago((account, MICROSOFT))
    deployment.set_mode(**{MICROSOFT: "strict"})
    deployment.hold_provider(account, MICROSOFT)
    return deployment, account


def test_what_nobody_waits_for_any_more_is_stored(deploy: Deploy) -> None:
    """
    F13: the deadline passes during the call, and the caller is told 504; the code goes on.

    Who asks again meanwhile does not ask the provider, and afterwards gets the new token.
    """
    deployment, otto = waiting(deploy, "given-up")
    key = key_of(otto, MICROSOFT)
    with refresh_function(deployment) as (_, url):
        assert ask(deployment, url, otto, patience=0.5) == 504
        deployment.held.wait()
        assert ask(deployment, url, otto, patience=PATIENCE) == 503
        assert record(deployment, key).generation == 1

        deployment.held.let_go()

        until(lambda: record(deployment, key).generation == 2, "it is stored")
        assert ask(deployment, url, otto, patience=PATIENCE) == 200
    works(deployment, key)
    assert deployment.asked(otto.email) == 1
    check(deployment, key)


def test_who_is_told_to_go_finishes_its_call(deploy: Deploy) -> None:
    """F14: SIGTERM during the call: the answer is stored, the lease given back, the caller served."""
    deployment, otto = waiting(deploy, "told-to-go")
    key = key_of(otto, MICROSOFT)
    statuses: list[int] = []
    with refresh_function(deployment) as (process, url):
        caller = Thread(
            target=lambda: statuses.append(ask(deployment, url, otto, patience=PATIENCE))
        )
        caller.start()
        deployment.held.wait()

        process.send(signal.SIGTERM)
        deployment.held.let_go()

        caller.join(GRACE)
        assert statuses == [200]
        until(lambda: process.returncode is not None, "it has ended")
    stored = record(deployment, key)
    assert (stored.generation, stored.lease) == (2, None)
    works(deployment, key)
    assert deployment.asked(otto.email) == 1
    check(deployment, key)
