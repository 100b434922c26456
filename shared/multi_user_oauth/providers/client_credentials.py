"""A signature in place of a client secret (RFC 7523, 2.2), from a certificate's key or from Cloud KMS.

MSAL could sign with a private key by itself, but by its own clock and only when it sends. This is done
before any provider is asked, by joserfc's algorithms, so that a key that does not fit is found in time.
"""

import hashlib
import json
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import json_b64encode, urlsafe_b64encode

from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.model import Secret
from multi_user_oauth.ports import Signer

LIFETIME: Final = timedelta(minutes=10)
"""As long as Microsoft advises at most; an exchange, or a refresh under a lease, is over long before."""

Signers = Callable[[str], Signer]
"""Gives the signer for a key version of Cloud KMS, `projects/.../cryptoKeyVersions/N`."""

_PEM: Final = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)
_KEYS: Final = ("PRIVATE KEY", "RSA PRIVATE KEY")
_VERSION: Final = re.compile(
    r"projects/[\w:.-]+/locations/[\w-]+/keyRings/[\w-]+/cryptoKeys/[\w-]+/cryptoKeyVersions/[0-9]+"
)
_UNREADABLE: Final = (JoseError, ValueError, TypeError)
_ALGORITHMS: Final = JWSRegistry(algorithms=["PS256", "RS256"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningCredential:
    """
    A certificate that the application has at the provider, and what signs with its private key.

    Microsoft documents PS256, and `x5t#S256` to name the certificate ("Microsoft identity platform
    certificate credentials"). Cloud KMS signs by RSA_SIGN_PKCS1: RS256, which Microsoft documented before
    and MSAL still sends, together with `x5t`; SHA-1 only names the certificate there.
    """

    certificate: str
    algorithm: Literal["PS256", "RS256"]
    sign: Callable[[bytes], bytes]

    def assertion(self, *, client_id: str, audience: str, jti: str, now: datetime) -> Secret:
        """Return a signed JWT, good for `LIFETIME`; raise `KeysUnavailableError`."""
        at = int(now.timestamp())
        claims = {
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": jti,
            "iat": at,
            "nbf": at,
            "exp": at + int(LIFETIME.total_seconds()),
        }
        message = json_b64encode(self._header()) + b"." + json_b64encode(claims)
        signature = self.sign(message)
        if not self._fits(message, signature):
            raise KeysUnavailableError("a client credential's certificate is not that of its key")
        return Secret((message + b"." + urlsafe_b64encode(signature)).decode())

    def _header(self) -> dict[str, str]:
        try:
            der = ssl.PEM_cert_to_DER_cert(self.certificate)
        except ValueError:
            raise _unreadable("certificate") from None
        if self.algorithm == "PS256":
            named = {"x5t#S256": hashlib.sha256(der).digest()}
        else:
            named = {"x5t": hashlib.sha1(der, usedforsecurity=False).digest()}
        thumbprint = {name: urlsafe_b64encode(value).decode() for name, value in named.items()}
        return {"alg": self.algorithm, "typ": "JWT", **thumbprint}

    def _fits(self, message: bytes, signature: bytes) -> bool:
        public_key = _rsa_key(self.certificate, "certificate")
        return _ALGORITHMS.get_alg(self.algorithm).verify(message, signature, public_key)


def signing_credential(credential: Secret, signers: Signers | None) -> SigningCredential:
    """
    Return what a credential signs with that is not a client secret (`is_signing`).

    It is PEM with a private key and its certificate (the first, if more follow), or JSON with
    `certificate` and `cloud_kms_key_version`. Raise `KeysUnavailableError` for anything else, and what
    `signers` raises.
    """
    text = credential.reveal()
    if text.startswith("{"):
        return _in_cloud_kms(text, signers)
    blocks: dict[str, str] = {}
    for found in _PEM.finditer(text):
        blocks.setdefault(found[1], found[0])
    private = next((blocks[name] for name in _KEYS if name in blocks), None)
    if private is None or "CERTIFICATE" not in blocks:
        raise KeysUnavailableError(
            "a client credential in PEM is to hold an unencrypted RSA private key and its certificate"
        )
    private_key = _rsa_key(private, "private key")
    return SigningCredential(
        certificate=blocks["CERTIFICATE"],
        algorithm="PS256",
        sign=lambda message: _ALGORITHMS.get_alg("PS256").sign(message, private_key),
    )


def _in_cloud_kms(text: str, signers: Signers | None) -> SigningCredential:
    try:
        document = json.loads(text)
    except ValueError:  # what it says quotes the text
        document = None
    match document:
        case {"certificate": str(certificate), "cloud_kms_key_version": str(version), **more} if (
            signers is not None and not more and _VERSION.fullmatch(version)
        ):
            return SigningCredential(
                certificate=certificate.strip(), algorithm="RS256", sign=signers(version).sign
            )
    raise KeysUnavailableError(
        "a client credential in JSON is to hold `certificate` and `cloud_kms_key_version`, no more"
    )


def _rsa_key(pem: str, what: str) -> RSAKey:
    try:
        return RSAKey.import_key(pem)
    except _UNREADABLE:  # what they say may quote it
        raise _unreadable(what) from None


def _unreadable(what: str) -> KeysUnavailableError:
    return KeysUnavailableError(
        f"a client credential's {what} can not be read; expected RSA in PEM"
    )
