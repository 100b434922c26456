"""Faults on demand: which call to the local cloud should fail, for whom, how, how often."""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

import google_crc32c
import grpc

from ..fault_queue import Counted, FaultQueue

Spoilt = Literal[
    "wrong_crc",
    "missing_crc",
    "unverified_data",
    "unverified_aad",
    "wrong_name",
    "corrupted",
    "forged",
]
"""
What is wrong with an answer: its checksum; the checksum left out; `verified_*` false, of the AAD or of
everything else; another resource's name; a flipped bit under the checksum of what it was, or (forged)
under one that fits it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Counted):
    """One way to fail. `method` is the RPC's name, as Decrypt; `caller` None: whoever calls."""

    method: str
    caller: str | None = None
    status: str | None = None
    """The name of a gRPC status, as UNAVAILABLE: the call is refused with it and does nothing."""
    lost: bool = False
    """With a status: the call is served, and its answer lost on the way."""
    resource: str = ""
    """How the name of the resource ends, at Firestore that of the database; empty: whichever."""
    spoilt: Spoilt | None = None
    """The call is served, and its answer spoilt."""
    delay: float = 0.0
    """Seconds to wait before anything else."""

    def __post_init__(self) -> None:
        if self.status is not None and self.status not in grpc.StatusCode.__members__:
            message = f"{self.status} is no gRPC status"
            raise ValueError(message)


class Faults(FaultQueue[Fault]):
    """The faults still to come."""

    def take(self, method: str, caller: str, resource: str) -> Fault | None:
        """Give the first fault that is due here, and count it down."""
        return self.take_first(
            lambda fault: (
                fault.method == method
                and fault.caller in (None, caller)
                and resource.endswith(fault.resource)
            )
        )


_DATA: Final = ("ciphertext", "plaintext", "signature", "data")


def spoil(answer: Any, how: Spoilt) -> None:  # noqa: ANN401  # reason: one of several messages
    """Change an answer of Encrypt, Decrypt, AsymmetricSign or AccessSecretVersion for the worse."""
    if how == "wrong_name":
        answer.name = re.sub(r"/(secrets|cryptoKeys)/", r"/\1/not-", answer.name)
    elif how in ("unverified_data", "unverified_aad"):
        for field in type(answer).meta.fields:
            if field.startswith("verified_") and ("additional" in field) == (how[-3:] == "aad"):
                setattr(answer, field, False)
    else:
        _spoil_data(getattr(answer, "payload", answer), how)


def _spoil_data(message: Any, how: Spoilt) -> None:  # noqa: ANN401  # reason: one of several messages
    field = next(name for name in _DATA if name in type(message).meta.fields)
    checksum = f"{field}_crc32c"
    if how == "wrong_crc":
        setattr(message, checksum, getattr(message, checksum) ^ 1)
    elif how == "missing_crc":
        setattr(message, checksum, None)
    else:
        data = getattr(message, field)
        setattr(message, field, bytes([data[0] ^ 1]) + data[1:])
        if how == "forged":
            setattr(message, checksum, google_crc32c.value(getattr(message, field)))
