"""A file or folder, as either provider has it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """`size` in bytes; None for folders and for documents that only the provider's editor has."""

    id: str
    name: str
    folder: bool
    size: int | None = None
    content_type: str | None = None
    modified_at: datetime | None = None
    web_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQuery:
    """A folder (the top one if None), or what a search finds anywhere."""

    search: str | None = None
    folder_id: str | None = None
    limit: int = 100
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file to store: its name without a folder, into which folder, its size in bytes."""

    name: str
    folder_id: str | None
    size: int
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRange:
    """From the byte `first` to the byte `last`, both included (RFC 9110, 14.1.2)."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1
