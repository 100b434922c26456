"""The places that the contract holds for: a new one is one class here and one more param of `place`."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import yaml
from botocore.exceptions import ConnectTimeoutError
from google.api_core.exceptions import AlreadyExists
from google.cloud.secretmanager_v1 import SecretManagerServiceClient

from multi_user_oauth.client_secrets import aws
from multi_user_oauth.client_secrets.aws import AwsClientSecrets
from multi_user_oauth.client_secrets.local import LocalClientSecrets
from multi_user_oauth.client_secrets.secret_manager import SecretManagerClientSecrets
from multi_user_oauth.ports import ClientSecrets, Clock
from multi_user_oauth.sandbox.cloud import FOR_EVER, Fault
from tests.support.cloud import OPERATOR, PROJECT, REFRESH, Cloud

Stored = Mapping[str, Sequence[str]]


class Place(Protocol):
    """Somewhere to keep client secrets."""

    def store(self, secrets: Stored) -> None:
        """Make these the stored ones, each newest first."""

    def lose(self) -> None:
        """Let the place be out of reach."""

    def reader(self, now: Clock) -> ClientSecrets:
        """Return what is under test."""


class LocalPlace:
    """A file."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "client_secrets.yaml"

    def store(self, secrets: Stored) -> None:
        """Write it, a single value as `name: value`."""
        self.write({name: v[0] if len(v) == 1 else list(v) for name, v in secrets.items()})

    def write(self, content: object, mode: int = 0o600) -> None:
        """Write YAML, or bytes as they are, as an editor does: a new file takes the old one's name."""
        aside = self.file.with_suffix(".new")
        aside.write_bytes(
            content if isinstance(content, bytes) else yaml.safe_dump(content).encode()
        )
        aside.chmod(mode)
        aside.replace(self.file)

    def lose(self) -> None:
        """Delete it."""
        self.file.unlink()

    def reader(self, now: Clock) -> LocalClientSecrets:
        """Return the reader of this file."""
        return LocalClientSecrets(self.file, now=now)


class GooglePlace:
    """Secret Manager."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._made: set[str] = set()

    def store(self, secrets: Stored) -> None:
        """Make new versions, the newest last, and disable all that were there."""
        self.cloud.faults.clear()
        for name in self._made:
            self.disable(name)
        for name, values in secrets.items():
            self.create(name)
            for value in reversed(values):
                self.add(name, value.encode())

    def create(self, name: str) -> None:
        """Make a secret without a version, unless it is there."""
        if name not in self._made:
            self._made.add(name)
            with suppress(AlreadyExists):
                self._client.create_secret(request={"parent": PROJECT, "secret_id": name})
            self.disable(name)  # what another test left

    def add(self, name: str, value: bytes) -> str:
        """Add a version and return its name."""
        request = {"parent": f"{PROJECT}/secrets/{name}", "payload": {"data": value}}
        return self._client.add_secret_version(request=request).name

    def disable(self, name: str) -> None:
        """Disable every version of a secret."""
        place = f"{PROJECT}/secrets/{name}"
        request = {"parent": place, "filter": "state:ENABLED"}
        for version in list(self._client.list_secret_versions(request=request)):
            self._client.disable_secret_version(request={"name": version.name})

    def lose(self) -> None:
        """Let Secret Manager be away."""
        self.cloud.faults.add(
            Fault(method="ListSecretVersions", status="UNAVAILABLE", times=FOR_EVER)
        )

    def reader(self, now: Clock) -> SecretManagerClientSecrets:
        """Return a reader with little patience."""
        return SecretManagerClientSecrets(
            self.cloud.secrets(REFRESH), PROJECT.partition("/")[2], now=now, give_up_after=1.0
        )

    @property
    def _client(self) -> SecretManagerServiceClient:
        return self.cloud.secrets(OPERATOR)


class AwsPlace:
    """
    AWS Secrets Manager, as moto plays it.

    Not as AWS: a deleted secret is gone at once (`ForceDeleteWithoutRecovery` takes AWS a moment), and
    who may read it is asked of nobody.
    """

    def __init__(self) -> None:
        self._client = aws_client()

    def store(self, secrets: Stored) -> None:
        """Delete what was there, and put the values, the newest last."""
        self._client.meta.events.unregister("before-send.secretsmanager", unique_id="lost")
        for secret in self._client.list_secrets()["SecretList"]:
            self._client.delete_secret(SecretId=secret["ARN"], ForceDeleteWithoutRecovery=True)
        for name, values in secrets.items():
            *older, oldest = values
            self._client.create_secret(Name=name, SecretString=oldest)
            for value in reversed(older):
                self._client.put_secret_value(SecretId=name, SecretString=value)

    def lose(self) -> None:
        """Let no connection come about."""
        events = self._client.meta.events
        events.register_first("before-send.secretsmanager", _no_connection, unique_id="lost")

    def reader(self, now: Clock) -> AwsClientSecrets:
        """Return the reader."""
        return AwsClientSecrets(self._client, now=now)


def _no_connection(**_: object) -> None:
    raise ConnectTimeoutError(endpoint_url="https://secretsmanager.example")


@cache
def aws_client() -> Any:  # noqa: ANN401  # reason: boto3 has no types
    """Return our client; it is made once, since reading AWS's description of the API takes long."""
    return aws.connect("eu-central-1")
