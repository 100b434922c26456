"""How Graph names what lies in OneDrive: by id, by path, by both; and which names there may be."""

import re
from dataclasses import dataclass
from typing import Final

from .drives import Item, Tree

LONGEST_NAME: Final = 255
_FORBIDDEN: Final = frozenset('"*:<>?/\\|')
_ADDRESS: Final = re.compile(
    r"(?:root|items/(?P<id>[^/:]+))"
    r"(?::/(?P<path>[^:]*):?)?"
    r"(?:/(?P<action>content|children|createUploadSession|search\(q='(?P<q>.*)'\)))?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What a URL below /me/drive points at."""

    item_id: str
    names: tuple[str, ...]
    """The path from that item on, name by name."""
    action: str = ""
    q: str = ""

    def find(self, tree: Tree) -> Item | None:
        """Give the item, if there is one."""
        item = tree.get(self.item_id)
        for name in self.names:
            item = tree.child(item.id, name) if item else None
        return item

    def place(self, tree: Tree) -> tuple[Item, str] | None:
        """Give folder and name of the file to be written, None where there is no such folder."""
        if not self.names:
            item = tree.get(self.item_id)
            parent = tree.get(item.parent or "") if item and not item.folder else None
            return (parent, item.name) if parent and item else None
        folder = Address(item_id=self.item_id, names=self.names[:-1]).find(tree)
        return (folder, self.names[-1]) if folder and folder.folder else None


def address_of(text: str) -> Address | None:
    """Read the part of a URL's path after `/me/drive/`; None for what Graph does not know."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return None
    path, q = found["path"], found["q"] or ""
    names = () if path is None else tuple(path.split("/"))
    if not all(map(allowed, names)) or "'" in q.replace("''", ""):
        return None
    action = (found["action"] or "").partition("(")[0]
    return Address(
        item_id=found["id"] or "root", names=names, action=action, q=q.replace("''", "'")
    )


def allowed(name: str) -> bool:
    """Tell whether OneDrive takes a name (Restrictions and limitations in OneDrive)."""
    return (
        0 < len(name) <= LONGEST_NAME
        and not _FORBIDDEN & set(name)
        and name.isprintable()
        and name == name.strip(" ")
        and not name.endswith(".")
    )
