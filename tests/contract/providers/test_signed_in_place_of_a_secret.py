"""Microsoft with a certificate, or with a key in Cloud KMS, where a client secret could stand."""

import json
import logging
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from multi_user_oauth.errors import (
    ConfigurationError,
    KeysUnavailableError,
    ProviderMisconfiguredError,
)
from multi_user_oauth.keys.cloud_kms_signing import CloudKmsSigner
from multi_user_oauth.model import Provider
from multi_user_oauth.ports import Signer
from multi_user_oauth.sandbox.cloud import FOR_EVER, Fault
from multi_user_oauth.sandbox.company import SARAH
from tests.contract.providers.conftest import Refused, only
from tests.contract.providers.leaks import assert_no_secret
from tests.contract.providers.world import CLIENT_SECRET, World
from tests.support.certificates import KeyPair, certificate_of, key_pair
from tests.support.cloud import CALLBACK, KEY_RING, OPERATOR, REFRESH, Cloud

PAIR = key_pair("vault")
pytestmark = only(Provider.MICROSOFT)


class InCloudKms:
    """A signing key that never leaves Cloud KMS, and the certificate that was made for it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        key = cloud.kms(OPERATOR).create_crypto_key(
            request={
                "parent": KEY_RING,
                "crypto_key_id": "microsoft-client",
                "crypto_key": {
                    "purpose": "ASYMMETRIC_SIGN",
                    "version_template": {"algorithm": "RSA_SIGN_PKCS1_2048_SHA256"},
                },
            }
        )
        for role in ("roles/cloudkms.signer", "roles/cloudkms.publicKeyViewer"):
            cloud.policy.grant(REFRESH, role, key.name)
        self.version = f"{key.name}/cryptoKeyVersions/1"
        pem = cloud.kms(REFRESH).get_public_key(request={"name": self.version}).pem
        public = load_pem_public_key(pem.encode())
        assert isinstance(public, rsa.RSAPublicKey)
        self.certificate = certificate_of(key_pair("throwaway").key, public)
        self.caller = REFRESH

    @property
    def stored(self) -> str:
        """What is stored for it: nothing secret."""
        document = {"certificate": self.certificate, "cloud_kms_key_version": self.version}
        return json.dumps(document)

    def __call__(self, key_version: str) -> Signer:
        """As `Signers`."""
        return CloudKmsSigner(self.cloud.our_kms(self.caller, give_up_after=3.0), key_version)


@pytest.fixture(scope="module")
def made_kms() -> Iterator[InCloudKms]:
    """The key, made once: it takes long."""
    with Cloud() as cloud:
        yield InCloudKms(cloud)


@pytest.fixture
def kms(made_kms: InCloudKms) -> Iterator[InCloudKms]:
    """The same, with no fault to come."""
    made_kms.cloud.faults.clear()
    made_kms.caller = REFRESH
    yield made_kms
    made_kms.cloud.faults.clear()


def registered(world: World, *certificates: str, secrets: tuple[str, ...] = ()) -> None:
    """Let Microsoft know these."""
    world.controls.set_credentials("microsoft", client_secrets=secrets, certificates=certificates)


def use(world: World, *stored: str, kms: InCloudKms | None = None) -> None:
    """Store these, newest first."""
    world.signers = kms
    world.secrets.values = stored
    world.flow = world.new_flow(world.secrets)


def assert_works(world: World, requests: int = 2) -> None:
    """A sign-in and a refresh, in so many requests."""
    world.controls.clear_requests()
    token = world.sign_in().tokens.refresh_token
    assert token is not None
    assert world.refresh(token).access_token
    assert world.requests("token") == requests


def test_a_certificate_does_what_a_secret_does(world: World) -> None:
    """With no secret registered at all."""
    registered(world, PAIR.certificate)
    use(world, PAIR.pem)
    assert_works(world)


def test_so_does_a_key_in_cloud_kms(world: World, kms: InCloudKms) -> None:
    """Of which nothing but signatures ever left."""
    registered(world, kms.certificate)
    use(world, kms.stored, kms=kms)
    assert_works(world)


def test_one_form_takes_the_place_of_another_without_an_outage(
    world: World, kms: InCloudKms
) -> None:
    """From a secret to a certificate to Cloud KMS: both are live while one gives way to the other."""
    use(world, PAIR.pem, CLIENT_SECRET)
    assert_works(world, requests=4)  # not registered yet: the older one is tried next
    registered(world, PAIR.certificate, secrets=(CLIENT_SECRET,))
    assert_works(world)
    use(world, kms.stored, PAIR.pem, kms=kms)
    registered(world, PAIR.certificate)
    assert_works(world, requests=4)
    registered(world, PAIR.certificate, kms.certificate)
    assert_works(world)


def test_each_request_is_signed_anew(world: World) -> None:
    """An assertion that somebody saw is of no use to them."""
    registered(world, PAIR.certificate)
    use(world, PAIR.pem)
    assert_works(world)
    assert_works(world)
    sent = [s["value"] for s in world.controls.secrets() if s["kind"] == "client_assertion"]
    assert len(set(sent)) == 4


def test_signatures_are_made_before_the_provider_is_asked(world: World, kms: InCloudKms) -> None:
    """Cloud KMS may go away then: neither the code nor the refresh token waits for it."""
    registered(world, kms.certificate)
    use(world, kms.stored, kms=kms)
    token, identity = world.connected()
    call = world.flow.prepare(world.connector_type)
    kms.cloud.faults.add(Fault(method="AsymmetricSign", status="UNAVAILABLE", times=FOR_EVER))

    assert call(token, identity, send_until=world.clock()).access_token


@pytest.mark.parametrize("status", ["UNAVAILABLE", "PERMISSION_DENIED"])
def test_cloud_kms_out_of_reach_is_ours_to_mend(
    world: World, kms: InCloudKms, refused: Refused, status: str
) -> None:
    """503; nothing is sent, and nobody is disconnected."""
    registered(world, kms.certificate)
    use(world, kms.stored, kms=kms)
    token, _ = world.connected()
    kms.cloud.faults.add(Fault(method="AsymmetricSign", status=status, times=FOR_EVER))

    with refused(KeysUnavailableError):
        world.refresh(token)
    assert world.requests("token") == 0


def test_who_may_not_sign_uses_the_other_credential(world: World, kms: InCloudKms) -> None:
    """A missing role on a new key is no outage while the old credential lives."""
    use(world, kms.stored, CLIENT_SECRET, kms=kms)
    kms.caller = CALLBACK
    assert_works(world)


def test_without_cloud_kms_the_other_credential_is_used(world: World) -> None:
    """A back end that has none refuses its keys by name, and goes on."""

    def none(key_version: str) -> Signer:
        raise ConfigurationError(f"{key_version}: there is no Cloud KMS here")

    stored = json.dumps(
        {
            "certificate": PAIR.certificate,
            "cloud_kms_key_version": f"{KEY_RING}/cryptoKeys/k/cryptoKeyVersions/1",
        }
    )
    use(world, stored, CLIENT_SECRET)
    world.signers = none
    world.flow = world.new_flow(world.secrets)
    assert_works(world)


def other(pair: KeyPair) -> str:
    """Return what names a certificate that Microsoft knows, and signs with another key."""
    return key_pair("other").private + pair.certificate


@pytest.mark.parametrize(
    ("stored", "error"),
    [
        (key_pair("other").pem, ProviderMisconfiguredError),
        (other(PAIR), KeysUnavailableError),
        (PAIR.private, KeysUnavailableError),
        ("{}", KeysUnavailableError),
    ],
    ids=["not registered", "not its key", "no certificate", "empty"],
)
def test_a_certificate_that_does_not_fit_is_the_operators_business(
    world: World, refused: Refused, stored: str, error: type[Exception]
) -> None:
    """Found before anything is sent where it can be; no key is in what is said of it."""
    registered(world, PAIR.certificate, secrets=(CLIENT_SECRET,))
    token, _ = world.connected()
    use(world, stored)
    with refused(error) as caught:  # type: ignore[arg-type]  # reason: both are of our tree
        world.refresh(token)
    lines = key_pair("other").private.splitlines() + PAIR.private.splitlines()
    assert_no_secret(caught[0], [line for line in lines if len(line) > 40])
    assert world.requests("token") == (error is ProviderMisconfiguredError)


def test_an_expired_certificate_is_an_alarm(
    world: World, refused: Refused, caplog: pytest.LogCaptureFixture
) -> None:
    """The same as an expired secret: it is the credential's name in the configuration."""
    expired = key_pair("expired", until=2021)
    registered(world, expired.certificate, secrets=(CLIENT_SECRET,))
    token, _ = world.connected()
    use(world, expired.pem)
    with refused(ProviderMisconfiguredError):
        world.refresh(token)
    assert "client_secret_expired" in [vars(record).get("alarm") for record in caplog.records]


def test_msal_logs_none_of_it(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Not even at DEBUG, with all that it can say."""
    caplog.set_level(logging.DEBUG)
    registered(world, PAIR.certificate)
    use(world, PAIR.pem)
    assert_works(world)
    assertions = [s["value"] for s in world.controls.secrets() if s["kind"] == "client_assertion"]
    said = [record for record in caplog.records if record.name.startswith("msal")]
    spoken = " ".join(str(vars(record)) for record in said)

    assert said
    assert len(assertions) == 2
    assert not [each for each in assertions if each in spoken or each.split(".")[2] in spoken]
    assert PAIR.private.splitlines()[4] not in spoken
    assert SARAH.email not in spoken
