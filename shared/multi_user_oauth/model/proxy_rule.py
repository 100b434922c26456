"""Which calls of the providers' APIs are passed on: what the policy lists, and never some."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from multi_user_oauth.model.identity import Provider
from multi_user_oauth.model.proxy_target import METHODS, ProxyTarget

GRAPH: Final = "graph.microsoft.com"
SHARED: Final = "www.googleapis.com"
HOSTS: Final[Mapping[str, Provider]] = {
    GRAPH: Provider.MICROSOFT,
    SHARED: Provider.GOOGLE,
    **{
        f"{api}.googleapis.com": Provider.GOOGLE
        for api in (
            "chat", "docs", "driveactivity", "drivelabels", "forms", "gmail", "meet", "people", "sheets",
            "slides", "tasks",
        )
    },
}  # fmt: skip
"""Where a person's own work is. Not where tokens, projects or other people's accounts are managed."""
OF_SHARED: Final = frozenset({"calendar", "drive", "gmail", "tasks"})
"""The APIs of a person's work at Google's shared host, which serves tokens too."""
ANY: Final = "*"
REST: Final = "**"

_NOT_AT_GRAPH: Final = frozenset({"$batch", "directoryobjects", "users"})
_RULE: Final = re.compile(rf"(\*|{'|'.join(METHODS)}) ([a-z.]+)/(\S{{1,512}})")
_LITERAL: Final = re.compile(r"[^\s/*%?;\\]+")
_WORD: Final = re.compile(r"[$\w.]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRule:
    """A method or any, a host, a path: `*` is one segment, `**` at its end any number, none too."""

    method: str
    host: str
    segments: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "ProxyRule":
        """Return the rule that is written so; raise `ValueError`, also where nothing could pass."""
        found = _RULE.fullmatch(text)
        segments = tuple(found[3].split("/")) if found else ()
        if not found or found[2] not in HOSTS:
            raise ValueError("METHOD host/path, of a host that is passed on to")
        if not all(
            segment == ANY or (segment not in {".", ".."} and _LITERAL.fullmatch(segment))
            for segment in (segments[:-1] if segments[-1] == REST else segments)
        ):
            raise ValueError("segments that are plain text or *, and ** at the end alone")
        # A wildcard may stand for what is passed on: `me`, not the name of an API.
        meant = tuple("me" if segment in {ANY, REST} else segment for segment in segments)
        if _is_never_passed(found[2], meant):
            raise ValueError("a path that is passed on to: no other person, no batch, no tokens")
        return cls(method=found[1], host=found[2], segments=segments)

    def __str__(self) -> str:
        """Return the rule as it is written in the policy file."""
        return f"{self.method} {self.host}/{'/'.join(self.segments)}"

    def allows(self, target: ProxyTarget) -> bool:
        """Return whether this call may be passed on."""
        if self.method not in {ANY, target.method} or self.host != target.host:
            return False
        if _is_never_passed(target.host, target.segments):
            return False
        return self._covers(target.segments) and self._names_the_calendar(target.segments)

    def includes(self, narrower: "ProxyRule") -> bool:
        """Return whether this rule allows whatever the other one allows."""
        theirs = narrower.written
        meant = tuple("primary" if segment == ANY else segment for segment in theirs)
        return (
            self.method in {ANY, narrower.method}
            and self.host == narrower.host
            and (self.is_open or not narrower.is_open)
            and self._covers(theirs)
            and self._names_the_calendar(meant)
        )

    @property
    def is_open(self) -> bool:
        """Whether any segments may follow."""
        return self.segments[-1] == REST

    @property
    def written(self) -> tuple[str, ...]:
        """The segments that there must be."""
        return self.segments[:-1] if self.is_open else self.segments

    def _covers(self, segments: tuple[str, ...]) -> bool:
        written = self.written
        ends = len(segments) == len(written)
        longer = len(segments) > len(written) and self.is_open
        pairs = zip(written, segments, strict=False)
        return (ends or longer) and all(rule in {ANY, given} for rule, given in pairs)

    def _names_the_calendar(self, segments: tuple[str, ...]) -> bool:
        """Return whether the rule itself names a Google calendar that is not the person's main one."""
        if HOSTS[self.host] is not Provider.GOOGLE:
            return True
        written = self.written
        return all(
            calendar == "primary" or written[place : place + 1] == (calendar,)
            for place, calendar in enumerate(segments)
            if place and _word(segments[place - 1]) == "calendars"
        )


def _is_never_passed(host: str, segments: tuple[str, ...]) -> bool:
    """Return whether the path names another person, carries other calls, or is no work of a person."""
    words = [_word(segment) for segment in segments]
    if HOSTS[host] is Provider.MICROSOFT:
        return not _NOT_AT_GRAPH.isdisjoint(words)
    if words[0] == "batch" or (host == SHARED and not _is_of_shared(segments)):
        return True
    owners = zip(words, [*segments[1:], ""], strict=True)
    return any(word == "users" and owner != "me" for word, owner in owners)


def _is_of_shared(segments: tuple[str, ...]) -> bool:
    api = segments[1:2] if segments[0] == "upload" else segments[:1]
    return OF_SHARED.issuperset(api) and bool(api)


def _word(segment: str) -> str:
    """Return the name that a segment begins with, however a provider may fold its letters."""
    found = _WORD.match(normalize("NFKC", segment).casefold().strip())
    return found[0] if found else ""
