"""What only Cloud KMS can do to us: rotate, refuse by identity, garble, be slow, be away."""

import time
import traceback
from collections.abc import Mapping
from typing import Any

import google_crc32c
import pytest
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession

from multi_user_oauth.errors import KeysUnavailableError, TamperedError
from multi_user_oauth.keys.cloud_kms import CloudKmsDecrypter, CloudKmsEncrypter, key_version
from multi_user_oauth.keys.cloud_kms_rest import CloudKms, Patience
from multi_user_oauth.keys.wrapped import WrappedKey
from multi_user_oauth.sandbox.cloud import FOR_EVER, Fault
from multi_user_oauth.sandbox.cloud.faults import Spoilt
from tests.contract.keys.services import CountingMeter
from tests.support.cloud import CALLBACK, KEY_RING, REFRESH, STRANGER, Cloud
from tests.support.draw import CountingDraw

DATA_KEY = bytes(range(32))
AAD = b"ada, and nowhere else"
SOON = 0.4  # seconds, instead of four
PASSING = ["UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"]
FINAL = ["PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION", "INTERNAL", "UNAUTHENTICATED"]


@pytest.fixture
def key_name(cloud: Cloud) -> str:
    """A new key."""
    return cloud.new_key()


def encrypter(cloud: Cloud, key_name: str, caller: str = CALLBACK) -> CloudKmsEncrypter:
    """Return an encrypter with little patience."""
    return CloudKmsEncrypter(cloud.our_kms(caller, give_up_after=SOON), key_name)


def decrypter(cloud: Cloud, key_name: str, caller: str = REFRESH) -> CloudKmsDecrypter:
    """Return a decrypter with little patience."""
    return CloudKmsDecrypter(cloud.our_kms(caller, give_up_after=SOON), key_name)


def asked(cloud: Cloud, method: str) -> int:
    """Return how often Cloud KMS was asked."""
    return sum(call.method == method for call in cloud.calls.as_list())


def test_after_a_rotation_old_keys_open_and_new_ones_say_so(cloud: Cloud, key_name: str) -> None:
    """Nothing needs to be sealed anew at once, and what is not can be counted."""
    old = encrypter(cloud, key_name).encrypt(DATA_KEY, AAD)
    assert cloud.rotate(key_name) == "2"
    new = encrypter(cloud, key_name).encrypt(DATA_KEY, AAD)

    assert (key_version(old), key_version(new)) == ("1", "2")
    for wrapped in (old, new):
        assert decrypter(cloud, key_name).decrypt(wrapped, AAD) == DATA_KEY


def test_a_disabled_version_is_unavailable_not_tampered_with(cloud: Cloud, key_name: str) -> None:
    """N53: Somebody can enable it again: nobody is told that their data is spoilt."""
    wrapped = encrypter(cloud, key_name).encrypt(DATA_KEY, AAD)
    cloud.rotate(key_name)
    cloud.disable(key_name, "1")

    with pytest.raises(KeysUnavailableError, match="FAILED_PRECONDITION"):
        decrypter(cloud, key_name).decrypt(wrapped, AAD)


def test_who_may_only_encrypt_can_not_decrypt(cloud: Cloud, key_name: str) -> None:
    """N53: The right is asked of IAM by identity, whatever our code would like."""
    wrapped = encrypter(cloud, key_name, CALLBACK).encrypt(DATA_KEY, AAD)

    with pytest.raises(KeysUnavailableError, match="PERMISSION_DENIED"):
        decrypter(cloud, key_name, CALLBACK).decrypt(wrapped, AAD)
    with pytest.raises(KeysUnavailableError, match="PERMISSION_DENIED"):
        encrypter(cloud, key_name, STRANGER).encrypt(DATA_KEY, AAD)
    assert asked(cloud, "Decrypt") == 1


def test_a_key_that_is_not_there_is_named(cloud: Cloud) -> None:
    """An operator must find out which one was meant."""
    name = f"{KEY_RING}/cryptoKeys/nowhere"
    with pytest.raises(KeysUnavailableError, match=f"{name}: .*NOT_FOUND"):
        encrypter(cloud, name).encrypt(DATA_KEY, AAD)


@pytest.mark.parametrize(
    "spoilt",
    ["wrong_crc", "missing_crc", "unverified_data", "unverified_aad", "wrong_name", "corrupted"],
)
def test_a_garbled_wrapping_is_asked_for_once_more(
    cloud: Cloud, key_name: str, spoilt: Spoilt
) -> None:
    """N49: Once garbled: the second answer counts. Twice: nothing is sealed with it."""
    cloud.faults.add(Fault(method="Encrypt", spoilt=spoilt))
    wrapped = encrypter(cloud, key_name).encrypt(DATA_KEY, AAD)
    assert decrypter(cloud, key_name).decrypt(wrapped, AAD) == DATA_KEY
    assert asked(cloud, "Encrypt") == 2

    cloud.faults.add(Fault(method="Encrypt", spoilt=spoilt, times=FOR_EVER))
    with pytest.raises(KeysUnavailableError, match="GarbledAnswer"):
        encrypter(cloud, key_name).encrypt(DATA_KEY, AAD)
    assert asked(cloud, "Encrypt") == 4


@pytest.mark.parametrize("spoilt", ["wrong_crc", "missing_crc", "corrupted"])
def test_a_garbled_data_key_is_asked_for_once_more(
    cloud: Cloud, key_name: str, spoilt: Spoilt
) -> None:
    """N49: Once garbled: the second answer counts. Twice: nothing is opened with it."""
    wrapped = encrypter(cloud, key_name).encrypt(DATA_KEY, AAD)
    cloud.faults.add(Fault(method="Decrypt", spoilt=spoilt))
    assert decrypter(cloud, key_name).decrypt(wrapped, AAD) == DATA_KEY
    assert asked(cloud, "Decrypt") == 2

    cloud.faults.add(Fault(method="Decrypt", spoilt=spoilt, times=FOR_EVER))
    with pytest.raises(KeysUnavailableError, match="GarbledAnswer"):
        decrypter(cloud, key_name).decrypt(wrapped, AAD)
    assert asked(cloud, "Decrypt") == 4


def test_checksums_go_along_both_ways(cloud: Cloud, key_name: str) -> None:
    """Cloud KMS can only verify what it is told; what it did not verify is not sound."""
    sent: list[Mapping[str, object]] = []
    pauses: list[float] = []

    class Recording(AuthorizedSession):
        """A session that remembers what it was asked."""

        def request(self, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401  # reason: the library's
            """As the library."""
            sent.append(more["json"])
            return super().request(*arguments, **more)  # type: ignore[no-untyped-call]  # reason: google-auth has no types here

    kms = CloudKms(
        Recording(AnonymousCredentials()),  # type: ignore[no-untyped-call]  # reason: google-auth has no types here
        cloud.local.rest_url(REFRESH),
        meter=CountingMeter(),
        patience=Patience(sleep=pauses.append, monotonic=time.monotonic, draw=CountingDraw()),
    )
    wrapped = CloudKmsEncrypter(kms, key_name).encrypt(DATA_KEY, AAD)
    CloudKmsDecrypter(kms, key_name).decrypt(wrapped, AAD)

    aad = str(google_crc32c.value(AAD))
    assert [request["additionalAuthenticatedDataCrc32c"] for request in sent] == [aad, aad]
    assert sent[0]["plaintextCrc32c"] == str(google_crc32c.value(DATA_KEY))
    ciphertext = WrappedKey.parse(wrapped).ciphertext
    assert sent[1]["ciphertextCrc32c"] == str(google_crc32c.value(ciphertext))


def test_a_forged_data_key_is_refused(cloud: Cloud, key_name: str) -> None:
    """N49: Another data key under a checksum that fits it is not the one that was wrapped."""
    wrapped = encrypter(cloud, key_name).encrypt(DATA_KEY, AAD)
    cloud.faults.add(Fault(method="Decrypt", spoilt="forged"))

    with pytest.raises(TamperedError):
        decrypter(cloud, key_name).decrypt(wrapped, AAD)


def test_a_garbled_answer_opens_no_second_chance_for_others(cloud: Cloud, key_name: str) -> None:
    """A refusal that follows is final."""
    cloud.faults.add(Fault(method="Encrypt", spoilt="wrong_crc"))
    cloud.faults.add(Fault(method="Encrypt", status="PERMISSION_DENIED", times=FOR_EVER))

    with pytest.raises(KeysUnavailableError, match="PERMISSION_DENIED"):
        encrypter(cloud, key_name).encrypt(DATA_KEY, AAD)
    assert asked(cloud, "Encrypt") == 2


@pytest.mark.parametrize("status", PASSING)
def test_what_passes_is_tried_again(cloud: Cloud, key_name: str, status: str) -> None:
    """A quota too: the library alone would not."""
    wrapped = encrypter(cloud, key_name).encrypt(DATA_KEY, AAD)
    cloud.faults.add(Fault(method="Decrypt", status=status))

    assert decrypter(cloud, key_name).decrypt(wrapped, AAD) == DATA_KEY
    assert asked(cloud, "Decrypt") == 2


@pytest.mark.parametrize("status", FINAL)
def test_what_does_not_pass_is_not_tried_again(cloud: Cloud, key_name: str, status: str) -> None:
    """It would cost the caller time and change nothing."""
    cloud.faults.add(Fault(method="Encrypt", status=status, times=FOR_EVER))

    with pytest.raises(KeysUnavailableError):
        encrypter(cloud, key_name).encrypt(DATA_KEY, AAD)
    assert asked(cloud, "Encrypt") == 1


def test_a_slow_answer_is_not_waited_for() -> None:
    """The next try may be quicker; if none is, it is given up."""
    with Cloud() as cloud:  # its own: the slow calls end when the test is over
        key_name = cloud.new_key()
        asking = CloudKmsEncrypter(cloud.our_kms(CALLBACK, give_up_after=1.0), key_name)
        cloud.faults.add(Fault(method="Encrypt", delay=1.0))
        assert asking.encrypt(DATA_KEY, AAD)

        cloud.faults.add(Fault(method="Encrypt", delay=1.0, times=FOR_EVER))
        with pytest.raises(KeysUnavailableError, match="ReadTimeout"):
            asking.encrypt(DATA_KEY, AAD)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method="Decrypt", status="INVALID_ARGUMENT"),
        Fault(method="Decrypt", status="PERMISSION_DENIED"),
        Fault(method="Decrypt", spoilt="corrupted", times=2),
        Fault(method="Decrypt", spoilt="forged"),
    ],
    ids=["tampered", "refused", "garbled", "forged"],
)
def test_no_error_says_more_than_which_key_and_why(
    cloud: Cloud, key_name: str, fault: Fault
) -> None:
    """Neither what the service said, nor the AAD, nor anything that was wrapped; nothing behind it."""
    wrapped = encrypter(cloud, key_name).encrypt(DATA_KEY, AAD)
    cloud.faults.add(fault)
    with pytest.raises((KeysUnavailableError, TamperedError)) as refusal:
        decrypter(cloud, key_name).decrypt(wrapped, AAD)
    shown = "".join(traceback.format_exception(refusal.value))

    assert refusal.value.__context__ is None
    assert "fault on demand" not in shown
    assert "ada" not in shown
