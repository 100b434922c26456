"""Keys in AWS KMS and client secrets in AWS Secrets Manager, records in Firestore: settings say so."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import boto3
import pytest

from multi_user_oauth.sandbox.company import MARIA, SARAH, Account
from multi_user_oauth.wiring.provision import provision
from tests.support import installation as installed
from tests.support.aws import moto_aws
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor

REGION: Final = "eu-central-1"
OTHER_REGION: Final = "us-east-2"
"""Keys and secrets need not be in the same place."""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The settings that name our own keys."""
    return provision(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def installation(
    tmp_path: Path,
    keys: Mapping[str, str],
    firestore_emulator: str,
    firestore_project: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Installation]:
    """All functions, with nothing of theirs at Google Cloud but the databases."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    with moto_aws(), secrets_at_aws():
        yield Installation(
            tmp_path,
            {name: value for name, value in keys.items() if name not in {"KEY_DIR", "DATA_DIR"}},
            {
                "BACKEND": "gcp",
                "GOOGLE_CLOUD_PROJECT": firestore_project,
                "FIRESTORE_EMULATOR_HOST": firestore_emulator,
                "ACCESS_KEY": new_key(),
                "REFRESH_KEY": new_key(),
                "AWS_SECRETS_REGION": OTHER_REGION,
                "CLIENT_SECRETS_FILE": "/nowhere",
            },
        )


def new_key() -> str:
    """Make a key of AWS KMS and return its ARN."""
    made = boto3.client("kms", region_name=REGION).create_key()
    return str(made["KeyMetadata"]["Arn"])


@contextmanager
def secrets_at_aws() -> Iterator[None]:
    """Store the applications' secrets, under the names that the connector types give them."""
    client = boto3.client("secretsmanager", region_name=OTHER_REGION)
    secrets = {
        "microsoft": installed.MICROSOFT.client_secrets[0],
        "google": installed.GOOGLE.client_secrets[0],
    }
    for name, value in secrets.items():
        client.create_secret(Name=name, SecretString=value)
    yield
    for name in secrets:
        client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize(
    ("connector_type", "account"),
    [(MICROSOFT, SARAH), (GOOGLE, MARIA)],
    ids=["microsoft", "google"],
)
def test_the_whole_job_with_keys_and_secrets_at_aws(
    installation: Installation, connector_type: str, account: Account
) -> None:
    """Sign-in seals, a token read opens, a refresh opens and seals; every key call is counted."""
    installation.connect(connector_type, account)
    agent = installation.agent()
    first = agent.token(connector_type, account.email)
    assert first.status_code == 200, first.text
    assert installation.meter.counts()["kms"] == 1

    installation.clock.advance(7200)
    agent = installation.agent()
    second = agent.token(connector_type, account.email)
    assert second.status_code == 200, second.text
    assert second.json is not None
    assert first.json is not None
    assert second.json["access_token"] != first.json["access_token"]


def test_a_key_that_aws_does_not_have_is_unavailable(installation: Installation) -> None:
    """Nothing is stored, and nobody is told that their data is spoilt."""
    arn = f"arn:aws:kms:{REGION}:123456789012:key/11111111-2222-3333-4444-555555555555"
    installation.settings["REFRESH_KEY"] = arn
    refused = Visitor(installation).sign_in(MICROSOFT, SARAH)
    assert refused.status_code == 503
    assert installation.status(MICROSOFT, SARAH.email) is None
