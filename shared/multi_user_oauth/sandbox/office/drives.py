"""Everybody's files, as both the providers' APIs and the sandbox's pages see them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

ProviderName = Literal["microsoft", "google"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some bytes of a file, by the name under which Blobs keeps them."""

    blob: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file or folder; a person's top folder has no parent."""

    id: str
    parent: str | None
    name: str
    created_at: float
    modified_at: float
    mime_type: str = ""
    folder: bool = False
    parts: tuple[Part, ...] = ()
    """Its bytes, in order: nobody has to put a large upload together."""
    version: int = 1
    client_id: str = ""
    """The application that made it; empty for what was there from the beginning."""
    description: str = ""
    app_properties: dict[str, str] = field(default_factory=dict)
    trashed: bool = False

    @property
    def size(self) -> int:
        """The number of its bytes."""
        return sum(part.size for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An upload session: whoever knows its address may write, so it is kept by a digest."""

    digest: str
    provider: ProviderName
    account: str
    draft: Item
    """What the file will be, without its bytes."""
    expires_at: float
    conflict: str = "replace"
    fields: str = ""
    """Google: the answer's fields, as the request that began it wished."""
    total: int | None = None
    parts: tuple[Part, ...] = ()
    done: bool = False

    @property
    def received(self) -> int:
        """The number of bytes so far."""
        return sum(part.size for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Microsoft: leave to download one file for some minutes, without a token."""

    secret: str
    account: str
    item: str
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFiles:
    """What outlives a restart."""

    trees: dict[str, list[Item]] = field(default_factory=dict)
    uploads: Sequence[Upload] = ()
    generated: dict[str, list[str]] = field(default_factory=dict)


class Tree:
    """All that one person has at one provider."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = {item.id: item for item in items}
        self.root = next(item for item in self._items.values() if item.parent is None)

    def __iter__(self) -> Iterator[Item]:
        return iter(list(self._items.values()))

    def get(self, item_id: str) -> Item | None:
        """Find an item by its id, or the top folder by the word `root`."""
        return self.root if item_id == "root" else self._items.get(item_id)

    def children(self, item: Item) -> list[Item]:
        """Give what lies in a folder, oldest first."""
        return [child for child in self if child.parent == item.id]

    def child(self, parent: str | None, name: str) -> Item | None:
        """Find an item by its name, in whichever case, as OneDrive does."""
        named = (i for i in self if i.parent == parent and i.name.casefold() == name.casefold())
        return next(named, None)

    def below(self, item: Item) -> Iterator[Item]:
        """Give everything in a folder and in its folders."""
        for child in self.children(item):
            yield child
            yield from self.below(child)

    def above(self, item: Item) -> list[Item]:
        """Give the folders that an item lies in, the top folder first."""
        parent = self._items.get(item.parent or "")
        return [*self.above(parent), parent] if parent else []

    def size(self, item: Item) -> int:
        """Give the number of bytes of a file, or of all files in a folder."""
        return item.size + sum(inner.size for inner in self.below(item))

    def put(self, item: Item) -> Item:
        """Keep an item, new or changed, and give it."""
        self._items[item.id] = item
        return item

    def remove(self, item: Item) -> None:
        """Forget an item and everything in it."""
        for gone in [item, *self.below(item)]:
            del self._items[gone.id]


class Drives:
    """The one memory of it; whoever changes it holds the state's lock."""

    def __init__(self, saved: SavedFiles) -> None:
        self._trees = {who: Tree(items) for who, items in saved.trees.items()}
        self.uploads = {upload.digest: upload for upload in saved.uploads}
        self.generated = {who: set(ids) for who, ids in saved.generated.items()}
        """Google: by person, the ids made for files that are not there yet."""
        self.tickets: dict[str, Ticket] = {}
        """Not saved: they last minutes, and the file must hold no secret of theirs."""

    def tree(
        self, provider: ProviderName, account: str, first: Callable[[], Iterable[Item]]
    ) -> Tree:
        """Give a person's files; `first` tells what they have when nobody looked before."""
        who = f"{provider} {account}"
        if who not in self._trees:
            self._trees[who] = Tree(first())
        return self._trees[who]

    def saved(self) -> SavedFiles:
        """Give what is to outlive a restart."""
        return SavedFiles(
            trees={who: list(tree) for who, tree in self._trees.items()},
            uploads=list(self.uploads.values()),
            generated={who: sorted(ids) for who, ids in self.generated.items()},
        )
