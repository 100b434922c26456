"""Credentials of an application in Secret Manager, rotated while functions run: also to Cloud KMS."""

import json
from collections.abc import Iterator
from typing import Final

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.cloud.kms_v1 import KeyManagementServiceClient
from google.cloud.kms_v1.services.key_management_service.transports import (
    KeyManagementServiceGrpcTransport,
)
from werkzeug.test import TestResponse

from multi_user_oauth.client_secrets import secret_manager
from multi_user_oauth.sandbox.company import JOHN, SARAH
from tests.support.certificates import certificate_of, key_pair
from tests.support.functions import MICROSOFT, Visitor
from tests.support.google_cloud import CloudInstallation
from tests.support.installation import MICROSOFT as AT_MICROSOFT

DEPLOYER: Final = "deployer"
SIGNERS: Final = ("callback_microsoft", "refresh")
SECRET: Final = AT_MICROSOFT.client_secrets[0]
NEW: Final = "a-new-client-secret-of-the-tests"
PAIR: Final = key_pair("vault")


class Operator:
    """Somebody with the rights of a deployer, who has functions used after each step."""

    def __init__(self, installed: CloudInstallation, channel: grpc.Channel) -> None:
        self._installed = installed
        self._place = f"projects/{installed.project}"
        self._secrets = secret_manager.connect(channel)
        self._kms = KeyManagementServiceClient(
            transport=KeyManagementServiceGrpcTransport(channel=channel)
        )
        installed.connect(MICROSOFT, SARAH)

    def registers(self, *secrets: str, certificates: tuple[str, ...] = ()) -> None:
        """Let Microsoft know these credentials and no others."""
        self._installed.sandbox.set_credentials(
            "microsoft", client_secrets=secrets, certificates=certificates
        )
        self.look()

    def stores(self, value: str) -> None:
        """Add a version to Secret Manager, which functions read 300 seconds later by themselves."""
        parent = f"{self._place}/secrets/microsoft"
        request = {"parent": parent, "payload": {"data": value.encode()}}
        self._secrets.add_secret_version(request=request)

    def takes_back(self) -> None:
        """Disable the newest version."""
        parent = f"{self._place}/secrets/microsoft"
        request = {"parent": parent, "filter": "state:ENABLED"}
        newest = next(iter(self._secrets.list_secret_versions(request=request)))
        self._secrets.disable_secret_version(request={"name": newest.name})
        self.look()

    def makes_a_key(self) -> tuple[str, str]:
        """Make a signing key that the functions may use; return its credential and its certificate."""
        key = self._kms.create_crypto_key(
            request={
                "parent": f"{self._place}/locations/europe/keyRings/tokens",
                "crypto_key_id": "microsoft",
                "crypto_key": {
                    "purpose": "ASYMMETRIC_SIGN",
                    "version_template": {"algorithm": "RSA_SIGN_PKCS1_2048_SHA256"},
                },
            }
        )
        policy = self._installed.cloud.policy
        for name in SIGNERS:
            policy.grant(name, "roles/cloudkms.signer", key.name)
        policy.grant(DEPLOYER, "roles/cloudkms.publicKeyViewer", key.name)
        version = f"{key.name}/cryptoKeyVersions/1"
        pem = self._kms.get_public_key(request={"name": version}).pem
        public = load_pem_public_key(pem.encode())
        assert isinstance(public, rsa.RSAPublicKey)
        certificate = certificate_of(key_pair("throwaway").key, public)
        stored = {"certificate": certificate, "cloud_kms_key_version": version}
        return json.dumps(stored, indent=2) + "\n", certificate

    def look(self) -> None:
        """Let somebody sign in and somebody's token be refreshed: with what is kept, and read anew."""
        for wait in (301.0, 61.0):
            assert Visitor(self._installed).sign_in(MICROSOFT, JOHN).status_code == 303
            assert self._refresh().status_code == 200
            self._installed.clock.advance(wait)

    def _refresh(self) -> TestResponse:
        body = {"connector_type": MICROSOFT, "user_email": SARAH.email, "min_ttl": 3600}
        return self._installed.agent().call("refresh", "POST", "/refresh/one", json=body)


@pytest.fixture
def operator(installed: CloudInstallation) -> Iterator[Operator]:
    """The operator, and Sarah connected."""
    with grpc.insecure_channel(installed.cloud.address(DEPLOYER)) as channel:
        yield Operator(installed, channel)
    installed.forget()


def test_credentials_of_every_form_follow_one_another(
    installed: CloudInstallation, operator: Operator
) -> None:
    """
    Secret, new secret, certificate, key in Cloud KMS, each live beside the one before it; one taken
    back. After every step people sign in and tokens are refreshed, at once and later.
    """
    operator.registers(SECRET, NEW)
    operator.stores(NEW)
    operator.registers(NEW)  # at once: no function has read it yet
    operator.registers(NEW, certificates=(PAIR.certificate,))
    operator.stores(PAIR.pem)
    operator.look()
    operator.registers(certificates=(PAIR.certificate,))
    stored, certificate = operator.makes_a_key()
    operator.registers(certificates=(PAIR.certificate, certificate))
    operator.stores(stored)
    operator.takes_back()
    operator.stores(stored)
    operator.registers(certificates=(certificate,))

    installed.cloud.calls.clear()
    operator.look()
    signed = [call for call in installed.cloud.calls.as_list() if call.method == "AsymmetricSign"]
    assert {call.caller for call in signed} == set(SIGNERS)
