"""A key that never leaves the local Cloud KMS signs, and anybody can verify it."""

from hashlib import sha256

import google_crc32c
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.api_core.exceptions import FailedPrecondition, InvalidArgument, PermissionDenied
from google.cloud.kms_v1 import AsymmetricSignResponse

from tests.support.cloud import CALLBACK, KEY_RING, OPERATOR, REFRESH, Cloud

MESSAGE = b"a client assertion"
DIGEST = sha256(MESSAGE).digest()


@pytest.fixture(scope="session")
def version(running_cloud: Cloud) -> str:
    """A version of a signing key, which `refresh` may use; made once, for it takes long."""
    key = running_cloud.kms(OPERATOR).create_crypto_key(
        request={
            "parent": KEY_RING,
            "crypto_key_id": "signing",
            "crypto_key": {
                "purpose": "ASYMMETRIC_SIGN",
                "version_template": {"algorithm": "RSA_SIGN_PKCS1_2048_SHA256"},
            },
        }
    )
    for role in ("roles/cloudkms.signer", "roles/cloudkms.publicKeyViewer"):
        running_cloud.policy.grant(REFRESH, role, key.name)
    return f"{key.name}/cryptoKeyVersions/1"


def sign(cloud: Cloud, version: str, **more: object) -> AsymmetricSignResponse:
    """Sign the digest."""
    request = {"name": version, "digest": {"sha256": DIGEST}, **more}
    return cloud.kms(REFRESH).asymmetric_sign(request=request, retry=None)


def test_a_signature_verifies(cloud: Cloud, version: str) -> None:
    """RSASSA-PKCS1-v1_5 with SHA-256, checksums both ways."""
    answer = sign(cloud, version, digest_crc32c=google_crc32c.value(DIGEST))
    public = cloud.kms(REFRESH).get_public_key(request={"name": version})
    key = load_pem_public_key(public.pem.encode())

    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(answer.signature, MESSAGE, padding.PKCS1v15(), SHA256())
    assert (answer.name, answer.verified_digest_crc32c) == (version, True)
    assert answer.signature_crc32c == google_crc32c.value(answer.signature)
    assert public.pem_crc32c == google_crc32c.value(public.pem.encode())


def test_what_is_not_whole_is_not_signed(cloud: Cloud, version: str) -> None:
    """A digest of another length, or one that was altered on the way."""
    with pytest.raises(InvalidArgument):
        sign(cloud, version, digest_crc32c=1)
    with pytest.raises(InvalidArgument):
        sign(cloud, version, digest={"sha256": b"short"})


def test_a_signing_key_does_nothing_else(cloud: Cloud, version: str) -> None:
    """Nor does an encrypting key sign."""
    with pytest.raises(InvalidArgument):
        cloud.kms(CALLBACK).encrypt(request={"name": version, "plaintext": b"x"}, retry=None)
    key_name = cloud.new_key()
    cloud.policy.grant(REFRESH, "roles/cloudkms.signer", key_name)
    with pytest.raises(InvalidArgument):
        sign(cloud, f"{key_name}/cryptoKeyVersions/1")


def test_a_disabled_version_signs_nothing(cloud: Cloud, version: str) -> None:
    """Until it is enabled again."""

    def change(state: str) -> None:
        cloud.kms(OPERATOR).update_crypto_key_version(
            request={
                "crypto_key_version": {"name": version, "state": state},
                "update_mask": {"paths": ["state"]},
            }
        )

    change("DISABLED")
    with pytest.raises(FailedPrecondition):
        sign(cloud, version)
    change("ENABLED")
    assert sign(cloud, version).signature


def test_only_a_signer_signs(cloud: Cloud, version: str) -> None:
    """The right is another one than to encrypt."""
    with pytest.raises(PermissionDenied):
        cloud.kms(CALLBACK).asymmetric_sign(
            request={"name": version, "digest": {"sha256": DIGEST}}, retry=None
        )
