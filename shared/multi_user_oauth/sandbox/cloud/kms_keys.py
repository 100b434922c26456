"""The keys of the local Cloud KMS: made, rotated, disabled and destroyed as Google's."""

import re
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.cloud.kms_v1 import types

from ..records import Draw
from .refusals import malformed, taken, unknown, wrong_state
from .state import Holdings, Key, KeyVersion

_NAME: Final = re.compile(
    r"(projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[A-Za-z0-9_-]{1,63})"
    r"(?:/cryptoKeyVersions/([0-9]+))?"
)
_KEY_BYTES: Final = 32
_STATES: Final = types.CryptoKeyVersion.CryptoKeyVersionState
_ALGORITHMS: Final = types.CryptoKeyVersion.CryptoKeyVersionAlgorithm
_PURPOSES: Final = types.CryptoKey.CryptoKeyPurpose
ENABLED: Final = int(_STATES.ENABLED)
CHANGEABLE: Final = frozenset({ENABLED, int(_STATES.DISABLED)})

RSA_BITS: Final = {
    int(_ALGORITHMS.RSA_SIGN_PKCS1_2048_SHA256): 2048,
    int(_ALGORITHMS.RSA_SIGN_PKCS1_3072_SHA256): 3072,
}


class KeyRing:
    """Every key of every ring; a ring needs no making here."""

    def __init__(self, holdings: Holdings, draw: Draw) -> None:
        self._holdings = holdings
        self._draw = draw

    def key(self, name: str, purpose: int | None = None) -> tuple[str, Key]:
        """Give the key that a key's or a version's name belongs to, and its own name."""
        match = _NAME.fullmatch(name)
        if match is None:
            text = f"{name} is no name of a key"
            raise malformed(text)
        if match[1] not in self._holdings.keys:
            raise unknown(match[1])
        key = self._holdings.keys[match[1]]
        if purpose not in (None, key.purpose):
            text = f"the purpose of {match[1]} is {_PURPOSES(key.purpose).name}"
            raise malformed(text)
        return match[1], key

    def number(self, name: str) -> int | None:
        """Give the number of the version that is named, if one is."""
        match = _NAME.fullmatch(name)
        return int(match[2]) if match and match[2] else None

    def version(self, name: str, number: int | None) -> KeyVersion:
        """Give a version of a key."""
        versions = self._holdings.keys[name].versions
        if number not in versions:
            text = f"{name}/cryptoKeyVersions/{number}"
            raise unknown(text)
        return versions[number]

    def create(self, request: types.CreateCryptoKeyRequest) -> types.CryptoKey:
        """Make a key with its first version."""
        name = f"{request.parent}/cryptoKeys/{request.crypto_key_id}"
        if _NAME.fullmatch(name) is None:
            text = f"{name} can not be the name of a key"
            raise malformed(text)
        if name in self._holdings.keys:
            raise taken(name)
        purpose = int(request.crypto_key.purpose)
        algorithm = int(request.crypto_key.version_template.algorithm)
        if purpose == _PURPOSES.ENCRYPT_DECRYPT:
            algorithm = int(_ALGORITHMS.GOOGLE_SYMMETRIC_ENCRYPTION)
        elif purpose != _PURPOSES.ASYMMETRIC_SIGN or algorithm not in RSA_BITS:
            raise malformed("this cloud has ENCRYPT_DECRYPT keys and RSA PKCS1 SHA256 signing keys")
        key = Key(purpose=purpose, algorithm=algorithm)
        key.versions[1] = self._new_version(key)
        key.primary = 1 if purpose == _PURPOSES.ENCRYPT_DECRYPT else 0
        self._holdings.keys[name] = key
        return self._shown(name)

    def get(self, request: types.GetCryptoKeyRequest) -> types.CryptoKey:
        """Give a key and its primary version."""
        return self._shown(self.key(request.name)[0])

    def rotate(self, request: types.CreateCryptoKeyVersionRequest) -> types.CryptoKeyVersion:
        """Make the next version; the primary stays until it is told to change."""
        name, key = self.key(request.parent)
        number = max(key.versions) + 1
        key.versions[number] = self._new_version(key)
        return self._shown_version(name, number)

    def promote(self, request: types.UpdateCryptoKeyPrimaryVersionRequest) -> types.CryptoKey:
        """Encrypt with this version from now on."""
        name, key = self.key(request.name, _PURPOSES.ENCRYPT_DECRYPT)
        if not re.fullmatch(r"[0-9]+", request.crypto_key_version_id):
            raise malformed("crypto_key_version_id is no number")
        number = int(request.crypto_key_version_id)
        state = self.version(name, number).state
        if state != ENABLED:
            place = f"{name}/cryptoKeyVersions/{number}"
            raise wrong_state(place, _STATES(state).name)
        key.primary = number
        return self._shown(name)

    def update_version(
        self, request: types.UpdateCryptoKeyVersionRequest
    ) -> types.CryptoKeyVersion:
        """Enable or disable a version."""
        asked = request.crypto_key_version
        if list(request.update_mask.paths) != ["state"] or int(asked.state) not in CHANGEABLE:
            raise malformed("only `state` can be changed, to ENABLED or DISABLED")
        return self._change(asked.name, int(asked.state))

    def destroy(self, request: types.DestroyCryptoKeyVersionRequest) -> types.CryptoKeyVersion:
        """Schedule a version's end; from now on it opens nothing."""
        return self._change(request.name, int(_STATES.DESTROY_SCHEDULED))

    def _change(self, name: str, state: int) -> types.CryptoKeyVersion:
        key_name, _ = self.key(name)
        number = self.number(name)
        version = self.version(key_name, number)
        if version.state not in CHANGEABLE:
            raise wrong_state(name, _STATES(version.state).name)
        version.state = state
        return types.CryptoKeyVersion(name=name, state=state)

    def _new_version(self, key: Key) -> KeyVersion:
        if key.algorithm not in RSA_BITS:
            return KeyVersion(material=self._draw(_KEY_BYTES))
        private_key = rsa.generate_private_key(65537, RSA_BITS[key.algorithm])
        return KeyVersion(
            material=private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        )

    def _shown(self, name: str) -> types.CryptoKey:
        key = self._holdings.keys[name]
        primary = self._shown_version(name, key.primary) if key.primary else None
        return types.CryptoKey(name=name, purpose=key.purpose, primary=primary)

    def _shown_version(self, name: str, number: int) -> types.CryptoKeyVersion:
        key = self._holdings.keys[name]
        return types.CryptoKeyVersion(
            name=f"{name}/cryptoKeyVersions/{number}",
            state=key.versions[number].state,
            algorithm=key.algorithm,
        )
