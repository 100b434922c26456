"""What a back end provides: two databases, two keys, the applications' secrets."""

from typing import TYPE_CHECKING, Protocol

from multi_user_oauth.model import Kind
from multi_user_oauth.ports import (
    AuditReader,
    AuditWalk,
    ClientSecrets,
    ConnectionCounts,
    ConnectionDirectory,
    ConnectionWriter,
    DueConnections,
    EndingConnections,
    Erasure,
    FlowMarks,
    KeyRotation,
    KeyVersionNotes,
    Ledger,
    LedgerErasure,
    People,
    ReadLog,
    RescueStore,
    RevocationStore,
    SealedRecords,
    Signer,
    TraceErasure,
    UnfinishedRevocations,
    Usage,
)
from multi_user_oauth.ports.attempts import Attempts
from multi_user_oauth.ports.backup import ActivityWalk, PuttingBack
from multi_user_oauth.ports.breakers import BreakerStore, Suspects

if TYPE_CHECKING:  # a function without keys loads no cryptography
    from multi_user_oauth.keys.envelope import KeyDecrypter, KeyEncrypter


class MainStore(
    ConnectionWriter,
    ConnectionDirectory,
    EndingConnections,
    ConnectionCounts,
    DueConnections,
    SealedRecords,
    AuditReader,
    AuditWalk,
    RescueStore,
    RevocationStore,
    UnfinishedRevocations,
    Erasure,
    Protocol,
):
    """All ports of the main database."""


class ActivityStore(
    FlowMarks,
    Ledger,
    People,
    KeyVersionNotes,
    Usage,
    ReadLog,
    LedgerErasure,
    TraceErasure,
    BreakerStore,
    Suspects,
    Attempts,
    Protocol,
):
    """All ports of the activity database."""


class Backend(Protocol):
    """One technology for everything that is kept; each method imports and opens only its own part."""

    def main(self) -> MainStore:
        """Return the main database."""

    def activity(self) -> ActivityStore:
        """Return the activity database."""

    def putting_back(self) -> PuttingBack:
        """Return what writes a backup into the main database, for an operator at a terminal."""

    def activity_walk(self) -> ActivityWalk:
        """Return what walks over the activity database, for a backup."""

    def client_secrets(self) -> ClientSecrets:
        """Return the applications' credentials."""

    def signer(self, key_version: str) -> Signer:
        """Return what signs with this key version; raise `ConfigurationError` where there is none."""

    def encrypter(self, kind: Kind) -> "KeyEncrypter":
        """Return the right to encrypt with the key of this kind."""

    def decrypter(self, kind: Kind) -> "KeyDecrypter":
        """Return the right to decrypt with the key of this kind."""

    def key_rotation(self, kind: Kind) -> KeyRotation:
        """Return the versions of the key of this kind, for who may change them."""
