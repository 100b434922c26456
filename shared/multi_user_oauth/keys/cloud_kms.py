"""Cloud KMS as a key service; only this module imports its library.

The client's own retry (60 s, and not of ResourceExhausted) is switched off: a call is tried again here,
for about four seconds in all, and never for longer than a function may keep a caller waiting.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import google_crc32c
from google.api_core.exceptions import (
    DeadlineExceeded,
    GoogleAPIError,
    InvalidArgument,
    ResourceExhausted,
    RetryError,
    ServiceUnavailable,
)
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud.kms_v1 import DecryptResponse, EncryptResponse, KeyManagementServiceClient
from google.cloud.kms_v1.services.key_management_service.transports import (
    KeyManagementServiceGrpcTransport,
)

from multi_user_oauth.errors import KeysUnavailableError, TamperedError
from multi_user_oauth.keys.wrapped import WrappedKey, key_version
from multi_user_oauth.ports import Meter

__all__ = ["CloudKmsDecrypter", "CloudKmsEncrypter", "connect", "key_version"]

T = TypeVar("T")

GIVE_UP_AFTER: Final = 4.0  # seconds; no try begins later
ONE_TRY: Final = 1.5  # seconds
_PASSING: Final = (ServiceUnavailable, DeadlineExceeded, ResourceExhausted)


def connect(channel: Any = None) -> KeyManagementServiceClient:  # noqa: ANN401  # reason: grpc has no types
    """Return a client of Cloud KMS, or of whatever is behind a channel made by the caller."""
    if channel is None:
        return KeyManagementServiceClient()
    return KeyManagementServiceClient(transport=KeyManagementServiceGrpcTransport(channel=channel))


class CloudKmsEncrypter:
    """Implements `KeyEncrypter` with the primary version of the key `projects/.../cryptoKeys/...`."""

    def __init__(
        self,
        client: KeyManagementServiceClient,
        key_name: str,
        *,
        meter: Meter,
        give_up_after: float = GIVE_UP_AFTER,
    ) -> None:
        self._client = client
        self._key_name = key_name
        self._ask = _Asking(key_name, meter, give_up_after)

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """Return the data key wrapped, for this AAD only; raise `KeysUnavailableError`."""
        request = {
            "name": self._key_name,
            "plaintext": plaintext,
            "plaintext_crc32c": google_crc32c.value(plaintext),
            **_with_aad(aad),
        }

        def attempt(timeout: float) -> WrappedKey:
            answer = self._client.encrypt(request=request, retry=None, timeout=timeout)
            return self._wrapped(plaintext, answer)

        return bytes(self._ask(attempt))

    def _wrapped(self, plaintext: bytes, answer: EncryptResponse) -> WrappedKey:
        # https://docs.cloud.google.com/kms/docs/data-integrity-guidelines
        key_name, _, version = answer.name.partition("/cryptoKeyVersions/")
        if (
            not answer.verified_plaintext_crc32c
            or not answer.verified_additional_authenticated_data_crc32c
            or answer.ciphertext_crc32c != google_crc32c.value(answer.ciphertext)
            or key_name != self._key_name
            or not version.isdecimal()
        ):
            raise _GarbledError
        return WrappedKey.of(plaintext, key_version=version, ciphertext=answer.ciphertext)


class CloudKmsDecrypter:
    """Implements `KeyDecrypter` with every enabled version of the key."""

    def __init__(
        self,
        client: KeyManagementServiceClient,
        key_name: str,
        *,
        meter: Meter,
        give_up_after: float = GIVE_UP_AFTER,
    ) -> None:
        self._client = client
        self._key_name = key_name
        self._ask = _Asking(key_name, meter, give_up_after)

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """Return the data key; raise `TamperedError`, or `KeysUnavailableError` (a disabled version)."""
        wrapped = WrappedKey.parse(ciphertext)
        request = {
            "name": self._key_name,
            "ciphertext": wrapped.ciphertext,
            "ciphertext_crc32c": google_crc32c.value(wrapped.ciphertext),
            **_with_aad(aad),
        }

        def attempt(timeout: float) -> bytes | None:
            try:
                answer = self._client.decrypt(request=request, retry=None, timeout=timeout)
            except InvalidArgument:
                return None  # all else in the request is ours and right
            return _unwrapped(answer)

        plaintext = self._ask(attempt)
        if plaintext is None:
            raise TamperedError("a wrapped data key does not open here")
        return wrapped.opened(plaintext)


class _GarbledError(Exception):
    """An answer is not what was sent, or is to another request: once more, then never mind."""


class _Asking:
    """Tries again what may pass, within the time; everything else is `KeysUnavailableError`."""

    def __init__(self, key_name: str, meter: Meter, give_up_after: float) -> None:
        self._key_name = key_name
        self._meter = meter
        self._give_up_after = give_up_after

    def __call__(self, attempt: Callable[[float], T]) -> T:
        try:
            return self._patience()(self._counted)(attempt)
        except (GoogleAPIError, GoogleAuthError, _GarbledError) as error:
            cause = error.cause if isinstance(error, RetryError) else error
            reason = "GarbledAnswer" if isinstance(cause, _GarbledError) else type(cause).__name__
        # Not chained: what a service or the network said belongs in no log of ours.
        message = f"{self._key_name}: Cloud KMS does not serve us now ({reason})"
        raise KeysUnavailableError(message)

    def _counted(self, attempt: Callable[[float], T]) -> T:
        self._meter.count("kms")
        return attempt(min(ONE_TRY, self._give_up_after))

    def _patience(self) -> Retry:
        garbled = 0

        def may_pass(error: Exception) -> bool:
            nonlocal garbled
            if not isinstance(error, _GarbledError):
                return isinstance(error, _PASSING)
            garbled += 1
            return garbled == 1

        return Retry(
            may_pass, initial=0.1, maximum=1.0, multiplier=2.0, timeout=self._give_up_after
        )


def _with_aad(aad: bytes) -> dict[str, object]:
    return {
        "additional_authenticated_data": aad,
        "additional_authenticated_data_crc32c": google_crc32c.value(aad),
    }


def _unwrapped(answer: DecryptResponse) -> bytes:
    if answer.plaintext_crc32c != google_crc32c.value(answer.plaintext):
        raise _GarbledError
    return answer.plaintext
