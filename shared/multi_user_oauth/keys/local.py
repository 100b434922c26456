"""Two key services in four files, for this machine: who is given a public file can only encrypt.

Wrapped key, version 1: `01`, fingerprint of the public key (8 bytes), RSAES-OAEP (RFC 8017, 7.1)
with SHA-256 and the AAD as its label, which decryption compares. The fingerprint, in hex, is the name of
the key's version: a private file holds several once keys have been rotated.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from multi_user_oauth.errors import TamperedError
from multi_user_oauth.keys.local_files import KeyFile, fingerprint, private_keys, public_key
from multi_user_oauth.keys.wrapped import LOCAL_HEADER_BYTES, LOCAL_VERSION
from multi_user_oauth.ports import Meter


class LocalEncrypter:
    """Implements `KeyEncrypter` with a public key file. Opens nothing, not even its own."""

    def __init__(self, public_key_file: Path, *, meter: Meter) -> None:
        self._file = KeyFile(public_key_file, public_key)
        self._meter = meter

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """Return the data key wrapped, for this AAD only; after a rotation with the new key."""
        self._meter.count("kms")
        key = self._file.content()
        return _header(key) + key.encrypt(plaintext, _oaep(aad))


class LocalDecrypter:
    """Implements `KeyDecrypter` with a private key file."""

    def __init__(self, private_key_file: Path, *, meter: Meter) -> None:
        self._file = KeyFile(private_key_file, _by_header)
        self._meter = meter

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """
        Return the data key that was wrapped for this AAD.

        Raise `TamperedError` for everything else, another key's wrapping included: with keys in
        files, waiting would not bring that key.
        """
        self._meter.count("kms")
        header, wrapped = ciphertext[:LOCAL_HEADER_BYTES], ciphertext[LOCAL_HEADER_BYTES:]
        key = self._file.content().get(header)
        if key is None:
            raise TamperedError("a data key is wrapped by a key that is not held here")
        with suppress(ValueError):
            return key.decrypt(wrapped, _oaep(aad))
        raise TamperedError("a wrapped data key does not open here")


def _by_header(file: Path) -> Mapping[bytes, rsa.RSAPrivateKey]:
    return {_header(key.public_key()): key for key in private_keys(file)}


def _header(key: rsa.RSAPublicKey) -> bytes:
    return LOCAL_VERSION + fingerprint(key)


def _oaep(aad: bytes) -> padding.OAEP:
    return padding.OAEP(mgf=padding.MGF1(SHA256()), algorithm=SHA256(), label=aad)
