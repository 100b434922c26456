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
from multi_user_oauth.ports import Draw, Meter

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 32


class FakeKey:
    """One key of a key service: a `KeyEncrypter` and a `KeyDecrypter`; `down` makes both fail."""

    def __init__(self, name: str, *, draw: Draw, meter: Meter) -> None:
        self.down = False
        self._cipher = AESGCM(sha256(name.encode()).digest())
        self._draw = draw
        self._meter = meter

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """As the port."""
        self._use()
        nonce = self._draw(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext, aad)

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """As the port."""
        self._use()
        nonce, sealed = ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, aad)
        except InvalidTag as altered:
            raise TamperedError("scripted: not wrapped for this") from altered

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
