"""A data key as a key service in the cloud wrapped it, labelled with the key version that did.

Wrapped key, version 2: `02`, length of the key version (1 byte), the key version (ASCII), its proof
(16 bytes), the service's ciphertext. A service's ciphertext does not show its version, and without that
nobody could tell which versions are still needed. (Version 1 is that of keys in files.)
"""

import hmac
import re
from dataclasses import dataclass
from typing import Final, Self

from multi_user_oauth.errors import TamperedError

VERSION: Final = b"\x02"
HEADER_BYTES: Final = 2
LOCAL_VERSION: Final = b"\x01"
LOCAL_HEADER_BYTES: Final = 9  # its version, and the fingerprint of the key
PROOF_BYTES: Final = 16
_KEY_VERSION: Final = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
_PURPOSE: Final = b"multi-user-oauth: key version of a wrapped data key\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """
    The parts of a wrapped key.

    The proof binds the label, which the service's own AAD can not: the version is known only from its
    answer. It is an HMAC under the data key, so only who wrapped it, or can unwrap it, can make it; and
    a plaintext that came back altered does not pass it either.
    """

    key_version: str
    proof: bytes
    ciphertext: bytes

    @classmethod
    def of(cls, plaintext: bytes, *, key_version: str, ciphertext: bytes) -> Self:
        """Return what a service wrapped, labelled."""
        return cls(
            key_version=key_version, proof=_proof(plaintext, key_version), ciphertext=ciphertext
        )

    @classmethod
    def parse(cls, wrapped: bytes) -> Self:
        """Return the parts of what `bytes()` wrote; raise `TamperedError` for anything else."""
        proof_at = HEADER_BYTES + wrapped[1] if len(wrapped) >= HEADER_BYTES else 0
        ciphertext_at = proof_at + PROOF_BYTES
        key_version = wrapped[HEADER_BYTES:proof_at].decode("latin-1")
        if (
            wrapped[:1] != VERSION
            or len(wrapped) <= ciphertext_at
            or not _KEY_VERSION.fullmatch(key_version)
        ):
            raise TamperedError(
                "a wrapped data key is cut short, or of another kind of key service"
            )
        return cls(
            key_version=key_version,
            proof=wrapped[proof_at:ciphertext_at],
            ciphertext=wrapped[ciphertext_at:],
        )

    def __bytes__(self) -> bytes:
        """Return it as it is stored."""
        label = self.key_version.encode()
        return b"".join((VERSION, bytes([len(label)]), label, self.proof, self.ciphertext))

    def opened(self, plaintext: bytes) -> bytes:
        """Return the data key; raise `TamperedError` unless it is the one that was wrapped here."""
        if not hmac.compare_digest(self.proof, _proof(plaintext, self.key_version)):
            raise TamperedError("a wrapped data key is not what its label says")
        return plaintext


def key_version(wrapped: bytes) -> str:
    """
    Return the version of the key that wrapped this; raise `TamperedError`.

    Good for counting and for choosing what to wrap anew: it is proved only when the key is unwrapped.
    """
    return WrappedKey.parse(wrapped).key_version


def _proof(plaintext: bytes, key_version: str) -> bytes:
    return hmac.digest(plaintext, _PURPOSE + key_version.encode(), "sha256")[:PROOF_BYTES]
