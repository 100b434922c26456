"""What a client credential signs with, and what no credential is."""

import json
import traceback

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc import jws
from joserfc.jwk import RSAKey

from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.model import Secret, is_signing
from multi_user_oauth.ports import Signer
from multi_user_oauth.providers.client_credentials import signing_credential
from tests.support.certificates import KeyPair, certificate_of, key_pair
from tests.support.clock import START

VERSION = "projects/vault/locations/europe/keyRings/r/cryptoKeys/k/cryptoKeyVersions/3"
AUDIENCE = "https://login.microsoftonline.com/tenant/oauth2/v2.0/token"
PAIR = key_pair("vault")


class Signers:
    """A Cloud KMS with this key in every version, which remembers what it was asked for."""

    def __init__(self, pair: KeyPair = PAIR) -> None:
        self.pair = pair
        self.asked: list[str] = []

    def __call__(self, version: str) -> Signer:
        """As `Signers`."""
        self.asked.append(version)
        return self.pair


def in_cloud_kms(**changes: object) -> Secret:
    """Return a credential whose key is in Cloud KMS."""
    document = {"certificate": PAIR.certificate, "cloud_kms_key_version": VERSION}
    return Secret(json.dumps(document | changes))


def assertion(credential: Secret, signers: Signers | None = None) -> str:
    """Return what is sent with a credential."""
    signed = signing_credential(credential, signers).assertion(
        client_id="the-client", audience=AUDIENCE, jti="once", now=START
    )
    return signed.reveal()


@pytest.mark.parametrize(
    ("credential", "signers", "alg"),
    [(Secret(PAIR.pem), None, "PS256"), (in_cloud_kms(), Signers(), "RS256")],
    ids=["certificate", "Cloud KMS"],
)
def test_an_assertion_is_what_microsoft_documents(
    credential: Secret, signers: Signers | None, alg: str
) -> None:
    """Header, claims and signature, by the certificate that the header names."""
    key = RSAKey.import_key(PAIR.certificate)
    registry = jws.JWSRegistry(algorithms=[alg])
    signed = jws.deserialize_compact(assertion(credential, signers), key, registry=registry)
    at = int(START.timestamp())

    assert is_signing(credential)
    assert signed.headers() == {"alg": alg, "typ": "JWT", **PAIR.thumbprint(alg)}
    assert json.loads(signed.payload) == {
        "aud": AUDIENCE,
        "iss": "the-client",
        "sub": "the-client",
        "jti": "once",
        "iat": at,
        "nbf": at,
        "exp": at + 600,
    }


def test_the_version_that_the_credential_names_signs() -> None:
    """And no other."""
    signers = Signers()
    assertion(in_cloud_kms(), signers)
    assert signers.asked == [VERSION]


def test_only_the_first_certificate_counts() -> None:
    """Those of its issuers may follow it, and a list of attributes may stand before it all."""
    chain = f"Bag Attributes\n{PAIR.certificate}{key_pair('issuer').certificate}{PAIR.private}"
    assert is_signing(Secret(chain))
    assert assertion(Secret(chain))


def openssl_spelling() -> str:
    """Return the key as `openssl genrsa -traditional` writes it."""
    return PAIR.key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ).decode()


def test_the_older_spelling_of_a_key_will_do() -> None:
    """RSA PRIVATE KEY."""
    assert assertion(Secret(openssl_spelling() + PAIR.certificate))


def encrypted() -> str:
    """Return the key under a passphrase."""
    passphrase = BestAvailableEncryption(b"a passphrase of the tests")
    return PAIR.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, passphrase).decode()


def elliptic() -> str:
    """Return an elliptic key with its certificate: Microsoft takes RSA only."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private + certificate_of(key, key.public_key())


BROKEN = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
UNUSABLE = {
    "no certificate": PAIR.private,
    "no key": PAIR.certificate,
    "an encrypted key": encrypted() + PAIR.certificate,
    "another key's certificate": PAIR.private + key_pair("other").certificate,
    "an elliptic key": elliptic(),
    "a broken certificate": PAIR.private + BROKEN,
    "half a key": PAIR.private[:900] + "\n-----END PRIVATE KEY-----\n" + PAIR.certificate,
    "no JSON": "{'certificate'",
    "JSON without a key": json.dumps({"certificate": PAIR.certificate}),
    "JSON with more": in_cloud_kms(passphrase="more").reveal(),
    "JSON with a number": in_cloud_kms(certificate=7).reveal(),
    "a key, not its version": in_cloud_kms(
        cloud_kms_key_version=VERSION.partition("/cryptoKeyVersions")[0]
    ).reveal(),
    "a path that leads elsewhere": in_cloud_kms(
        cloud_kms_key_version=f"{VERSION}/../../7"
    ).reveal(),
    "another key in Cloud KMS": in_cloud_kms(certificate=key_pair("other").certificate).reveal(),
}


@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE)
def test_what_can_not_sign_is_said_without_showing_it(text: str) -> None:
    """503, since our side is not ready; and it is never taken for a client secret."""
    assert is_signing(Secret(text))
    with pytest.raises(KeysUnavailableError, match="client credential") as refused:
        assertion(Secret(text), Signers())
    shown = "".join(traceback.format_exception(refused.value))
    assert not any(line in shown for line in text.splitlines() if len(line) > 40)


def test_without_cloud_kms_its_keys_can_not_be_used() -> None:
    """A function without signers."""
    with pytest.raises(KeysUnavailableError):
        assertion(in_cloud_kms())


@pytest.mark.parametrize("text", ["abc~8Q", "GOCSPX-abc", "BEGIN", "a{b}"])
def test_a_client_secret_is_no_key(text: str) -> None:
    """It goes to the provider as it is."""
    assert not is_signing(Secret(text))
