"""Envelope encryption: a token under its connection's data key, and that key under a key service's.

Sealed value, version 1: `01`, length of the wrapped key (2 bytes, big-endian), the wrapped key, the
nonce (12 bytes), ciphertext and tag of AES-256-GCM (NIST SP 800-38D, 96-bit random nonce).
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from multi_user_oauth.errors import TamperedError
from multi_user_oauth.keys.cache import DataKeyCache
from multi_user_oauth.model import Binding, Secret
from multi_user_oauth.ports import DataKey, Draw

VERSION: Final = b"\x01"
HEADER_BYTES: Final = 3
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16


class KeyEncrypter(Protocol):
    """A key service's right to encrypt, with one of its keys."""

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """Return a data key wrapped, for this AAD only; raise `KeysUnavailableError`."""


class KeyDecrypter(Protocol):
    """A key service's right to decrypt, with one of its keys."""

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """
        Return the data key that was wrapped for this AAD.

        Raise `TamperedError` if it was not, by this key; `KeysUnavailableError` if that can not be
        found out now.
        """


class EnvelopeSealer:
    """Implements `Sealer` over any key service that encrypts."""

    def __init__(self, encrypter: KeyEncrypter, draw: Draw) -> None:
        self._encrypter = encrypter
        self._draw = draw

    def new_key(self, binding: Binding) -> DataKey:
        """Return a new data key, wrapped for the binding; raise `KeysUnavailableError`."""
        plaintext, outer = self._draw(KEY_BYTES), binding.outer()
        return DataKey(
            plaintext=plaintext, wrapped=self._encrypter.encrypt(plaintext, outer), outer=outer
        )

    def seal(self, key: DataKey, binding: Binding, value: Secret) -> bytes:
        """Return the value sealed; raise `TamperedError` if the key is not this grant's."""
        if key.outer != binding.outer():
            raise TamperedError("the data key is another connection's, kind's or epoch's")
        nonce = self._draw(NONCE_BYTES)
        ciphertext = AESGCM(key.plaintext).encrypt(nonce, _encoded(value), binding.inner())
        return bytes(Envelope(wrapped=key.wrapped, nonce=nonce, ciphertext=ciphertext))


class EnvelopeOpener:
    """Implements `Opener` over any key service that decrypts."""

    def __init__(self, decrypter: KeyDecrypter, cache: DataKeyCache) -> None:
        self._decrypter = decrypter
        self._cache = cache

    def open(self, sealed: bytes, binding: Binding) -> Secret:
        """Return the value; raise `TamperedError` or `KeysUnavailableError`."""
        return self._opened(sealed, binding)[1]

    def data_key(self, sealed: bytes, binding: Binding) -> DataKey:
        """Return the key of a value that opens: no successor is made of one that was moved here."""
        return self._opened(sealed, binding)[0]

    def _opened(self, sealed: bytes, binding: Binding) -> tuple[DataKey, Secret]:
        envelope = Envelope.parse(sealed)
        key = self._unwrapped(envelope.wrapped, binding.outer())
        return key, envelope.opened(key.plaintext, binding)

    def _unwrapped(self, wrapped: bytes, outer: bytes) -> DataKey:
        plaintext = self._cache.get(wrapped, outer)
        if plaintext is None:
            plaintext = unwrapped(self._decrypter, wrapped, outer)
            self._cache.put(wrapped, outer, plaintext)
        return DataKey(plaintext=plaintext, wrapped=wrapped, outer=outer)


def unwrapped(decrypter: KeyDecrypter, wrapped: bytes, outer: bytes) -> bytes:
    """Return the data key; raise `TamperedError` or `KeysUnavailableError`."""
    plaintext = decrypter.decrypt(wrapped, outer)
    if len(plaintext) != KEY_BYTES:
        raise TamperedError("a wrapped data key has another length than ours")
    return plaintext


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The parts of a sealed value."""

    wrapped: bytes
    nonce: bytes
    ciphertext: bytes

    @classmethod
    def parse(cls, sealed: bytes) -> Self:
        """Return the parts of what `bytes()` wrote; raise `TamperedError` for anything else."""
        if sealed[:1] != VERSION:
            raise TamperedError("a sealed value has an unknown version")
        wrapped_end = HEADER_BYTES + int.from_bytes(sealed[1:HEADER_BYTES], "big")
        nonce_end = wrapped_end + NONCE_BYTES
        if wrapped_end == HEADER_BYTES or len(sealed) < nonce_end + TAG_BYTES:
            raise TamperedError("a sealed value is cut short")
        return cls(
            wrapped=sealed[HEADER_BYTES:wrapped_end],
            nonce=sealed[wrapped_end:nonce_end],
            ciphertext=sealed[nonce_end:],
        )

    def __bytes__(self) -> bytes:
        """Return it as it is stored."""
        length = len(self.wrapped).to_bytes(2, "big")
        return b"".join((VERSION, length, self.wrapped, self.nonce, self.ciphertext))

    def opened(self, data_key: bytes, binding: Binding) -> Secret:
        """Return the value; raise `TamperedError` where it is another's, or belongs elsewhere."""
        with suppress(InvalidTag):
            return _decoded(AESGCM(data_key).decrypt(self.nonce, self.ciphertext, binding.inner()))
        raise TamperedError("a sealed value does not open here")


# A lone surrogate, which JSON can bring, is no valid UTF-8. Sealing must not fail over it: what a
# token looks like is the provider's business, and the old one may already be spent.


def _encoded(value: Secret) -> bytes:
    return value.reveal().encode("utf-8", "surrogatepass")


def _decoded(plaintext: bytes) -> Secret:
    # Suppressed, not chained: a UnicodeDecodeError carries the bytes that it could not decode.
    with suppress(UnicodeDecodeError):
        return Secret(plaintext.decode("utf-8", "surrogatepass"))
    raise TamperedError("a sealed value is not text")
