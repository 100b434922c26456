"""Key files made at the first start, rotated, and relieved of keys that nothing needs any more."""

import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.keys import local_files as files

KEY_NAMES: Final = ("access", "refresh")
_ENABLED: Final = "ENABLED"


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
        private_file, public_file = _files(directory, name)
        if not private_file.exists():
            files.create(private_file, files.private_pem([files.new_key()]))
        # The public half of the key that stands, which another process may have made.
        public_keys = [key.public_key() for key in files.private_keys(private_file)]
        if not public_file.exists():
            files.create(public_file, files.public_pem(public_keys[0]))
        # Of any of them: a rotation that was killed half-way has added a key that nobody uses yet.
        if files.public_key(public_file) not in public_keys:
            # What is sealed with it could never be opened again.
            message = f"{public_file}: expected the public half of {private_file.name}"
            raise ConfigurationError(message)


class LocalKeyVersions:
    """
    Implements `KeyRotation` with the two files of one key; a version's name is its fingerprint in hex.

    Processes that run notice a changed file at their next use of it. All methods raise
    `ConfigurationError` for files that are not as they should be.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._private, self._public = _files(directory, name)

    def states(self) -> Mapping[str, str]:
        """Return the versions that the private file holds: whatever is there opens."""
        return {_name(key.public_key()): _ENABLED for key in files.private_keys(self._private)}

    def primary(self) -> str:
        """Return the version in the public file."""
        return _name(files.public_key(self._public))

    def rotate(self) -> str:
        """Add a key and encrypt with it from now on."""
        with self._alone():
            made = files.new_key()
            # In this order: there is no moment at which anything is sealed that nobody can open.
            keys = (made, *files.private_keys(self._private))
            files.replace(self._private, files.private_pem(keys))
            files.replace(self._public, files.public_pem(made.public_key()))
        return _name(made.public_key())

    def destroy(self, version: str) -> None:
        """Take the key out of the private file. Copies of that file still hold it."""
        with self._alone():
            keys = files.private_keys(self._private)
            kept = [key for key in keys if _name(key.public_key()) != version]
            if len(kept) == len(keys) or version == self.primary():
                raise ConfigurationError(f"{self._private}: {version} is no older key of this file")
            files.replace(self._private, files.private_pem(kept))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # Two rotations at once would each put back the file without the other's new key.
        try:
            descriptor = os.open(self._directory, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            message = f"{self._directory}: can not be written ({error.strerror})"
            raise ConfigurationError(message) from None


def _files(directory: Path, name: str) -> tuple[Path, Path]:
    return directory / f"{name}.private.pem", directory / f"{name}.public.pem"


def _name(key: rsa.RSAPublicKey) -> str:
    return files.fingerprint(key).hex()
