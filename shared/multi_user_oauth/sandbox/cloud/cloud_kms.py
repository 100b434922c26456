"""Cloud KMS: keys and their versions, Encrypt and Decrypt, as `google.cloud.kms.v1` has them."""

from typing import Final

import google_crc32c
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.cloud.kms_v1 import types

from ..records import Draw
from .kms_keys import ENABLED, KeyRing
from .methods import Method, checked, method, page, parent, wanted_state
from .refusals import malformed, wrong_state
from .signing import Signer
from .state import Holdings, KeyVersion

SERVICE: Final = "google.cloud.kms.v1.KeyManagementService"
_USE: Final = "cloudkms.cryptoKeyVersions"
_STATES: Final = types.CryptoKeyVersion.CryptoKeyVersionState
_SYMMETRIC: Final = types.CryptoKey.CryptoKeyPurpose.ENCRYPT_DECRYPT
_VERSION_BYTES: Final = 4
_NONCE_BYTES: Final = 12


class CloudKms:
    """Serves one call at a time; whoever calls it holds the cloud's lock."""

    def __init__(self, holdings: Holdings, draw: Draw) -> None:
        self._keys = KeyRing(holdings, draw)
        self._signer = Signer(self._keys)
        self._draw = draw

    def methods(self) -> tuple[Method, ...]:
        """Give what can be called."""
        return (
            *self._administration(),
            method(types, "Encrypt", f"{_USE}.useToEncrypt", self.encrypt),
            method(types, "Decrypt", f"{_USE}.useToDecrypt", self.decrypt),
            method(types, "AsymmetricSign", f"{_USE}.useToSign", self._signer.asymmetric_sign),
            method(types, "GetPublicKey", f"{_USE}.viewPublicKey", self._signer.get_public_key),
        )

    def _administration(self) -> tuple[Method, ...]:
        keys, key = self._keys, "cloudkms.cryptoKeys"
        return (
            method(types, "CreateCryptoKey", f"{key}.create", keys.create, of=parent, changes=True),
            method(types, "GetCryptoKey", f"{key}.get", keys.get),
            method(
                types, "UpdateCryptoKeyPrimaryVersion", f"{key}.update", keys.promote, changes=True
            ),
            method(
                types,
                "CreateCryptoKeyVersion",
                f"{_USE}.create",
                keys.rotate,
                of=parent,
                changes=True,
            ),
            method(
                types,
                "UpdateCryptoKeyVersion",
                f"{_USE}.update",
                keys.update_version,
                of=lambda request: str(request.crypto_key_version.name),
                changes=True,
            ),
            method(types, "DestroyCryptoKeyVersion", f"{_USE}.destroy", keys.destroy, changes=True),
            method(types, "ListCryptoKeyVersions", f"{_USE}.list", self.list_versions, of=parent),
        )

    def list_versions(
        self, request: types.ListCryptoKeyVersionsRequest
    ) -> types.ListCryptoKeyVersionsResponse:
        """List a key's versions, oldest first."""
        name, key = self._keys.key(request.parent)
        state = wanted_state(request.filter, _STATES)
        found = [
            types.CryptoKeyVersion(name=f"{name}/cryptoKeyVersions/{number}", state=version.state)
            for number, version in key.versions.items()
            if state in (None, version.state)
        ]
        shown, token = page(found, request.page_size, request.page_token)
        return types.ListCryptoKeyVersionsResponse(
            crypto_key_versions=shown, next_page_token=token, total_size=len(found)
        )

    def encrypt(self, request: types.EncryptRequest) -> types.EncryptResponse:
        """Encrypt with the version named, or with the primary of the key named."""
        plaintext = checked(request, "plaintext")
        aad = checked(request, "additional_authenticated_data")
        name, key = self._keys.key(request.name, _SYMMETRIC)
        number = self._keys.number(request.name) or key.primary
        version = self._enabled(name, number)
        nonce = self._draw(_NONCE_BYTES)
        ciphertext = (
            number.to_bytes(_VERSION_BYTES, "big")
            + nonce
            + AESGCM(version.material).encrypt(nonce, plaintext, aad)
        )
        return types.EncryptResponse(
            name=f"{name}/cryptoKeyVersions/{number}",
            ciphertext=ciphertext,
            ciphertext_crc32c=google_crc32c.value(ciphertext),
            verified_plaintext_crc32c=request.plaintext_crc32c is not None,
            verified_additional_authenticated_data_crc32c=(
                request.additional_authenticated_data_crc32c is not None
            ),
            protection_level=types.ProtectionLevel.SOFTWARE,
        )

    def decrypt(self, request: types.DecryptRequest) -> types.DecryptResponse:
        """Decrypt what any enabled version of the key has encrypted for this AAD."""
        ciphertext = checked(request, "ciphertext")
        aad = checked(request, "additional_authenticated_data")
        name, key = self._keys.key(request.name, _SYMMETRIC)
        number = int.from_bytes(ciphertext[:_VERSION_BYTES], "big")
        nonce_end = _VERSION_BYTES + _NONCE_BYTES
        if number not in key.versions or len(ciphertext) < nonce_end:
            raise malformed("the ciphertext is not of this key")
        version = self._enabled(name, number)
        try:
            plaintext = AESGCM(version.material).decrypt(
                ciphertext[_VERSION_BYTES:nonce_end], ciphertext[nonce_end:], aad
            )
        except InvalidTag:
            raise malformed("the ciphertext is not of this key and AAD") from None
        return types.DecryptResponse(
            plaintext=plaintext,
            plaintext_crc32c=google_crc32c.value(plaintext),
            used_primary=number == key.primary,
            protection_level=types.ProtectionLevel.SOFTWARE,
        )

    def _enabled(self, name: str, number: int) -> KeyVersion:
        version = self._keys.version(name, number)
        if version.state != ENABLED:
            place = f"{name}/cryptoKeyVersions/{number}"
            raise wrong_state(place, _STATES(version.state).name)
        return version
