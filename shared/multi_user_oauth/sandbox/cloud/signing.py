"""Signatures of the local Cloud KMS, by keys that never leave it."""

from typing import Final

import google_crc32c
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
)
from google.cloud.kms_v1 import types

from .kms_keys import ENABLED, KeyRing
from .refusals import malformed, wrong_state

_PURPOSE: Final = types.CryptoKey.CryptoKeyPurpose.ASYMMETRIC_SIGN
_STATES: Final = types.CryptoKeyVersion.CryptoKeyVersionState
_DIGEST_BYTES: Final = 32


class Signer:
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2)."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def asymmetric_sign(self, request: types.AsymmetricSignRequest) -> types.AsymmetricSignResponse:
        """Sign a SHA-256 digest with the version named."""
        digest = request.digest.sha256
        if len(digest) != _DIGEST_BYTES:
            raise malformed("digest.sha256 is not 32 bytes")
        checksum = request.digest_crc32c
        if checksum is not None and checksum != google_crc32c.value(digest):
            raise malformed("digest_crc32c did not match digest")
        private_key, _ = self._private_key(request.name)
        signature = private_key.sign(digest, padding.PKCS1v15(), utils.Prehashed(SHA256()))
        return types.AsymmetricSignResponse(
            name=request.name,
            signature=signature,
            signature_crc32c=google_crc32c.value(signature),
            verified_digest_crc32c=checksum is not None,
            protection_level=types.ProtectionLevel.SOFTWARE,
        )

    def get_public_key(self, request: types.GetPublicKeyRequest) -> types.PublicKey:
        """Give the public half of the version named."""
        private_key, algorithm = self._private_key(request.name)
        pem = private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return types.PublicKey(
            name=request.name,
            pem=pem.decode(),
            pem_crc32c=google_crc32c.value(pem),
            algorithm=algorithm,
            protection_level=types.ProtectionLevel.SOFTWARE,
        )

    def _private_key(self, name: str) -> tuple[rsa.RSAPrivateKey, int]:
        key_name, key = self._keys.key(name, _PURPOSE)
        version = self._keys.version(key_name, self._keys.number(name))
        if version.state != ENABLED:
            raise wrong_state(name, _STATES(version.state).name)
        private_key = load_der_private_key(version.material, password=None)
        if not isinstance(private_key, rsa.RSAPrivateKey):
            raise malformed("not an RSA key")
        return private_key, key.algorithm
