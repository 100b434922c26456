"""A hundred callers, one expired token, Firestore and Cloud KMS: the provider is asked once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest

from multi_user_oauth.audit import broken_at
from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.wiring.provision import provision
from tests.cloud.running import MICROSOFT
from tests.crash.deployment import key_of
from tests.crash.google_cloud import InGoogleCloud, rooms
from tests.crash.killing import start

PROCESSES, CALLERS_EACH = 8, 13


@pytest.fixture
def deployment(tmp_path: Path, firestore_emulator: str) -> Iterator[InGoogleCloud]:
    """Give one in which nobody is connected."""
    provision(tmp_path / "made")
    with rooms(firestore_emulator) as room:
        made = InGoogleCloud(tmp_path, tmp_path / "made", (), room)
        yield made
        made.stop()


def test_104_callers_in_8_processes_cause_one_refresh(deployment: InGoogleCloud) -> None:
    """N79: with a provider that ends the grant if a token is used twice, all get the new token."""
    deployment.sign_in_long_ago((SARAH, MICROSOFT))
    deployment.set_mode(**{MICROSOFT: "strict"})
    with ExitStack() as undo:
        processes = []
        for _ in range(PROCESSES):
            process = start(
                deployment, do="tokens", threads=CALLERS_EACH, patient=True,
                connector_type=MICROSOFT, user_email=SARAH.email,
            )  # fmt: skip
            undo.callback(process.stop)
            processes.append(process)
        for process in processes:
            assert process.hear() == "ready"

        for process in processes:
            process.say("go")
        got = [token for process in processes for token in process.hear()]

    assert len(got) == PROCESSES * CALLERS_EACH
    assert len(set(got)) == 1, Counter(got)
    assert deployment.asked(SARAH.email) == 1
    digest = got[0]
    token = deployment.manager.get_user_access_token(MICROSOFT, SARAH.email)
    assert sha256(token.value.reveal().encode()).hexdigest() == digest
    assert deployment.sandbox_token(token.value) is not None
    assert broken_at(deployment.parts.main.audit(key_of(SARAH, MICROSOFT))) is None
