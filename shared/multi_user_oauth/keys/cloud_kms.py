"""Cloud KMS as a key service. CRC32C goes along both ways, so that no bit is lost on the way."""

from base64 import b64encode
from typing import Final

import google_crc32c
import msgspec

from multi_user_oauth.keys.cloud_kms_answers import camel
from multi_user_oauth.keys.cloud_kms_rest import CloudKms, Patience, connect
from multi_user_oauth.keys.wrapped import WrappedKey, key_version

__all__ = ["CloudKmsDecrypter", "CloudKmsEncrypter", "Patience", "connect", "key_version"]


class _Encrypted(msgspec.Struct, rename=camel):
    # https://docs.cloud.google.com/kms/docs/data-integrity-guidelines
    name: str
    ciphertext: bytes
    ciphertext_crc32c: str
    verified_plaintext_crc32c: bool
    verified_additional_authenticated_data_crc32c: bool


class _Decrypted(msgspec.Struct, rename=camel):
    plaintext: bytes
    plaintext_crc32c: str


_ENCRYPTED: Final = msgspec.json.Decoder(_Encrypted)
_DECRYPTED: Final = msgspec.json.Decoder(_Decrypted)


class CloudKmsEncrypter:
    """Implements `KeyEncrypter` with the primary version of the key `projects/.../cryptoKeys/...`."""

    def __init__(self, kms: CloudKms, key_name: str) -> None:
        self._kms = kms
        self._key_name = key_name

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """Return the data key wrapped, for this AAD only; raise `KeysUnavailableError`."""
        answer = self._kms.ask(
            self._key_name,
            ":encrypt",
            _ENCRYPTED,
            body=with_crc32c("plaintext", plaintext) | _with_aad(aad),
            is_sound=self._is_sound,
        )
        version = answer.name.rpartition("/")[2]
        return bytes(WrappedKey.of(plaintext, key_version=version, ciphertext=answer.ciphertext))

    def _is_sound(self, answer: _Encrypted) -> bool:
        key_name, _, version = answer.name.partition("/cryptoKeyVersions/")
        return (
            answer.verified_plaintext_crc32c
            and answer.verified_additional_authenticated_data_crc32c
            and is_whole(answer.ciphertext, answer.ciphertext_crc32c)
            and key_name == self._key_name
            and version.isdecimal()
        )


class CloudKmsDecrypter:
    """Implements `KeyDecrypter` with every enabled version of the key."""

    def __init__(self, kms: CloudKms, key_name: str) -> None:
        self._kms = kms
        self._key_name = key_name

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """Return the data key; raise `TamperedError`, or `KeysUnavailableError` (a disabled version)."""
        wrapped = WrappedKey.parse(ciphertext)
        answer = self._kms.ask(
            self._key_name,
            ":decrypt",
            _DECRYPTED,
            body=with_crc32c("ciphertext", wrapped.ciphertext) | _with_aad(aad),
            is_sound=lambda answer: is_whole(answer.plaintext, answer.plaintext_crc32c),
            tampered="a wrapped data key does not open here",  # all else in the request is ours
        )
        return wrapped.opened(answer.plaintext)


def crc32c(data: bytes) -> str:
    """Return the checksum as JSON has it: an int64 is text there (protobuf's JSON mapping)."""
    return str(google_crc32c.value(data))


def is_whole(data: bytes, checksum: str) -> bool:
    """Return whether bytes came as they were sent."""
    return checksum == crc32c(data)


def with_crc32c(field: str, data: bytes) -> dict[str, object]:
    """Return the field and its checksum as JSON has them."""
    return {field: b64encode(data).decode(), f"{field}Crc32c": crc32c(data)}


def _with_aad(aad: bytes) -> dict[str, object]:
    return with_crc32c("additionalAuthenticatedData", aad)
