"""Everybody asks for one token that has run out, at the same moment: the provider is asked once."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Barrier

import pytest
import requests

from tests.crash.checker import check, works
from tests.crash.deployment import API, GOOGLE, MICROSOFT, ORIGIN, key_of, people
from tests.crash.killing import Deploy, start
from tests.crash.processes import Served
from tests.support.processes import PATIENCE

PROCESSES, THREADS = 4, 8


@pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
def test_32_threads_in_4_processes_cause_one_refresh(
    deploy_here: Deploy, connector_type: str
) -> None:
    """
    N79: With a provider that ends the grant if a token is used twice, all of them get the new token.

    Over Firestore, tests/cloud has a hundred.
    """
    sarah = people("asked-for")["asked-for"]
    deployment, key = deploy_here(sarah), key_of(sarah, connector_type)
    deployment.sign_in_long_ago((sarah, connector_type))
    deployment.set_mode(**{connector_type: "strict"})
    processes = [
        start(deployment, do="tokens", threads=THREADS, connector_type=connector_type,
              user_email=sarah.email)
        for _ in range(PROCESSES)
    ]  # fmt: skip
    for process in processes:
        assert process.hear() == "ready"

    for process in processes:
        process.say("go")
    got = [token for process in processes for token in process.hear()]

    for process in processes:
        assert process.ended() == 0
        process.stop()
    assert deployment.asked(sarah.email) == 1
    assert got == [works(deployment, key).digest] * PROCESSES * THREADS
    check(deployment, key)


def test_functions_in_processes_of_their_own_cause_one_refresh(served: Served) -> None:
    """
    N79: Three instances of `access_token` ask `refresh` over HTTP, as their service account.

    No token travels between them: each reads the record again.
    """
    deployment, john = served.deployment, served.expired
    token = deployment.sandbox.identity_token(ORIGIN)
    urls = [served.urls[f"access_token_{number}"] for number in range(3)] * 8
    start_together = Barrier(len(urls))

    def get(url: str) -> str:
        start_together.wait(PATIENCE)
        answer = requests.get(
            f"{url}{API}/user/{MICROSOFT}/{john.email}/token",
            headers={"Authorization": f"Bearer {token}"},
            timeout=PATIENCE,
        )
        assert answer.status_code == 200, answer.json()["code"]
        return str(answer.json()["access_token"])

    with ThreadPoolExecutor(len(urls)) as pool:
        got = set(pool.map(get, urls))

    assert len(got) == 1
    assert deployment.asked(john.email) == 1
    key = key_of(john, MICROSOFT)
    assert {sha256(token.encode()).hexdigest() for token in got} == {works(deployment, key).digest}
    check(deployment, key)
