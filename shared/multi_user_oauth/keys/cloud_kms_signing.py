"""Signatures by a private key that never leaves Cloud KMS."""

from base64 import b64encode
from hashlib import sha256
from typing import Final

import msgspec

from multi_user_oauth.keys.cloud_kms import crc32c, is_whole
from multi_user_oauth.keys.cloud_kms_answers import camel
from multi_user_oauth.keys.cloud_kms_rest import CloudKms


class _Signed(msgspec.Struct, rename=camel):
    name: str
    signature: bytes
    signature_crc32c: str
    verified_digest_crc32c: bool


_SIGNED: Final = msgspec.json.Decoder(_Signed)


class CloudKmsSigner:
    """
    Signs with one key version, `projects/.../cryptoKeys/.../cryptoKeyVersions/N`.

    Its algorithm is RSA_SIGN_PKCS1_2048_SHA256 or _3072_: JOSE calls both RS256 (RFC 7518, 3.3).
    """

    def __init__(self, kms: CloudKms, version_name: str) -> None:
        self._kms = kms
        self._version_name = version_name

    def sign(self, message: bytes) -> bytes:
        """Return the signature; raise `KeysUnavailableError`."""
        digest = sha256(message).digest()
        answer = self._kms.ask(
            self._version_name,
            ":asymmetricSign",
            _SIGNED,
            body={
                "digest": {"sha256": b64encode(digest).decode()},
                "digestCrc32c": crc32c(digest),
            },
            is_sound=self._is_sound,
        )
        return answer.signature

    def _is_sound(self, answer: _Signed) -> bool:
        return (
            answer.verified_digest_crc32c
            and is_whole(answer.signature, answer.signature_crc32c)
            and answer.name == self._version_name
        )
