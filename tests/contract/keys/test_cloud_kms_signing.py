"""A key that never leaves Cloud KMS signs for us."""

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.keys.cloud_kms_signing import CloudKmsSigner
from multi_user_oauth.sandbox.cloud import FOR_EVER, Fault
from multi_user_oauth.sandbox.cloud.faults import Spoilt
from tests.support.cloud import CALLBACK, KEY_RING, OPERATOR, REFRESH, Cloud

MESSAGE = b"header.claims"


@pytest.fixture(scope="session", params=["2048", "3072"])
def version(request: pytest.FixtureRequest, running_cloud: Cloud) -> str:
    """A version of a signing key that `refresh` may use; made once, for it takes long."""
    key = running_cloud.kms(OPERATOR).create_crypto_key(
        request={
            "parent": KEY_RING,
            "crypto_key_id": f"client-{request.param}",
            "crypto_key": {
                "purpose": "ASYMMETRIC_SIGN",
                "version_template": {"algorithm": f"RSA_SIGN_PKCS1_{request.param}_SHA256"},
            },
        }
    )
    for role in ("roles/cloudkms.signer", "roles/cloudkms.publicKeyViewer"):
        running_cloud.policy.grant(REFRESH, role, key.name)
    return f"{key.name}/cryptoKeyVersions/1"


def test_a_signature_verifies(cloud: Cloud, version: str) -> None:
    """RSASSA-PKCS1-v1_5 with SHA-256: what JOSE calls RS256."""
    signed = CloudKmsSigner(cloud.our_kms(REFRESH), version).sign(MESSAGE)

    public = cloud.kms(REFRESH).get_public_key(request={"name": version}).pem
    key = load_pem_public_key(public.encode())
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(signed, MESSAGE, padding.PKCS1v15(), SHA256())


@pytest.mark.parametrize(
    "spoilt", ["wrong_crc", "missing_crc", "unverified_data", "wrong_name", "corrupted"]
)
def test_a_garbled_signature_is_asked_for_once_more(
    cloud: Cloud, version: str, spoilt: Spoilt
) -> None:
    """Once garbled: the second answer counts. Twice: it leaves us not."""
    signer = CloudKmsSigner(cloud.our_kms(REFRESH), version)
    cloud.faults.add(Fault(method="AsymmetricSign", spoilt=spoilt))
    assert signer.sign(MESSAGE)
    assert len(cloud.calls.as_list()) == 2

    cloud.faults.add(Fault(method="AsymmetricSign", spoilt=spoilt, times=FOR_EVER))
    with pytest.raises(KeysUnavailableError, match="GarbledAnswer"):
        signer.sign(MESSAGE)


def test_who_may_not_sign_is_told_so(cloud: Cloud, version: str) -> None:
    """By the version's name, and Google's status."""
    with pytest.raises(KeysUnavailableError, match=f"{version}: .*PERMISSION_DENIED"):
        CloudKmsSigner(cloud.our_kms(CALLBACK), version).sign(MESSAGE)
