"""Who calls Google Drive, what that token may see, and which parameters a method has."""

from dataclasses import dataclass
from typing import Final

from flask import Response, abort, request

from ..apis import bearer, google_error
from ..company import Account
from ..scopes import GOOGLE
from ..state import State
from .drive_seeds import open_drive
from .drives import Item, Tree

FULL: Final = f"{GOOGLE}drive"
FILE: Final = f"{GOOGLE}drive.file"
READONLY: Final = f"{GOOGLE}drive.readonly"
METADATA: Final = f"{GOOGLE}drive.metadata"
METADATA_READONLY: Final = f"{GOOGLE}drive.metadata.readonly"
SEE: Final = (FULL, FILE, METADATA, METADATA_READONLY, READONLY)
"""files.list, files.get without the bytes, about.get."""
BYTES: Final = (FULL, FILE, READONLY)
WRITE: Final = (FULL, FILE)
CHANGE: Final = (FULL, FILE, METADATA)
"""files.update of metadata."""
_EVERYWHERE: Final = frozenset({"alt", "fields", "key", "prettyPrint", "quotaUser"})
_BINDING: Final = frozenset({FULL, READONLY, METADATA, METADATA_READONLY})
"""With one of these the token is about all files, not about those of the application alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A person, through an application."""

    account: Account
    client_id: str
    tree: Tree
    own_only: bool
    """Whether it sees no files but those that this application made."""

    def sees(self, item: Item) -> bool:
        """Tell whether the token is about this item."""
        return not self.own_only or item.client_id == self.client_id or item.parent is None

    def find(self, item_id: str) -> Item:
        """Give the item with this id; what the token does not show is not there."""
        item = self.tree.get(item_id)
        if item is None or not self.sees(item):
            abort(google_error(404, f"File not found: {item_id}."))
        return item


def caller(state: State, scopes: tuple[str, ...]) -> Caller:
    """Give who calls; without a living token or any of the scopes the request ends here."""
    token = bearer(state, "google")
    account = state.account(token.account) if token else None
    if token is None or account is None:
        abort(google_error(401, "Request had invalid authentication credentials."))
    granted = set(scopes) & set(token.scope.split())
    if not granted:
        words = "Request had insufficient authentication scopes."
        abort(google_error(403, words, scope_insufficient=scopes))
    return Caller(
        account=account,
        client_id=token.client_id,
        tree=open_drive(state, "google", account),
        own_only=not granted & _BINDING,
    )


def known(*names: str) -> None:
    """Refuse a query parameter that this method does not have: here a mistake is to be seen."""
    for name in request.args:
        if name not in _EVERYWHERE and name not in names:
            abort(invalid(f"Unknown parameter: {name}"))


def invalid(message: str, reason: str = "invalidParameter") -> Response:
    """Give the refusal of a parameter."""
    return google_error(400, message, reason)
