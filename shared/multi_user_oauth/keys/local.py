"""Two key services in four files, for this machine: who is given a public file can only encrypt.

Wrapped key, version 1: `01`, fingerprint of the public key (8 bytes), RSAES-OAEP (RFC 8017, 7.1)
with SHA-256 and the AAD as its label, which decryption compares. The fingerprint tells keys apart
once there is more than one.
"""

import os
import stat
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from multi_user_oauth.errors import ConfigurationError, TamperedError
from multi_user_oauth.ports import Meter

KEY_NAMES: Final = ("access", "refresh")
KEY_BITS: Final = 3072
VERSION: Final = b"\x01"
FINGERPRINT_BYTES: Final = 8


def provision(directory: Path) -> None:
    """
    Make the key files that are not there yet: `{access,refresh}.{private,public}.pem`, RSA-3072.

    Safe to call at every start and in several processes at once: all end up with the same keys, and
    none ever reads half a file. The directory is made with mode 0700, the files with 0600. Raise
    `ConfigurationError` where existing ones are open to others, no such keys or not a pair.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        message = f"{directory}: others could replace the keys in it; expected mode 0700"
        raise ConfigurationError(message)
    for name in KEY_NAMES:
        private_file = directory / f"{name}.private.pem"
        if not private_file.exists():
            _create(private_file, _private_pem(rsa.generate_private_key(65537, KEY_BITS)))
        # The public half of the key that stands, which another process may have made.
        public_key = _private_key(private_file).public_key()
        public_file = directory / f"{name}.public.pem"
        if not public_file.exists():
            _create(public_file, _public_pem(public_key))
        if _public_key(public_file) != public_key:
            # What is sealed with it could never be opened again.
            message = f"{public_file}: expected the public half of {private_file.name}"
            raise ConfigurationError(message)


class LocalEncrypter:
    """Implements `KeyEncrypter` with a public key file. Opens nothing, not even its own."""

    def __init__(self, public_key_file: Path, *, meter: Meter) -> None:
        self._key = _public_key(public_key_file)
        self._header = VERSION + _fingerprint(self._key)
        self._meter = meter

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """Return the data key wrapped, for this AAD only."""
        self._meter.count("kms")
        return self._header + self._key.encrypt(plaintext, _oaep(aad))


class LocalDecrypter:
    """Implements `KeyDecrypter` with a private key file."""

    def __init__(self, private_key_file: Path, *, meter: Meter) -> None:
        self._key = _private_key(private_key_file)
        self._header = VERSION + _fingerprint(self._key.public_key())
        self._meter = meter

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """
        Return the data key that was wrapped for this AAD.

        Raise `TamperedError` for everything else, another key's wrapping included: with keys in
        files, waiting would not bring that key.
        """
        self._meter.count("kms")
        header, wrapped = ciphertext[: len(self._header)], ciphertext[len(self._header) :]
        if header != self._header:
            raise TamperedError("a data key is wrapped by a key that is not held here")
        with suppress(ValueError):
            return self._key.decrypt(wrapped, _oaep(aad))
        raise TamperedError("a wrapped data key does not open here")


def _oaep(aad: bytes) -> padding.OAEP:
    return padding.OAEP(mgf=padding.MGF1(SHA256()), algorithm=SHA256(), label=aad)


def _fingerprint(key: rsa.RSAPublicKey) -> bytes:
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(spki).digest()[:FINGERPRINT_BYTES]


def _private_key(file: Path) -> rsa.RSAPrivateKey:
    pem = _read(file, closed=0o077, expected="a file that only its owner can read, mode 0600")
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        # Its own file, checked when it was made: the arithmetic check costs 90 ms at each start.
        key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
        if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= KEY_BITS:
            return key
    raise _no_key(file, "private")


def _public_key(file: Path) -> rsa.RSAPublicKey:
    pem = _read(file, closed=0o022, expected="a file that only its owner can write, mode 0600")
    with suppress(ValueError, UnsupportedAlgorithm):
        key = load_pem_public_key(pem)
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= KEY_BITS:
            return key
    raise _no_key(file, "public")


def _no_key(file: Path, half: str) -> ConfigurationError:
    return ConfigurationError(f"{file}: expected an RSA {half} key of {KEY_BITS} bits, in PEM")


def _read(file: Path, *, closed: int, expected: str) -> bytes:
    try:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_mode & closed:
                raise ConfigurationError(f"{file}: expected {expected}")
            return opened.read()
    except OSError as error:
        message = f"{file}: can not be read ({error.strerror}); expected a key file"
        raise ConfigurationError(message) from error


def _create(file: Path, content: bytes) -> None:
    # Written aside and linked: the name appears with the whole content or, if another process was
    # first, not at all. Synced: a key that a power cut takes would take every sealed value with it.
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(temporary, file)
    finally:
        Path(temporary).unlink()
    _sync(file.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_pem(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
