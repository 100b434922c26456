"""Who may do what in the local cloud, in Google's words: roles, permissions and resources."""

from collections.abc import Mapping
from threading import Lock
from typing import Final

_KEY_VERSIONS: Final = "cloudkms.cryptoKeyVersions"
_SECRET_VERSIONS: Final = "secretmanager.versions"

ROLES: Final[Mapping[str, frozenset[str]]] = {
    "roles/cloudkms.cryptoKeyEncrypter": frozenset({f"{_KEY_VERSIONS}.useToEncrypt"}),
    "roles/cloudkms.cryptoKeyDecrypter": frozenset({f"{_KEY_VERSIONS}.useToDecrypt"}),
    "roles/cloudkms.signer": frozenset({f"{_KEY_VERSIONS}.useToSign"}),
    "roles/cloudkms.publicKeyViewer": frozenset({f"{_KEY_VERSIONS}.viewPublicKey"}),
    "roles/cloudkms.viewer": frozenset({"cloudkms.cryptoKeys.get", f"{_KEY_VERSIONS}.list"}),
    # As Google's: who administers keys can not use them.
    "roles/cloudkms.admin": frozenset(
        {"cloudkms.cryptoKeys.create", "cloudkms.cryptoKeys.get", "cloudkms.cryptoKeys.update"}
        | {f"{_KEY_VERSIONS}.{verb}" for verb in ("create", "update", "destroy", "list")}
    ),
    "roles/secretmanager.secretAccessor": frozenset({f"{_SECRET_VERSIONS}.access"}),
    "roles/secretmanager.viewer": frozenset({f"{_SECRET_VERSIONS}.list"}),
    "roles/secretmanager.secretVersionAdder": frozenset({f"{_SECRET_VERSIONS}.add"}),
    "roles/secretmanager.admin": frozenset(
        {"secretmanager.secrets.create"}
        | {
            f"{_SECRET_VERSIONS}.{verb}"
            for verb in ("access", "add", "list", "enable", "disable", "destroy")
        }
    ),
}
"""Google's predefined roles, as far as this cloud has something to permit."""


class Policy:
    """
    Which caller holds which role on which resource, and on everything below it.

    Nobody may do anything until it is granted here.
    """

    def __init__(self) -> None:
        self._bindings: set[tuple[str, str, str]] = set()
        self._lock = Lock()

    def grant(self, caller: str, role: str, resource: str) -> None:
        """Let the caller do what the role permits; raise `KeyError` for a role not in `ROLES`."""
        ROLES[role]
        with self._lock:
            self._bindings.add((caller, role, resource))

    def withdraw(self, caller: str, role: str, resource: str) -> None:
        """Take a grant back: the next call is refused."""
        with self._lock:
            self._bindings.discard((caller, role, resource))

    def allows(self, caller: str, permission: str, resource: str) -> bool:
        """Return whether a grant to the caller covers this."""
        with self._lock:
            return any(
                caller == holder
                and permission in ROLES[role]
                and f"{resource}/".startswith(f"{place}/")
                for holder, role, place in self._bindings
            )
