"""Who may do what is asked of every call, by the port that it came in on."""

import pytest
from google.api_core.exceptions import PermissionDenied

from multi_user_oauth.sandbox.cloud.iam import ROLES, Policy
from tests.support.cloud import CALLBACK, KEY_RING, OPERATOR, REFRESH, STRANGER, Cloud

KEY = f"{KEY_RING}/cryptoKeys/access"
ENCRYPT = "cloudkms.cryptoKeyVersions.useToEncrypt"
DECRYPT = "cloudkms.cryptoKeyVersions.useToDecrypt"
ENCRYPTER = "roles/cloudkms.cryptoKeyEncrypter"


def test_nobody_may_do_anything_at_first() -> None:
    """What is not granted is refused."""
    assert not Policy().allows(CALLBACK, ENCRYPT, KEY)


def test_a_role_holds_for_its_holder_and_its_permissions() -> None:
    """For nobody else, and for nothing else."""
    policy = Policy()
    policy.grant(CALLBACK, ENCRYPTER, KEY)

    assert policy.allows(CALLBACK, ENCRYPT, KEY)
    assert not policy.allows(CALLBACK, DECRYPT, KEY)
    assert not policy.allows(REFRESH, ENCRYPT, KEY)


@pytest.mark.parametrize("place", [KEY, KEY_RING, "projects/vault"])
def test_a_role_holds_for_what_is_below(place: str) -> None:
    """As in Google's hierarchy; a name that only begins alike is not below."""
    policy = Policy()
    policy.grant(CALLBACK, ENCRYPTER, place)

    assert policy.allows(CALLBACK, ENCRYPT, f"{KEY}/cryptoKeyVersions/1")
    assert not policy.allows(CALLBACK, ENCRYPT, place + "-too")


def test_a_role_can_be_withdrawn() -> None:
    """The kill switch."""
    policy = Policy()
    policy.grant(CALLBACK, ENCRYPTER, KEY)
    policy.withdraw(CALLBACK, ENCRYPTER, KEY)
    assert not policy.allows(CALLBACK, ENCRYPT, KEY)


def test_an_unknown_role_is_a_mistake() -> None:
    """It would permit nothing, and nobody would notice."""
    with pytest.raises(KeyError):
        Policy().grant(CALLBACK, "roles/cloudkms.everything", KEY)


def test_who_administers_keys_can_not_use_them() -> None:
    """Google's own separation of duties."""
    assert not any("useTo" in permission for permission in ROLES["roles/cloudkms.admin"])


def test_two_ports_are_two_identities(cloud: Cloud) -> None:
    """The same request is served on one and refused on the other."""
    key_name = cloud.new_key()
    request = {"name": key_name, "plaintext": b"x"}
    assert cloud.kms(CALLBACK).encrypt(request=request, retry=None).ciphertext

    for caller in (STRANGER, OPERATOR):
        with pytest.raises(PermissionDenied):
            cloud.kms(caller).encrypt(request=request, retry=None)


def test_who_has_no_right_does_not_learn_what_there_is(cloud: Cloud) -> None:
    """A key that is not there is refused alike."""
    with pytest.raises(PermissionDenied):
        cloud.kms(STRANGER).encrypt(request={"name": KEY, "plaintext": b"x"}, retry=None)


def test_every_call_is_logged_without_what_was_in_it(cloud: Cloud) -> None:
    """By whom, what, on which resource, with what result."""
    key_name = cloud.new_key()
    cloud.calls.clear()
    cloud.kms(CALLBACK).encrypt(request={"name": key_name, "plaintext": b"marker"})
    with pytest.raises(PermissionDenied):
        cloud.kms(CALLBACK).decrypt(request={"name": key_name, "ciphertext": b"marker"}, retry=None)

    assert [
        (call.caller, call.method, call.resource, call.status) for call in cloud.calls.as_list()
    ] == [
        (CALLBACK, "Encrypt", key_name, "OK"),
        (CALLBACK, "Decrypt", key_name, "PERMISSION_DENIED"),
    ]
    assert "marker" not in repr(cloud.calls.as_list())
