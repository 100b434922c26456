"""AWS KMS as a key service, for organisations whose keys live outside the cloud that holds the data.

Only this module imports its library. AWS KMS has no checksums of its own: TLS carries the bytes whole.
"""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, Never, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from multi_user_oauth.errors import ConfigurationError, KeysUnavailableError, TamperedError
from multi_user_oauth.keys.wrapped import WrappedKey, key_version
from multi_user_oauth.ports import Meter

__all__ = [
    "AwsKms",
    "AwsKmsDecrypter",
    "AwsKmsEncrypter",
    "AwsKmsVersions",
    "connect",
    "key_version",
]

LONGEST: Final = 6144  # bytes of ciphertext that Decrypt takes
_ARN: Final = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/([A-Za-z0-9-]{1,64})")
_NOT_OURS: Final = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})
# Two tries of at most 2.5 s, with at most a second between them.
_CONFIG: Final = Config(
    connect_timeout=1.0,
    read_timeout=1.5,
    retries={"mode": "standard", "total_max_attempts": 2},
)


class AwsKms(Protocol):
    """What is used of boto3's KMS client, in its spelling."""

    def encrypt(self, **request: object) -> Mapping[str, Any]:
        """Return `CiphertextBlob` and `KeyId`."""

    def decrypt(self, **request: object) -> Mapping[str, Any]:
        """Return `Plaintext` and `KeyId`."""


def connect(region: str, *, endpoint_url: str | None = None) -> AwsKms:
    """Return a client that gives up within six seconds; nothing is opened yet."""
    session = boto3.session.Session(region_name=region)
    client: AwsKms = session.client("kms", config=_CONFIG, endpoint_url=endpoint_url)
    return client


class AwsKmsEncrypter:
    """Implements `KeyEncrypter` with the key `arn:aws:kms:...:key/...`; an alias could be moved."""

    def __init__(self, client: AwsKms, key_arn: str, *, meter: Meter) -> None:
        self._client = client
        self._key_arn = key_arn
        self._key_id = _key_id(key_arn)
        self._meter = meter

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """Return the data key wrapped, for this AAD only; raise `KeysUnavailableError`."""
        self._meter.count("kms")
        answer = _asked(
            self._key_arn,
            lambda: self._client.encrypt(
                KeyId=self._key_arn, Plaintext=plaintext, EncryptionContext=_context(aad)
            ),
        )
        if answer is None:
            raise _unavailable(self._key_arn, "InvalidCiphertext")
        return bytes(
            WrappedKey.of(plaintext, key_version=self._key_id, ciphertext=answer["CiphertextBlob"])
        )


class AwsKmsDecrypter:
    """Implements `KeyDecrypter` with one key, whatever AWS has rotated inside it."""

    def __init__(self, client: AwsKms, key_arn: str, *, meter: Meter) -> None:
        self._client = client
        self._key_arn = key_arn
        self._key_id = _key_id(key_arn)
        self._meter = meter

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """Return the data key; raise `TamperedError`, or `KeysUnavailableError` (a disabled key)."""
        wrapped = WrappedKey.parse(ciphertext)
        if wrapped.key_version != self._key_id or len(wrapped.ciphertext) > LONGEST:
            raise TamperedError("a data key is wrapped by a key that is not held here")
        self._meter.count("kms")
        answer = _asked(
            self._key_arn,
            lambda: self._client.decrypt(
                KeyId=self._key_arn,
                CiphertextBlob=wrapped.ciphertext,
                EncryptionContext=_context(aad),
            ),
        )
        if answer is None:
            raise TamperedError("a wrapped data key does not open here")
        return wrapped.opened(answer["Plaintext"])


class AwsKmsVersions:
    """
    Implements `KeyRotation` as far as it goes: AWS keeps every version inside of the key, unseen.

    https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    """

    def __init__(self, key_arn: str) -> None:
        self._key_id = _key_id(key_arn)

    def states(self) -> Mapping[str, str]:
        """Return the one version that is to be seen: the key."""
        return {self._key_id: "ENABLED"}

    def primary(self) -> str:
        """Return the key's id."""
        return self._key_id

    def rotate(self) -> Never:
        """Refuse."""
        raise ConfigurationError("AWS KMS rotates a key by itself: switch that on there, once")

    def destroy(self, version: str) -> Never:
        """Refuse."""
        raise ConfigurationError(
            "AWS KMS keeps every version of a key for as long as the key lives"
        )


def _asked(key_arn: str, call: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the answer, None if the ciphertext is not this key's; raise `KeysUnavailableError`."""
    try:
        answer = call()
    except ClientError as error:
        reason = error.response.get("Error", {}).get("Code", "ClientError")
        if reason in _NOT_OURS:
            return None
    except BotoCoreError as error:
        reason = type(error).__name__
    else:
        if answer["KeyId"] == key_arn:
            return answer
        reason = "another key answered"
    # Not chained: what a service or the network said belongs in no log of ours.
    raise _unavailable(key_arn, reason)


def _unavailable(key_arn: str, reason: str) -> KeysUnavailableError:
    return KeysUnavailableError(f"{key_arn}: AWS KMS does not serve us now ({reason})")


def _context(aad: bytes) -> dict[str, str]:
    # Its hash: a context is at most 8 KiB of text, and CloudTrail writes it down in the clear, while
    # an AAD may be longer and names a person.
    return {"aad-sha256": sha256(aad).hexdigest()}


def _key_id(key_arn: str) -> str:
    match = _ARN.fullmatch(key_arn)
    if match is None:
        message = f"{key_arn}: expected the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID"
        raise ConfigurationError(message)
    return match[1]
