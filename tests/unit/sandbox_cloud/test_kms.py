"""The local Cloud KMS does what Google's does, asked by Google's own client."""

import google_crc32c
import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    FailedPrecondition,
    GoogleAPICallError,
    InvalidArgument,
    NotFound,
)

from tests.support.cloud import CALLBACK, KEY_RING, OPERATOR, REFRESH, Cloud

AAD = b"aad"


@pytest.fixture
def key_name(cloud: Cloud) -> str:
    """A new key."""
    return cloud.new_key()


def encrypt(cloud: Cloud, name: str, **more: object) -> bytes:
    """Encrypt 32 bytes for the AAD."""
    request = {
        "name": name, "plaintext": bytes(32), "additional_authenticated_data": AAD, **more,
    }  # fmt: skip
    return cloud.kms(CALLBACK).encrypt(request=request, retry=None).ciphertext


def decrypt(cloud: Cloud, name: str, ciphertext: bytes, **more: object) -> bytes:
    """Decrypt for the AAD."""
    request = {
        "name": name, "ciphertext": ciphertext, "additional_authenticated_data": AAD, **more,
    }  # fmt: skip
    return cloud.kms(REFRESH).decrypt(request=request, retry=None).plaintext


def test_every_version_decrypts_and_the_primary_encrypts(cloud: Cloud, key_name: str) -> None:
    """A rotation changes only what is encrypted from then on; a version can be named too."""
    kms, old = cloud.kms(REFRESH), encrypt(cloud, key_name)
    cloud.rotate(key_name)
    new = encrypt(cloud, key_name)
    named = kms.encrypt(
        request={"name": f"{key_name}/cryptoKeyVersions/1", "plaintext": bytes(32)}, retry=None
    )

    assert named.name == f"{key_name}/cryptoKeyVersions/1"
    assert decrypt(cloud, key_name, old) == decrypt(cloud, key_name, new) == bytes(32)
    used = [
        kms.decrypt(
            request={"name": key_name, "ciphertext": each, "additional_authenticated_data": AAD}
        ).used_primary
        for each in (old, new)
    ]
    assert used == [False, True]


@pytest.mark.parametrize("field", ["plaintext", "additional_authenticated_data"])
def test_a_wrong_checksum_is_refused_at_encrypting(cloud: Cloud, key_name: str, field: str) -> None:
    """What arrived is not what was sent."""
    with pytest.raises(InvalidArgument):
        encrypt(cloud, key_name, **{f"{field}_crc32c": 1})


@pytest.mark.parametrize("field", ["ciphertext", "additional_authenticated_data"])
def test_a_wrong_checksum_is_refused_at_decrypting(cloud: Cloud, key_name: str, field: str) -> None:
    """The same on the way back."""
    ciphertext = encrypt(cloud, key_name)
    with pytest.raises(InvalidArgument):
        decrypt(cloud, key_name, ciphertext, **{f"{field}_crc32c": 1})


def test_checksums_are_verified_if_they_are_sent(cloud: Cloud, key_name: str) -> None:
    """An answer says which were."""
    kms = cloud.kms(CALLBACK)
    without = kms.encrypt(request={"name": key_name, "plaintext": b"x"})
    with_one = kms.encrypt(
        request={
            "name": key_name, "plaintext": b"x", "plaintext_crc32c": google_crc32c.value(b"x"),
        }
    )  # fmt: skip

    assert not without.verified_plaintext_crc32c
    assert with_one.verified_plaintext_crc32c
    assert not with_one.verified_additional_authenticated_data_crc32c
    assert with_one.ciphertext_crc32c == google_crc32c.value(with_one.ciphertext)


def test_what_does_not_belong_together_is_refused(cloud: Cloud, key_name: str) -> None:
    """Another AAD, another key, an altered or a cut ciphertext."""
    ciphertext = encrypt(cloud, key_name)
    for name, text, aad in [
        (key_name, ciphertext, b"other"),
        (cloud.new_key(), ciphertext, AAD),
        (key_name, ciphertext[:-1], AAD),
        (key_name, ciphertext[:9], AAD),
        (key_name, b"", AAD),
        (key_name, b"\xff" + ciphertext[1:], AAD),
    ]:
        with pytest.raises(InvalidArgument):
            decrypt(cloud, name, text, additional_authenticated_data=aad)


def test_too_much_is_refused(cloud: Cloud, key_name: str) -> None:
    """64 KiB is the most."""
    encrypt(cloud, key_name, plaintext=bytes(65_536))
    with pytest.raises(InvalidArgument):
        encrypt(cloud, key_name, plaintext=bytes(65_537))


def test_a_version_is_disabled_enabled_and_destroyed(cloud: Cloud, key_name: str) -> None:
    """Disabled it opens nothing until it is enabled; destroyed it never comes back."""
    ciphertext, kms = encrypt(cloud, key_name), cloud.kms(OPERATOR)
    version = f"{key_name}/cryptoKeyVersions/1"

    def change(state: str) -> None:
        kms.update_crypto_key_version(
            request={
                "crypto_key_version": {"name": version, "state": state},
                "update_mask": {"paths": ["state"]},
            }
        )

    change("DISABLED")
    with pytest.raises(FailedPrecondition):
        encrypt(cloud, key_name)
    with pytest.raises(FailedPrecondition):
        decrypt(cloud, key_name, ciphertext)
    with pytest.raises(FailedPrecondition):
        kms.update_crypto_key_primary_version(
            request={"name": key_name, "crypto_key_version_id": "1"}
        )
    change("ENABLED")
    assert decrypt(cloud, key_name, ciphertext) == bytes(32)
    with pytest.raises(InvalidArgument):
        change("DESTROYED")

    destroyed = kms.destroy_crypto_key_version(request={"name": version})
    assert destroyed.state.name == "DESTROY_SCHEDULED"
    with pytest.raises(FailedPrecondition):
        change("ENABLED")


def test_versions_are_listed_by_state_and_page(cloud: Cloud, key_name: str) -> None:
    """What a count of records for each version begins with."""
    kms = cloud.kms(OPERATOR)
    for _ in range(4):
        cloud.rotate(key_name)
    cloud.disable(key_name, "2")

    def numbers(**more: object) -> list[str]:
        listed = kms.list_crypto_key_versions(request={"parent": key_name, **more})
        return [version.name.rpartition("/")[2] for version in listed]

    assert numbers() == numbers(page_size=2) == ["1", "2", "3", "4", "5"]
    assert numbers(filter="state=ENABLED") == ["1", "3", "4", "5"]
    assert kms.get_crypto_key(request={"name": key_name}).primary.name.endswith("/5")
    with pytest.raises(InvalidArgument):
        numbers(filter="name:1")


def test_a_version_must_be_there_and_have_a_number(cloud: Cloud, key_name: str) -> None:
    """Nothing is promoted by guess."""
    kms = cloud.kms(OPERATOR)
    for version, refusal in (("9", NotFound), ("first", InvalidArgument)):
        request = {"name": key_name, "crypto_key_version_id": version}
        with pytest.raises(refusal):
            kms.update_crypto_key_primary_version(request=request)


@pytest.mark.parametrize(
    ("key", "refusal"),
    [("cryptoKeys/nowhere", NotFound), ("cryptoKeys/no/way", InvalidArgument)],
)
def test_names_must_be_names(cloud: Cloud, key: str, refusal: type[GoogleAPICallError]) -> None:
    """Unknown, or none at all."""
    with pytest.raises(refusal):
        encrypt(cloud, f"{KEY_RING}/{key}")


def test_a_key_is_made_once(cloud: Cloud, key_name: str) -> None:
    """And only of a kind that is known here, under a proper name."""
    name = key_name.rpartition("/")[2]

    def create(crypto_key_id: str, **crypto_key: object) -> None:
        cloud.kms(OPERATOR).create_crypto_key(
            request={
                "parent": KEY_RING, "crypto_key_id": crypto_key_id, "crypto_key": crypto_key,
            }
        )  # fmt: skip

    with pytest.raises(AlreadyExists):
        create(name, purpose="ENCRYPT_DECRYPT")
    with pytest.raises(InvalidArgument):
        create("no way", purpose="ENCRYPT_DECRYPT")
    with pytest.raises(InvalidArgument):
        create("mac", purpose="MAC")
