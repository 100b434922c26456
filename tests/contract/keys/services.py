"""The key services that the contracts hold for: a new one is one function here and one more param."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from multi_user_oauth.keys import aws_kms
from multi_user_oauth.keys.aws_kms import AwsKms, AwsKmsDecrypter, AwsKmsEncrypter
from multi_user_oauth.keys.cloud_kms import CloudKmsDecrypter, CloudKmsEncrypter
from multi_user_oauth.keys.envelope import KeyDecrypter, KeyEncrypter
from multi_user_oauth.keys.local import LocalDecrypter, LocalEncrypter
from multi_user_oauth.model import Kind
from tests.support.cloud import CALLBACK, REFRESH, Cloud

REGION: Final = "eu-central-1"


class CountingMeter:
    """A `Meter` that can be read."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def count(self, operation: str, number: int = 1) -> None:
        """As the port."""
        self.counts[operation] += number


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyService:
    """Two keys of one key service, and what it would bill."""

    encrypters: Mapping[Kind, KeyEncrypter]
    decrypters: Mapping[Kind, KeyDecrypter]
    meter: CountingMeter


@cache
def local_service(directory: Path) -> KeyService:
    """Return the key service whose files `provision` made in this directory: reading them takes long."""
    meter = CountingMeter()
    return KeyService(
        encrypters={
            kind: LocalEncrypter(directory / f"{kind}.public.pem", meter=meter) for kind in Kind
        },
        decrypters={
            kind: LocalDecrypter(directory / f"{kind}.private.pem", meter=meter) for kind in Kind
        },
        meter=meter,
    )


def google_service(cloud: Cloud) -> KeyService:
    """Return two keys of Cloud KMS, used by who may encrypt only, and by who may decrypt."""
    meter = CountingMeter()
    keys = {kind: cloud.new_key() for kind in Kind}
    callback, refresh = (cloud.our_kms(caller, meter=meter) for caller in (CALLBACK, REFRESH))
    return KeyService(
        encrypters={kind: CloudKmsEncrypter(callback, keys[kind]) for kind in Kind},
        decrypters={kind: CloudKmsDecrypter(refresh, keys[kind]) for kind in Kind},
        meter=meter,
    )


class LikeAws:
    """
    Moto's AWS KMS, corrected where the contract meets what is not as AWS.

    To a ciphertext of another key moto says AccessDeniedException; AWS says IncorrectKeyException, or
    InvalidCiphertextException where no key is to be found in it. Moreover moto lets everybody use every
    key and decrypts with one that is disabled or about to be deleted: what only AWS can refuse is tested
    in test_aws_kms.py with scripted answers.
    """

    def __init__(self, moto: AwsKms) -> None:
        self._moto = moto

    def encrypt(self, **request: object) -> Mapping[str, Any]:
        """As moto."""
        return self._moto.encrypt(**request)

    def decrypt(self, **request: object) -> Mapping[str, Any]:
        """As AWS."""
        try:
            return self._moto.decrypt(**request)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code != "AccessDeniedException":
                raise
            raise ClientError({"Error": {"Code": "IncorrectKeyException"}}, "Decrypt") from error


def aws_service() -> KeyService:
    """Return two keys of AWS KMS, as moto plays it: call it inside of `mock_aws`."""
    meter = CountingMeter()
    client = LikeAws(aws_client())
    arns = two_arns()
    return KeyService(
        encrypters={kind: AwsKmsEncrypter(client, arns[kind], meter=meter) for kind in Kind},
        decrypters={kind: AwsKmsDecrypter(client, arns[kind], meter=meter) for kind in Kind},
        meter=meter,
    )


@cache
def aws_client() -> Any:  # noqa: ANN401  # reason: boto3 has no types
    """Return our client; it is made once, since reading AWS's description of the API takes long."""
    return aws_kms.connect(REGION)


@cache
def two_arns() -> Mapping[Kind, str]:
    """Make two keys of AWS KMS, once."""
    return {kind: new_arn() for kind in Kind}


def new_arn() -> str:
    """Make a key of AWS KMS and return its ARN."""
    return str(aws_client().create_key()["KeyMetadata"]["Arn"])
