"""Client secrets in AWS Secrets Manager; only this module imports its library."""

import logging
from collections.abc import Mapping
from typing import Any, Final, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from multi_user_oauth.client_secrets.kept import KeptSecrets, OutOfReachError
from multi_user_oauth.client_secrets.texts import secret_text
from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.model import Secret
from multi_user_oauth.ports import Clock

STAGES: Final = ("AWSCURRENT", "AWSPREVIOUS")
"""AWS keeps the label of the one before by itself."""

_NO_SUCH: Final = "ResourceNotFoundException"
_THROTTLED: Final = frozenset(
    {"ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"}
)
_SERVER_ERROR: Final = 500
# Two tries of at most 1.5 s, with at most a second between them; two calls: within eight seconds.
_CONFIG: Final = Config(
    connect_timeout=0.5,
    read_timeout=1.0,
    retries={"mode": "standard", "total_max_attempts": 2},
)

_log = logging.getLogger(__name__)


class AwsSecretsManager(Protocol):
    """What is used of boto3's Secrets Manager client, in its spelling."""

    def get_secret_value(self, **request: object) -> Mapping[str, Any]:
        """Return `SecretString` or `SecretBinary`."""


def connect(region: str, *, endpoint_url: str | None = None) -> AwsSecretsManager:
    """Return a client with bounded patience; nothing is opened yet."""
    session = boto3.session.Session(region_name=region)
    client: AwsSecretsManager = session.client(
        "secretsmanager", config=_CONFIG, endpoint_url=endpoint_url
    )
    return client


class AwsClientSecrets:
    """Implements `ClientSecrets` over the secrets `{prefix}{name}`: current and previous value."""

    def __init__(self, client: AwsSecretsManager, *, now: Clock, prefix: str = "") -> None:
        self._client = client
        self._prefix = prefix
        self._kept = KeptSecrets(self._read, now=now)

    def get(self, name: str) -> tuple[Secret, ...]:
        """Return the live secrets of this name, newest first; raise `KeysUnavailableError`."""
        return self._kept.get(name)

    def reload(self, name: str) -> tuple[Secret, ...]:
        """Return them as they are now: for once after a provider's `invalid_client`; same errors."""
        return self._kept.reload(name)

    def _read(self, name: str) -> tuple[Secret, ...]:
        place = f"{self._prefix}{name}"
        secrets = tuple(
            secret for stage in STAGES if (secret := self._secret(place, stage)) is not None
        )
        if not secrets:
            message = f"{place}: AWS Secrets Manager has no client secret of this name"
            raise KeysUnavailableError(message)
        return secrets

    def _secret(self, place: str, stage: str) -> Secret | None:
        try:
            answer = self._client.get_secret_value(SecretId=place, VersionStage=stage)
        except ClientError as error:
            if _code(error) == _NO_SUCH:
                return None
            refusal = _refusal(place, error)
        except BotoCoreError as error:
            reason = type(error).__name__
            refusal = OutOfReachError(f"{place}: AWS Secrets Manager is out of reach ({reason})")
        else:
            return _text(answer, place, stage)
        # Not chained: what a service or the network said belongs in no log of ours.
        raise refusal


def _text(answer: Mapping[str, Any], place: str, stage: str) -> Secret | None:
    text = answer.get("SecretString")
    secret = secret_text(text.encode() if text is not None else answer.get("SecretBinary", b""))
    if secret is None:
        _log.error("%s, %s: expected text without white space around it; not used", place, stage)
    return secret


def _refusal(place: str, error: ClientError) -> KeysUnavailableError:
    code = _code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", _SERVER_ERROR)
    message = f"{place}: AWS Secrets Manager says {code}"
    passing = status >= _SERVER_ERROR or code in _THROTTLED
    return OutOfReachError(message) if passing else KeysUnavailableError(message)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "ClientError"))
