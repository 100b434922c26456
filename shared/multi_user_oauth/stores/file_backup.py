"""A backup as one file: JSON lines under gzip, with a heading first and a proof of the whole last.

Each line between is `{"of": ..., "id": ..., "document": ...}`; bytes are base64, times as RFC 3339. The
last one counts the lines of each sort, and has the SHA-256 over all before it: by that a file is told
that was cut off, or altered. Whoever can write the file can write that line too: keep the digest
elsewhere.
"""

import gzip
import hmac
import os
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from multi_user_oauth.errors import ConfigurationError, StoreUnavailableError, TamperedError
from multi_user_oauth.model import AuditRecord, Connection, LedgerEntry, Rescue, Revocation
from multi_user_oauth.ports.backup import (
    BackupHeading,
    Kept,
    KeyVersionSeen,
    SignedOut,
    UsedBy,
)
from multi_user_oauth.stores.document import document_id, from_document, to_document

FORMAT: Final = 1
"""Raised when an older program would misread a file."""

LONGEST_LINE: Final = 8 * 2**20
"""Bytes; a Firestore document has 1 MiB at most."""

_Document = Connection | AuditRecord | Revocation | Rescue | LedgerEntry
_DOCUMENTS: Final[Mapping[str, type[_Document]]] = {
    "connection": Connection,
    "audit": AuditRecord,
    "revocation": Revocation,
    "rescue": Rescue,
    "ledger": LedgerEntry,
}
_Other = SignedOut | KeyVersionSeen | UsedBy
_OTHERS: Final[Mapping[str, type[_Other]]] = {
    "signed_out": SignedOut,
    "key_version": KeyVersionSeen,
    "used_by": UsedBy,
}
_NAMES: Final = {kind: name for name, kind in (*_DOCUMENTS.items(), *_OTHERS.items())}


class BackupWriter:
    """A `BackupSink`; `digest` is there once it is ended."""

    def __init__(self, stream: BinaryIO, heading: BackupHeading) -> None:
        self._hash = sha256()
        self._packed = gzip.GzipFile(fileobj=stream, mode="wb", filename="", mtime=0)
        self.counts: Counter[str] = Counter()
        self.digest = ""
        self._write({"multi_user_oauth_backup": FORMAT, "heading": heading})

    def put(self, kept: Kept) -> None:
        """Add one."""
        name = _NAMES[type(kept)]
        line: dict[str, Any] = {"of": name}
        if isinstance(kept, _Document):
            line |= {"id": document_id(kept), "document": to_document(kept)}
        else:
            line |= {"document": kept}
        self._write(line)
        self.counts[name] += 1

    def end(self) -> None:
        """Write the last line: without it the file is no backup."""
        self.digest = self._hash.hexdigest()
        self._write({"counts": dict(self.counts), "sha256": self.digest})
        self._packed.close()

    def _write(self, line: dict[str, Any]) -> None:
        text = msgspec.json.encode(line) + b"\n"
        self._hash.update(text)
        self._packed.write(text)


class BackupFile:
    """
    A `BackupSource`, read to its end when it is made; raise `ConfigurationError` for anything else.

    `name` is what messages call it; `stream`, which can be read again from its start, stays open.
    `seen` counts what was last read.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self.seen = 0
        self.digest = ""
        self.heading = self._heading()
        for _ in self.kept():
            pass

    def kept(self) -> Iterator[Kept]:
        """Yield all, from the start; raise `ConfigurationError`, at the latest behind the last one."""
        said, counts = sha256(), Counter[str]()
        lines = self._lines()
        for number, (text, line) in enumerate(lines, start=1):
            if "sha256" in line:
                self._prove(line, said.hexdigest(), counts)
                if next(lines, None) is not None:
                    raise self._refused("goes on behind its end")
                return
            said.update(text)
            if number > 1:
                yield self._kept(line, number)
                counts[line["of"]] += 1
                self.seen = number - 1
        raise self._refused("is cut off: its end is missing")

    def _heading(self) -> BackupHeading:
        _, first = next(self._lines(), (b"", {}))
        if first.get("multi_user_oauth_backup") != FORMAT:
            raise self._refused("is no backup, or one of a newer program")
        try:
            return msgspec.convert(first.get("heading"), BackupHeading)
        except msgspec.ValidationError:
            raise self._refused("has a heading that can not be read") from None

    def _prove(self, last: dict[str, Any], digest: str, counts: Counter[str]) -> None:
        whole = hmac.compare_digest(str(last["sha256"]), digest)
        again = not self.digest or hmac.compare_digest(self.digest, digest)
        if not (whole and again) or last.get("counts") != dict(counts):
            raise self._refused("was altered: its end does not fit the rest")
        self.digest = digest

    def _kept(self, line: dict[str, Any], number: int) -> Kept:
        try:
            name, document = line["of"], line["document"]
            if name in _DOCUMENTS:
                return from_document(_DOCUMENTS[name], line["id"], document)
            return msgspec.convert(document, _OTHERS[name])
        except (KeyError, TypeError, msgspec.ValidationError, StoreUnavailableError, TamperedError):
            # `from None`: the library's message may quote what it found
            raise self._refused(f"has a line that can not be read: {number}") from None

    def _lines(self) -> Iterator[tuple[bytes, dict[str, Any]]]:
        self._stream.seek(0)
        try:
            with gzip.GzipFile(fileobj=self._stream, mode="rb") as packed:
                while text := packed.readline(LONGEST_LINE):
                    line = msgspec.json.decode(text)
                    yield text, line if isinstance(line, dict) else {}
        except (EOFError, OSError, zlib.error):
            raise self._refused("is no backup, or is cut off") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._refused("is no backup, or was altered") from None

    def _refused(self, why: str) -> ConfigurationError:
        return ConfigurationError(f"{self._name} {why}; nothing was restored")


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """
    Give a file to write to, for its owner alone; it has its name once all of it is on the disk.

    If it ends with an error nothing of it stays, and what had the name before is as it was.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # 0600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name too
    finally:
        os.close(folder)
