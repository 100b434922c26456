"""Looks for known secrets in everything that was said, however they are spelled."""

import base64
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

SHORTEST: Final = 12
"""Characters; what is shorter is nobody's secret, and would be found in innocent words."""

ENOUGH: Final = 24
"""Characters from the front of a secret whose finding counts: a log line may be cut off."""

_RUN: Final = re.compile(rf"[A-Za-z0-9_.~+/=%-]{{{SHORTEST},}}")
"""All spellings consist of these; text between them can be passed over, what repeats looked at once."""


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """Who said it, and what kind of secret it was; never its value."""

    source: str
    kind: str


class Watch:
    """Is told secrets and texts in any order, and compares them at the end."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._runs: dict[str, str] = {}

    def know(self, kind: str, value: str | None) -> None:
        """Remember a secret."""
        if value and len(value) >= SHORTEST:
            self._kinds.setdefault(value, kind)

    def hear(self, source: str, text: str) -> None:
        """Remember what was said; `source` is who is named if it turns out to hold a secret."""
        for run in _RUN.findall(text):
            self._runs.setdefault(run, source)

    def hear_file(self, path: Path) -> None:
        """Remember a file, whatever bytes it holds."""
        self.hear(path.name, path.read_bytes().decode("latin-1"))

    def found(self) -> list[Hit]:
        """Return where secrets turned up, each place and kind once."""
        starts: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for value, kind in self._kinds.items():
            for needle in set(spellings(value)):
                starts[needle[:SHORTEST]].append((needle, kind))
        hits = {
            Hit(source, kind)
            for run, source in self._runs.items()
            for place in range(len(run) - SHORTEST + 1)
            for needle, kind in starts.get(run[place : place + SHORTEST], ())
            if run.startswith(needle, place)
        }
        return sorted(hits)


def spellings(value: str) -> Iterator[str]:
    """Yield the front of a secret as it is, percent-encoded, and in base64 at each alignment."""
    data = value.encode()
    texts = [value, quote(value, safe="")]
    for before in range(3):
        # Characters that mix with what stands before or after the secret are left out.
        first, last = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        text = base64.b64encode(bytes(before) + data).decode()[first:last]
        texts += [text, text.replace("+", "-").replace("/", "_")]
    for text in texts:
        longest = max(_RUN.findall(text), key=len, default="")
        if longest:
            yield longest[:ENOUGH]
