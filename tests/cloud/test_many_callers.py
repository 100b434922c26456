"""A hundred callers, one expired token, Firestore and Cloud KMS: the provider is asked once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from multi_user_oauth.audit import broken_at
from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.wiring.provision import provision
from tests.cloud.running import MICROSOFT
from tests.crash.deployment import CLIENT_SECRETS, Deployment, key_of
from tests.support.cloud import OPERATOR, PROJECT, REFRESH, Cloud
from tests.support.processes import Process

PROCESSES, CALLERS_EACH = 8, 13


class InGoogleCloud(Deployment):
    """The same product, with its records in Firestore and its keys and secrets in the local cloud."""

    def __init__(self, folder: Path, keys: Path, emulator: str, cloud: Cloud) -> None:
        super().__init__(folder, keys)
        self.environment = {"FIRESTORE_EMULATOR_HOST": emulator}
        databases = ("main", "activity")
        self.values |= self.environment | {
            "BACKEND": "gcp",
            "GOOGLE_CLOUD_PROJECT": PROJECT.partition("/")[2],
            "LOCAL_CLOUD": cloud.local.address(REFRESH),
            "LOCAL_KMS": cloud.local.rest_url(REFRESH),
            "ACCESS_KEY": cloud.new_key(),
            "REFRESH_KEY": cloud.new_key(),
            # Nobody used these before: the emulator may be one that is not emptied.
            **{f"FIRESTORE_{name.upper()}_DATABASE": f"{name}-{uuid4()}" for name in databases},
        }
        secrets = cloud.secrets(OPERATOR)
        for name, value in CLIENT_SECRETS.items():
            made = secrets.create_secret(
                request={
                    "parent": PROJECT,
                    "secret_id": name,
                    "secret": {"replication": {"automatic": {}}},
                }
            )
            secrets.add_secret_version(
                request={"parent": made.name, "payload": {"data": value.encode()}}
            )


@pytest.fixture
def deployment(
    tmp_path: Path, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InGoogleCloud]:
    """Give one in which nobody is connected."""
    provision(tmp_path / "made")
    with Cloud() as cloud:
        made = InGoogleCloud(tmp_path, tmp_path / "made", firestore_emulator, cloud)
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        yield made
        made.sandbox.stop()


def test_104_callers_in_8_processes_cause_one_refresh(deployment: InGoogleCloud) -> None:
    """With a provider that ends the grant if a token is used twice, all of them get the new token."""
    deployment.sign_in_long_ago((SARAH, MICROSOFT))
    deployment.set_mode(**{MICROSOFT: "strict"})
    task = {
        "do": "tokens",
        "values": deployment.values,
        "clock": str(deployment.clock.file),
        "threads": CALLERS_EACH,
        "patient": True,
        "connector_type": MICROSOFT,
        "user_email": SARAH.email,
    }
    with ExitStack() as undo:
        processes = []
        for _ in range(PROCESSES):
            process = Process(
                "caller", ["-m", "tests.crash.child"], settings=deployment.environment
            )
            undo.callback(process.stop)
            process.say(task)
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
