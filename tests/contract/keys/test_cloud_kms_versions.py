"""An operator rotates a key and ends old versions of it."""

import pytest

from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.keys.cloud_kms import CloudKmsDecrypter, CloudKmsEncrypter, key_version
from multi_user_oauth.keys.cloud_kms_versions import CloudKmsVersions
from multi_user_oauth.sandbox.cloud import Fault
from tests.support.cloud import CALLBACK, KEY_RING, OPERATOR, REFRESH, Cloud


@pytest.fixture
def key_name(cloud: Cloud) -> str:
    """A new key."""
    return cloud.new_key()


@pytest.fixture
def versions(cloud: Cloud, key_name: str) -> CloudKmsVersions:
    """Its versions, in the operator's hands."""
    return CloudKmsVersions(cloud.our_kms(OPERATOR), key_name)


def test_a_rotation_makes_a_version_and_has_it_used(
    cloud: Cloud, key_name: str, versions: CloudKmsVersions
) -> None:
    """From the next wrapping on; the old version opens what it wrapped."""
    old = CloudKmsEncrypter(cloud.our_kms(CALLBACK), key_name).encrypt(bytes(32), b"")
    assert (versions.primary(), versions.states()) == ("1", {"1": "ENABLED"})

    assert versions.rotate() == "2"
    assert (versions.primary(), versions.states()) == ("2", {"1": "ENABLED", "2": "ENABLED"})
    new = CloudKmsEncrypter(cloud.our_kms(CALLBACK), key_name).encrypt(bytes(32), b"")
    assert [key_version(wrapped) for wrapped in (old, new)] == ["1", "2"]
    assert CloudKmsDecrypter(cloud.our_kms(REFRESH), key_name).decrypt(old, b"") == bytes(32)


def test_a_version_that_is_destroyed_opens_nothing(
    cloud: Cloud, key_name: str, versions: CloudKmsVersions
) -> None:
    """From that moment on, though Google keeps it for a while."""
    old = CloudKmsEncrypter(cloud.our_kms(CALLBACK), key_name).encrypt(bytes(32), b"")
    versions.rotate()
    versions.destroy("1")

    assert versions.states() == {"1": "DESTROY_SCHEDULED", "2": "ENABLED"}
    with pytest.raises(KeysUnavailableError, match="FAILED_PRECONDITION"):
        CloudKmsDecrypter(cloud.our_kms(REFRESH), key_name).decrypt(old, b"")
    with pytest.raises(KeysUnavailableError, match="FAILED_PRECONDITION"):
        versions.destroy("1")


def test_all_pages_are_read(cloud: Cloud, key_name: str, versions: CloudKmsVersions) -> None:
    """A hundred are a page."""
    for _ in range(100):
        cloud.kms(OPERATOR).create_crypto_key_version(request={"parent": key_name})
    assert list(versions.states()) == [str(number) for number in range(1, 102)]
    assert sum(call.method == "ListCryptoKeyVersions" for call in cloud.calls.as_list()) == 2


@pytest.mark.parametrize(
    ("method", "done"),
    [("CreateCryptoKeyVersion", "rotate"), ("UpdateCryptoKeyPrimaryVersion", "rotate")],
)
def test_a_change_is_tried_once(
    cloud: Cloud, versions: CloudKmsVersions, method: str, done: str
) -> None:
    """It may have been done though the answer was lost; whoever asked looks, and decides."""
    cloud.faults.add(Fault(method=method, status="UNAVAILABLE"))
    with pytest.raises(KeysUnavailableError, match="UNAVAILABLE"):
        getattr(versions, done)()
    assert sum(call.method == method for call in cloud.calls.as_list()) == 1
    assert versions.primary() == "1"


def test_a_look_is_tried_again(cloud: Cloud, versions: CloudKmsVersions) -> None:
    """It changes nothing."""
    cloud.faults.add(Fault(method="ListCryptoKeyVersions", status="UNAVAILABLE"))
    assert versions.states() == {"1": "ENABLED"}


def test_a_key_without_a_primary_version_is_named(cloud: Cloud) -> None:
    """As those that sign are."""
    name = f"{KEY_RING}/cryptoKeys/signs"
    cloud.kms(OPERATOR).create_crypto_key(
        request={
            "parent": KEY_RING,
            "crypto_key_id": "signs",
            "crypto_key": {
                "purpose": "ASYMMETRIC_SIGN",
                "version_template": {"algorithm": "RSA_SIGN_PKCS1_2048_SHA256"},
            },
        }
    )
    with pytest.raises(KeysUnavailableError, match=f"{name}: this key has no primary version"):
        CloudKmsVersions(cloud.our_kms(OPERATOR), name).primary()


def test_who_is_no_operator_changes_nothing(cloud: Cloud, key_name: str) -> None:
    """Cloud KMS says so."""
    versions = CloudKmsVersions(cloud.our_kms(REFRESH), key_name)
    for ask in (versions.states, versions.primary, versions.rotate):
        with pytest.raises(KeysUnavailableError, match="PERMISSION_DENIED"):
            ask()
