"""What an answer of Cloud KMS's REST interface means: a value, or a reason why there is none."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import msgspec
import requests
from google.auth.exceptions import GoogleAuthError

T = TypeVar("T")

_OK: Final = 200
INVALID: Final = "INVALID_ARGUMENT"
GARBLED: Final = "GarbledAnswer"
# What stands before Cloud KMS says no more than a number.
_BY_NUMBER: Final[Mapping[int, str]] = {
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_PASSING: Final = frozenset(_BY_NUMBER.values())
# https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
_STATUSES: Final = _PASSING | {
    *("ABORTED", "ALREADY_EXISTS", "CANCELLED", "DATA_LOSS", "FAILED_PRECONDITION", "INTERNAL"),
    *(INVALID, "NOT_FOUND", "OUT_OF_RANGE", "PERMISSION_DENIED", "UNAUTHENTICATED"),
    *("UNIMPLEMENTED", "UNKNOWN"),
}


class FailedError(Exception):
    """A call failed for this reason: a status of Google's, or the name of a library's error."""

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.passing = passing or reason in _PASSING


def camel(field: str) -> str:
    """Return a field's name in protobuf's JSON; msgspec's own would make it `ciphertextCrc32C`."""
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)


class _Status(msgspec.Struct):
    status: str = ""


class _Refusal(msgspec.Struct):
    error: _Status


_REFUSAL: Final = msgspec.json.Decoder(_Refusal)


def read(send: Callable[[], requests.Response], decoder: msgspec.json.Decoder[T]) -> T:
    """Return what was sent for and came back; raise `FailedError`."""
    try:
        response = send()
        if response.status_code == _OK:
            return decoder.decode(response.content)
    except (
        requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError
    ) as error:  # fmt: skip
        raise FailedError(type(error).__name__, passing=True) from None
    except (requests.RequestException, GoogleAuthError) as error:
        raise FailedError(type(error).__name__) from None
    except msgspec.MsgspecError:
        raise FailedError(GARBLED) from None
    raise FailedError(_status(response))


def _status(response: requests.Response) -> str:
    number = response.status_code
    try:
        said = _REFUSAL.decode(response.content).error.status
    except msgspec.MsgspecError:
        said = ""
    return said if said in _STATUSES else _BY_NUMBER.get(number, f"HTTP {number}")
