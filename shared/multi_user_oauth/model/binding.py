"""Where a sealed value belongs: the authenticated data that keeps it from opening elsewhere."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from multi_user_oauth.model.connection_key import ConnectionKey
from multi_user_oauth.model.identity import Identity

SCHEMA: Final = "1"


class Kind(StrEnum):
    """Which of a connection's two sealed values."""

    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """
    The place of one sealed value.

    `deployment` is a configured UUID, so that a copy of the database opens nowhere else and a restored
    one, whatever its name, does. A value of another record, kind, epoch, person or generation is
    refused by authenticated decryption itself, not by a comparison that somebody may forget.

    A data key is wrapped before the person is known: until then `identity` is None.
    """

    deployment: str
    key: ConnectionKey
    kind: Kind
    epoch: int
    identity: Identity | None = None
    generation: int = 0

    def outer(self) -> bytes:
        """Return what the data key's wrapping is bound to: all that one grant's values share."""
        return _joined(
            SCHEMA,
            self.deployment,
            self.key.connector_type,
            self.key.user_email,
            self.kind,
            str(self.epoch),
        )

    def inner(self) -> bytes:
        """
        Return what the ciphertext is bound to: the outer binding, the person, the generation.

        Raise `ValueError` where the person is not known yet.
        """
        if self.identity is None:
            message = "a value is sealed for a person"
            raise ValueError(message)
        return self.outer() + _joined(str(self.identity), str(self.generation))


def _joined(*parts: str) -> bytes:
    # Each part is prefixed by its length: ("a", "bc") and ("ab", "c") must differ.
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
