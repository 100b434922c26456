"""Key services and a box for tests: fast, bound to their AAD and purpose, and able to be down."""

import base64
import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from multi_user_oauth.errors import KeysUnavailableError, TamperedError
from multi_user_oauth.keys.wrapped import WrappedKey
from multi_user_oauth.ports import Draw, Meter

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 32
DESTROYED: Final = "DESTROYED"


class FakeKey:
    """
    One key of a key service: a `KeyEncrypter`, a `KeyDecrypter` and a `KeyRotation`.

    `down` makes it fail, and `forgetful` wrap what it can not unwrap. Two of one name are the same key,
    whatever versions each has made.
    """

    def __init__(self, name: str, *, draw: Draw, meter: Meter) -> None:
        self.down = False
        self.forgetful = False
        self._name = name
        self._states = {"1": "ENABLED"}
        self._primary = "1"
        self._draw = draw
        self._meter = meter

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """As the port."""
        self._use()
        nonce, version = self._draw(NONCE_BYTES), self.primary()
        bound = aad + b"forgotten" if self.forgetful else aad
        ciphertext = nonce + self._cipher(version).encrypt(nonce, plaintext, bound)
        return bytes(WrappedKey.of(plaintext, key_version=version, ciphertext=ciphertext))

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """As the port."""
        self._use()
        wrapped = WrappedKey.parse(ciphertext)
        if self._states.get(wrapped.key_version) == DESTROYED:
            raise KeysUnavailableError("scripted: this version is destroyed")
        nonce, sealed = wrapped.ciphertext[:NONCE_BYTES], wrapped.ciphertext[NONCE_BYTES:]
        try:
            plaintext = self._cipher(wrapped.key_version).decrypt(nonce, sealed, aad)
        except (InvalidTag, ValueError) as altered:
            raise TamperedError("scripted: not wrapped for this") from altered
        return wrapped.opened(plaintext)

    def states(self) -> Mapping[str, str]:
        """As the port."""
        return dict(self._states)

    def primary(self) -> str:
        """As the port."""
        return self._primary

    def rotate(self) -> str:
        """As the port."""
        made = str(len(self._states) + 1)
        self._states[made] = "ENABLED"
        self.promote(made)
        return made

    def promote(self, version: str) -> None:
        """Wrap with this version from now on, as somebody can at the key service."""
        self._primary = version

    def destroy(self, version: str) -> None:
        """As the port."""
        self._states[version] = DESTROYED

    def _cipher(self, version: str) -> AESGCM:
        return AESGCM(sha256(f"{self._name} {version}".encode()).digest())

    def _use(self) -> None:
        if self.down:
            raise KeysUnavailableError("scripted: the key service is down")
        self._meter.count("kms")


class FakeBox:
    """A `Box` that signs and does not hide: what is inside can be read in a failing test."""

    def __init__(self, key: bytes = b"box") -> None:
        self._key = key

    def seal(self, purpose: str, claims: Mapping[str, object]) -> str:
        """As the port."""
        body = json.dumps(claims).encode()
        return base64.urlsafe_b64encode(self._tag(purpose, body) + body).decode()

    def open(self, purpose: str, text: str) -> Mapping[str, object]:
        """As the port."""
        try:
            sealed = base64.urlsafe_b64decode(text)
        except ValueError as nonsense:
            raise TamperedError("scripted: not sealed here") from nonsense
        tag, body = sealed[:TAG_BYTES], sealed[TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(purpose, body)):
            raise TamperedError("scripted: not sealed here")
        claims = json.loads(body)
        assert isinstance(claims, dict)
        return claims

    def _tag(self, purpose: str, body: bytes) -> bytes:
        return hmac.digest(self._key, f"{purpose}:".encode() + body, "sha256")
