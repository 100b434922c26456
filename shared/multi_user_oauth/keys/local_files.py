"""Key files on this machine: read strictly, again once they change; written whole or not at all.

`{access,refresh}.private.pem` holds RSA private keys, the newest first, `{access,refresh}.public.pem` the
public half of the one that encrypts. Only the owner can read the first and write the second.
"""

import logging
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, Generic, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from multi_user_oauth.errors import ConfigurationError

logger = logging.getLogger(__name__)

KEY_BITS: Final = 3072
FINGERPRINT_BYTES: Final = 8
_BLOCK: Final = re.compile(rb"-----BEGIN [^-]+-----.+?-----END [^-]+-----", re.DOTALL)

T = TypeVar("T")


class KeyFile(Generic[T]):
    """What stands in a key file. At the start a broken one raises `ConfigurationError`."""

    def __init__(self, file: Path, read: Callable[[Path], T]) -> None:
        self._file = file
        self._read = read
        self._stamp = _stamp(
            file
        )  # before it is read: what replaces it meanwhile is read next time
        self._content = read(file)

    def content(self) -> T:
        """Return it; read again if the file was replaced, unless by something that is no key file."""
        stamp = _stamp(self._file)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._content = self._read(self._file)
            except ConfigurationError:
                logger.exception("a key file is broken; what was read before stays in force")
        return self._content


def private_keys(file: Path) -> tuple[rsa.RSAPrivateKey, ...]:
    """Return the private keys of a file, newest first; raise `ConfigurationError`."""
    pem = _read(file, closed=0o077, expected="a file that only its owner can read, mode 0600")
    blocks = _BLOCK.findall(pem)
    keys = tuple(_private_key(file, block) for block in blocks)
    # A key that was cut short is one that something may have been sealed with.
    if not keys or pem.count(b"-----BEGIN") != len(keys):
        raise _no_key(file, "private")
    return keys


def public_key(file: Path) -> rsa.RSAPublicKey:
    """Return the public key of a file; raise `ConfigurationError`."""
    pem = _read(file, closed=0o022, expected="a file that only its owner can write, mode 0600")
    with suppress(ValueError, UnsupportedAlgorithm):
        key = load_pem_public_key(pem)
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= KEY_BITS:
            return key
    raise _no_key(file, "public")


def fingerprint(key: rsa.RSAPublicKey) -> bytes:
    """Return what tells one key from another."""
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(spki).digest()[:FINGERPRINT_BYTES]


def new_key() -> rsa.RSAPrivateKey:
    """Return a new key."""
    return rsa.generate_private_key(65537, KEY_BITS)


def private_pem(keys: Iterable[rsa.RSAPrivateKey]) -> bytes:
    """Return the content of a private file."""
    return b"".join(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for key in keys
    )


def public_pem(key: rsa.RSAPublicKey) -> bytes:
    """Return the content of a public file."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def create(file: Path, content: bytes) -> None:
    """Make the file with mode 0600; if there is one by now, leave that one alone."""

    def link(draft: Path) -> None:
        with suppress(FileExistsError):
            os.link(draft, file)

    _write(file, content, 0o600, link)


def replace(file: Path, content: bytes) -> None:
    """Put this content in place of the file's; its mode stays."""
    _write(file, content, file.stat().st_mode & 0o777, lambda draft: draft.replace(file))


def _write(file: Path, content: bytes, mode: int, put: Callable[[Path], object]) -> None:
    # Written aside: the name appears with the whole content, or not at all. Synced: a key that a power
    # cut takes would take every sealed value with it.
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            os.fchmod(descriptor, mode)
            opened.write(content)
            opened.flush()
            os.fsync(descriptor)
        put(draft)
    finally:
        draft.unlink(missing_ok=True)
    _sync(file.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _private_key(file: Path, pem: bytes) -> rsa.RSAPrivateKey:
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        # Its own file, checked when it was made: the arithmetic check costs 90 ms at each start.
        key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
        if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= KEY_BITS:
            return key
    raise _no_key(file, "private")


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


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
