"""A call that somebody wants passed on to a provider's API, read so that it means one thing only."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
LONGEST: Final = 2048
_WRITTEN: Final = re.compile(rf"(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-Fa-f]{{2}}){{1,{LONGEST}}}")
"""RFC 3986, 3.3, without `;`, which some cut a path at."""
_IN_TWO_WAYS: Final = re.compile(r"%(?:2[EF5]|3B|5C|7F|[01][0-9A-F])", re.IGNORECASE)
"""A dot, slash, percent sign, `;`, backslash or control character in disguise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyTarget:
    """Where to. `path` is as it was written and as it is sent; `segments` are what it says."""

    method: str
    host: str
    path: str = field(repr=False)
    segments: tuple[str, ...] = field(repr=False)

    @classmethod
    def read(cls, method: str, text: str) -> "ProxyTarget":
        """
        Return the target that is written `host/path`; raise `ValueError`.

        What a provider could read in another way than we do is refused, not normalised. Whether the
        host is one that we call is the rules' business.
        """
        if not _WRITTEN.fullmatch(text) or _IN_TWO_WAYS.search(text):
            raise ValueError("a host and a path, in which nothing is hidden by percent signs")
        host, _, path = text.partition("/")
        segments = tuple(unquote(segment, errors="strict") for segment in path.split("/"))
        if not host or not all(_is_plain(segment) for segment in segments):
            raise ValueError("a path whose segments are neither empty nor dots")
        return cls(method=method, host=host, path=f"/{path}", segments=segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyCall:
    """
    A call as it came; of its headers only those that are harmless go on.

    `query` is written as it came, without what was said to us.
    """

    target: ProxyTarget
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


def _is_plain(segment: str) -> bool:
    return bool(segment) and segment not in {".", ".."} and segment.isprintable()
