"""Which schemas of documents are read, and how one of an older schema becomes one of the newest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from multi_user_oauth.errors import StoreUnavailableError

Fields = dict[str, Any]

Upgrade = Callable[[Fields], Fields]
"""What makes a document of one schema one of the next. It is given a copy of the fields."""

_FIRST: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """
    Every schema from the first to `newest` is read as if it were the newest.

    `upgrades[1]["Connection"]` leads a connection from schema 1 to schema 2. A kind is called as the
    value is that it holds, or as the Firestore collection where a store reads the fields itself; one
    that a step does not name is the same in both schemas.
    """

    newest: int
    upgrades: Mapping[int, Mapping[str, Upgrade]]

    def newest_of(self, kind: str, name: str, document: Mapping[str, Any]) -> Fields:
        """
        Return the document of this id as one of the newest schema; raise `StoreUnavailableError`.

        That is raised for a newer schema (an instance of the newer program can serve the request that
        this one must not), where there is none, and where the fields are not those of their schema.
        """
        found = document.get("schema")
        if type(found) is not int or found < _FIRST:  # True is an int, and no schema
            message = f"document {name!r} has no schema"
            raise StoreUnavailableError(message) from None
        if found > self.newest:
            message = f"document {name!r} has schema {found}, known is {self.newest}"
            raise StoreUnavailableError(message) from None
        newest = dict(document)
        try:
            for step in range(found, self.newest):
                upgrade = self.upgrades.get(step, {}).get(kind)
                newest = upgrade(newest) if upgrade else newest
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            message = f"document {name!r} can not be read: {type(error).__name__}"
            raise StoreUnavailableError(message) from None
        return newest
