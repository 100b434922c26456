"""What only AWS KMS can do to us; where moto is not as AWS, its answers are scripted."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from multi_user_oauth.errors import ConfigurationError, KeysUnavailableError, TamperedError
from multi_user_oauth.keys.aws_kms import AwsKmsDecrypter, AwsKmsEncrypter, key_version
from tests.contract.keys.services import CountingMeter, aws_client, new_arn
from tests.support.aws import moto_aws

DATA_KEY = bytes(range(32))
AAD = b"ada, and nowhere else"
ARN = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
METER = CountingMeter()


class Scripted:
    """A client that says what it is told to, and remembers what it was asked."""

    def __init__(self, answer: Mapping[str, Any] | Exception) -> None:
        self.asked: list[dict[str, object]] = []
        self._answer = answer

    def encrypt(self, **request: object) -> Mapping[str, Any]:
        """Answer."""
        self.asked.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    decrypt = encrypt


def refusing(code: str) -> Scripted:
    """Return a client that refuses with this code, and a text that must not be passed on."""
    return Scripted(ClientError({"Error": {"Code": code, "Message": "said by AWS"}}, "Decrypt"))


def wrapped() -> bytes:
    """Return a data key, wrapped."""
    answer = {"CiphertextBlob": b"ciphertext", "KeyId": ARN}
    return AwsKmsEncrypter(Scripted(answer), ARN, meter=METER).encrypt(DATA_KEY, AAD)


@pytest.fixture
def aws() -> Iterator[None]:
    """AWS as moto plays it."""
    with moto_aws():
        yield


@pytest.mark.usefixtures("aws")
def test_after_a_rotation_old_keys_open() -> None:
    """AWS rotates inside the key, and does not show it: the label is the key's id."""
    arn = new_arn()
    encrypter = AwsKmsEncrypter(aws_client(), arn, meter=METER)
    decrypter = AwsKmsDecrypter(aws_client(), arn, meter=METER)
    old = encrypter.encrypt(DATA_KEY, AAD)
    aws_client().rotate_key_on_demand(KeyId=arn)
    new = encrypter.encrypt(DATA_KEY, AAD)

    assert key_version(old) == key_version(new) == arn.rpartition("/")[2]
    assert [decrypter.decrypt(each, AAD) for each in (old, new)] == [DATA_KEY] * 2


def test_the_context_names_nobody() -> None:
    """CloudTrail writes the encryption context down; it binds the AAD and does not show it."""
    service = Scripted({"CiphertextBlob": b"ciphertext", "KeyId": ARN})
    AwsKmsEncrypter(service, ARN, meter=METER).encrypt(DATA_KEY, AAD)

    assert service.asked[0]["EncryptionContext"] == {
        "aad-sha256": "27c5650d0f78c5f215c6c3eb3954f975e3ab5752e53fd906123e301816c71aed"
    }


def test_another_keys_wrapping_is_refused_without_a_call() -> None:
    """The label says whose it is."""
    service = Scripted(AssertionError("asked"))
    other = AwsKmsDecrypter(service, ARN.replace("1234abcd", "4321abcd"), meter=METER)

    with pytest.raises(TamperedError, match="not held here"):
        other.decrypt(wrapped(), AAD)


@pytest.mark.parametrize("code", ["InvalidCiphertextException", "IncorrectKeyException"])
def test_a_ciphertext_that_is_not_this_keys_is_tampered_with(code: str) -> None:
    """As AWS says it."""
    with pytest.raises(TamperedError) as refusal:
        AwsKmsDecrypter(refusing(code), ARN, meter=METER).decrypt(wrapped(), AAD)
    assert refusal.value.__context__ is None


@pytest.mark.parametrize(
    "code",
    ["AccessDeniedException", "DisabledException", "KMSInvalidStateException", "NotFoundException",
     "KeyUnavailableException", "ThrottlingException", "KMSInternalException", "Unheard-of"],
)  # fmt: skip
def test_every_other_refusal_is_unavailable(code: str) -> None:
    """A disabled key can be enabled again: moto would decrypt with it, so this is scripted."""
    message = rf"{ARN}: AWS KMS does not serve us now \({code}\)"
    with pytest.raises(KeysUnavailableError, match=message) as refusal:
        AwsKmsDecrypter(refusing(code), ARN, meter=METER).decrypt(wrapped(), AAD)
    assert refusal.value.__context__ is None
    with pytest.raises(KeysUnavailableError, match=message):
        AwsKmsEncrypter(refusing(code), ARN, meter=METER).encrypt(DATA_KEY, AAD)


def test_a_ciphertext_refused_at_wrapping_is_unavailable() -> None:
    """It makes no sense, and is no reason to cry tampering."""
    with pytest.raises(KeysUnavailableError):
        AwsKmsEncrypter(refusing("InvalidCiphertextException"), ARN, meter=METER).encrypt(
            DATA_KEY, AAD
        )


def test_an_answer_by_another_key_is_not_used() -> None:
    """Neither to seal nor to open."""
    other = Scripted({"CiphertextBlob": b"c", "Plaintext": DATA_KEY, "KeyId": f"{ARN}0"})
    with pytest.raises(KeysUnavailableError, match="another key"):
        AwsKmsEncrypter(other, ARN, meter=METER).encrypt(DATA_KEY, AAD)
    with pytest.raises(KeysUnavailableError, match="another key"):
        AwsKmsDecrypter(other, ARN, meter=METER).decrypt(wrapped(), AAD)


def test_another_data_key_than_was_wrapped_is_refused() -> None:
    """AWS has no checksums; ours is enough."""
    forging = Scripted({"Plaintext": bytes(32), "KeyId": ARN})
    with pytest.raises(TamperedError):
        AwsKmsDecrypter(forging, ARN, meter=METER).decrypt(wrapped(), AAD)


def test_a_dead_connection_is_unavailable() -> None:
    """As every error of the library."""
    away = Scripted(ConnectTimeoutError(endpoint_url="https://kms.example"))
    with pytest.raises(KeysUnavailableError, match="ConnectTimeoutError"):
        AwsKmsDecrypter(away, ARN, meter=METER).decrypt(wrapped(), AAD)


@pytest.mark.parametrize("name", ["", "alias/tokens", ARN.replace("key/", "alias/"), f"{ARN}\n"])
def test_only_a_keys_own_arn_will_do(name: str) -> None:
    """An alias can be moved to another key, and then nothing would open."""
    with pytest.raises(ConfigurationError, match="expected the ARN of a key"):
        AwsKmsEncrypter(Scripted({}), name, meter=METER)
