"""The bytes of files and attachments, kept by their digest: in a folder, or in memory without one."""

import hashlib
import os
from pathlib import Path


class Blobs:
    """Whoever changes it holds the state's lock; nothing is ever deleted."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._memory: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        """Keep the bytes; give the hexadecimal SHA-256 under which they are found."""
        name = hashlib.sha256(content).hexdigest()
        if self._folder is None:
            self._memory[name] = content
            return name
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self._folder / name
        if not place.exists():
            draft = place.with_suffix(".new")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
                f.write(content)
            draft.replace(place)
        return name

    def get(self, name: str) -> bytes:
        """Give the bytes; raises KeyError or FileNotFoundError for what was never kept."""
        return self._memory[name] if self._folder is None else (self._folder / name).read_bytes()
