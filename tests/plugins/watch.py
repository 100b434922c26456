"""Looks for known secrets in everything that was said or kept, however they are spelled."""

import base64
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

SHORTEST: Final = 12
"""Characters; what is shorter is nobody's secret, and would be found in innocent words."""

ENOUGH: Final = 24
"""Characters from the front of a secret whose finding counts: a log line may be cut off."""

LARGEST: Final = 20_000_000
"""Bytes that are read of one file, or unpacked of one."""

_RUN: Final = re.compile(rf"[A-Za-z0-9_.~+/=%-]{{{SHORTEST},}}")
"""All spellings consist of these; text between them can be passed over, what repeats looked at once."""

_ESCAPE: Final = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|(?=/))")
"""What JSON leaves to the writer: PHP escapes the slash, Gson what means something in HTML."""

_GZIP: Final = b"\x1f\x8b\x08"
_ZLIB: Final = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """Who said it, and what kind of secret it was; never its value."""

    source: str
    kind: str


class Watch:
    """Is told secrets and texts in any order; compares them lately heard first, and all at the end."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._starts: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._runs: dict[str, str] = {}
        self._lately: list[str] = []

    def know(self, kind: str, value: str | None) -> None:
        """Remember a secret."""
        # One character again and again is what a test says that has no secret to say.
        if value and len(value) >= SHORTEST and len(set(value)) > 1 and value not in self._known:
            self._known.add(value)
            for needle in set(spellings(value)):
                self._starts[needle[:SHORTEST]].append((needle, kind))

    def hear(self, source: str, text: str) -> None:
        """Remember what was said; `source` is who is named if it turns out to hold a secret."""
        if "\\" in text:
            text = f"{text}\0{_ESCAPE.sub(_meant, text)}"
        for run in _RUN.findall(text):
            if run not in self._runs:
                self._runs[run] = source
                self._lately.append(run)

    def hear_bytes(self, source: str, data: bytes) -> None:
        """Remember bytes, and what is packed in them by gzip or zlib."""
        self.hear(source, data.decode("latin-1"))
        for unpacked in _unpacked(data):
            self.hear(f"{source}, unpacked", unpacked.decode("latin-1"))

    def hear_file(self, path: Path, source: str = "") -> None:
        """Remember a file, whatever bytes it holds."""
        with path.open("rb") as file:
            self.hear_bytes(source or path.name, file.read(LARGEST))

    def found_lately(self) -> list[Hit]:
        """Return where secrets known by now turned up since this was asked last."""
        lately, self._lately = self._lately, []
        return self._hits(lately)

    def found(self) -> list[Hit]:
        """Return where secrets turned up, each place and kind once."""
        return self._hits(self._runs)

    def _hits(self, runs: Iterable[str]) -> list[Hit]:
        starts = self._starts
        hits = {
            Hit(self._runs[run], kind)
            for run in runs
            for place in range(len(run) - SHORTEST + 1)
            if run[place : place + SHORTEST] in starts
            for needle, kind in starts[run[place : place + SHORTEST]]
            if run.startswith(needle, place)
        }
        return sorted(hits)


def spellings(value: str) -> Iterator[str]:
    """Yield the front of a secret plain, for URLs, in hex, and in base64 at each alignment."""
    data = value.encode()
    texts = [value, quote(value, safe=""), data.hex(), data.hex().upper()]
    for before in range(3):
        # Characters that mix with what stands before or after the secret are left out.
        first, last = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        text = base64.b64encode(bytes(before) + data).decode()[first:last]
        texts += [text, text.replace("+", "-").replace("/", "_")]
    for text in texts:
        longest = max(_RUN.findall(text), key=len, default="")
        if longest:
            yield longest[:ENOUGH]


def _meant(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else ""


def _unpacked(data: bytes) -> Iterator[bytes]:
    place = data.find(_GZIP)
    while place >= 0:
        yield from _inflated(data[place:], zlib.MAX_WBITS | 16)
        place = data.find(_GZIP, place + 1)
    if data.startswith(_ZLIB):
        yield from _inflated(data, zlib.MAX_WBITS)


def _inflated(data: bytes, wbits: int) -> Iterator[bytes]:
    try:
        yield zlib.decompressobj(wbits).decompress(data, LARGEST)
    except zlib.error:
        return  # it only looked like it
