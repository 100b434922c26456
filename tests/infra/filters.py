"""Filters of Cloud Logging and Cloud Monitoring, as far as our alerts use them: what does one find?

Logging query language: NOT binds tightest, then OR, then AND. A comparison with a field that is not
there finds nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

TOKEN: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(!=|=~|!~|=|>|:)|([(),])|([^\s"=!>:(),]+))')
HOLDS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "=~": lambda value, wanted: re.search(wanted, value) is not None,
    "!~": lambda value, wanted: re.search(wanted, value) is None,
    ">": lambda value, wanted: float(value) > float(wanted),
    ":": lambda value, wanted: wanted == "*" or wanted in value,
}
"""Each comparison, with a field that is there."""
PATTERN: Final = "monitoring.regex.full_match"

Found = Callable[[Mapping[str, Any]], bool]


def finds(text: str, entry: Mapping[str, Any]) -> bool:
    """Whether the filter finds the log entry or time series; raise `ValueError` if it has no sense."""
    reader = _Reader(text)
    found = reader.all_of()
    if reader.next:
        raise ValueError(f"not understood: {reader.next!r}")
    return found(entry)


class _Reader:
    """Reads from left to right, one word ahead; texts keep their opening quote."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self.next = ""
        self._step()

    def all_of(self) -> Found:
        parts = [self._any_of()]
        while self._took("AND"):
            parts.append(self._any_of())
        return lambda entry: all(part(entry) for part in parts)

    def _any_of(self) -> Found:
        parts = [self._one()]
        while self._took("OR"):
            parts.append(self._one())
        return lambda entry: any(part(entry) for part in parts)

    def _one(self) -> Found:
        if self._took("NOT"):
            inner = self._one()
            return lambda entry: not inner(entry)
        if self._took("("):
            inner = self.all_of()
            self._must(")")
            return inner
        field = self._step()
        if field == "log_id":
            (name,) = self._arguments()
            return lambda entry: entry["logName"].replace("%2F", "/").endswith(f"/logs/{name}")
        return self._compared(field, self._step())

    def _compared(self, field: str, operator: str) -> Found:
        word = self._step()
        if operator not in HOLDS or not word:
            raise ValueError(f"no such comparison: {field} {operator} {word}")
        if self.next == "(":
            given = self._arguments()
            if word == PATTERN:
                return lambda entry: bool(re.fullmatch(given[0], str(_value(entry, field))))
            if word == "one_of":
                return lambda entry: _value(entry, field) in given
            raise ValueError(f"no such function: {word}")
        wanted = word.removeprefix('"')
        return lambda entry: _holds(_value(entry, field), operator, wanted)

    def _arguments(self) -> list[str]:
        self._must("(")
        given = []
        while not self._took(")"):
            given.append(self._step().removeprefix('"'))
            self._took(",")
        return given

    def _took(self, word: str) -> bool:
        if self.next != word:
            return False
        self._step()
        return True

    def _must(self, word: str) -> None:
        if not self._took(word):
            raise ValueError(f"expected {word}, found {self.next!r}")

    def _step(self) -> str:
        taken, self.next = self.next, next(self._tokens, "")
        return taken


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text.rstrip()):
        found = TOKEN.match(text, at)
        if found is None:
            raise ValueError(f"not understood: {text[at:]!r}")
        quoted, *others = found.groups()
        yield f'"{quoted}' if quoted is not None else next(each for each in others if each)
        at = found.end()


def _value(entry: Mapping[str, Any], field: str) -> object:
    value: Any = entry
    for name in field.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _holds(value: object, operator: str, wanted: str) -> bool:
    return value is not None and HOLDS[operator](str(value), wanted)
