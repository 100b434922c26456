"""Keys and client secrets. A sealer can not open; an opener needs the right to decrypt."""

from collections.abc import Mapping
from typing import Never, Protocol

from multi_user_oauth.model import Binding, Secret


class DataKey:
    """
    A connection's data key, open, and as it is stored: wrapped for `outer` (a binding's).

    Not a dataclass: neither `asdict` nor pickling may take the open key along.
    """

    __slots__ = ("outer", "plaintext", "wrapped")

    def __init__(self, *, plaintext: bytes, wrapped: bytes, outer: bytes) -> None:
        self.plaintext = plaintext
        self.wrapped = wrapped
        self.outer = outer

    def __repr__(self) -> str:
        return "DataKey(***)"

    def __reduce__(self) -> Never:
        message = "a DataKey is not pickled"
        raise TypeError(message)


class Sealer(Protocol):
    """Seals for one kind, with the right to encrypt only."""

    def new_key(self, binding: Binding) -> DataKey:
        """Draw and wrap a data key for the binding's grant; raise `KeysUnavailableError`."""

    def seal(self, key: DataKey, binding: Binding, value: Secret) -> bytes:
        """Return the sealed value. Never calls the key service, so nothing can fail here."""


class Opener(Protocol):
    """Opens one kind."""

    def open(self, sealed: bytes, binding: Binding) -> Secret:
        """Return the value; raise `TamperedError` or `KeysUnavailableError`."""

    def data_key(self, sealed: bytes, binding: Binding) -> DataKey:
        """Return the key that the value was sealed with, to seal its successor; same errors."""


class Rewrapper(Protocol):
    """Moves the sealed values of one kind to the newest version of their key; it needs both rights."""

    def version(self, sealed: bytes) -> str:
        """Return the key version that the value's data key is wrapped with; raise `TamperedError`."""

    def newest(self) -> str:
        """Return the version that data keys are wrapped with now; raise `KeysUnavailableError`."""

    def rewrap(self, sealed: bytes, binding: Binding) -> bytes:
        """
        Return the value with its data key, still the same one, wrapped by the newest version.

        What is returned was opened once. Raise `TamperedError` for a value that does not open where it
        lies, else `KeysUnavailableError`.
        """


class KeyVersions(Protocol):
    """The versions of one key, for who operates a deployment. All raise `KeysUnavailableError`."""

    def states(self) -> Mapping[str, str]:
        """Return each version's state, in Google's words (`ENABLED`, `DESTROY_SCHEDULED`)."""

    def primary(self) -> str:
        """Return the version that new data keys are wrapped with."""


class KeyRotation(KeyVersions, Protocol):
    """Changes them. Whether a version may go is not asked here: see `RetireKeyVersions`."""

    def rotate(self) -> str:
        """Make a version, make it the primary one and return it."""

    def destroy(self, version: str) -> None:
        """End this version, and with it whatever it alone opens."""


class Box(Protocol):
    """Seals small claims that leave us: in a link, or in a browser's cookie."""

    def seal(self, purpose: str, claims: Mapping[str, object]) -> str:
        """Return the claims (plain JSON values) sealed for this purpose, fit for a URL or cookie."""

    def open(self, purpose: str, text: str) -> Mapping[str, object]:
        """Return them; raise `TamperedError` for anything not sealed here, for this purpose."""


class ClientSecrets(Protocol):
    """The applications' own credentials."""

    def get(self, name: str) -> tuple[Secret, ...]:
        """Return the live ones, newest first, never none; raise `KeysUnavailableError`."""

    def reload(self, name: str) -> tuple[Secret, ...]:
        """Return them as they are now: for once after a provider's `invalid_client`; same errors."""


class Signer(Protocol):
    """Signs with an RSA key that stays where it is."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature over the message's SHA-256; raise `KeysUnavailableError`."""
