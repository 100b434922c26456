"""What our log says of the audit: a record was written, a chain was erased; as logged, or as exported."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.ports import Anchor, Erasing

KINDS: Final[Mapping[str, type[Anchor | Erasing]]] = {
    "audit anchor": Anchor,
    "erasing audit": Erasing,
}
EXPORTED: Final = "jsonPayload"
"""Under which Cloud Logging hands our fields out, with the time beside them (its LogEntry)."""


def anchors_in(lines: Iterable[str], name: str) -> Iterator[Anchor | Erasing]:
    """
    Yield what a log says of chains; all other lines are passed over, those that are no JSON too.

    Raise `ConfigurationError`, which names the place, for an anchor that does not say all of it.
    """
    for number, line in enumerate(lines, start=1):
        if not any(
            message in line for message in KINDS
        ):  # most lines; they need not be taken apart
            continue
        fields = _fields(line)
        if fields.get("message") not in tuple(KINDS):
            continue
        said = _said(fields)
        if said is None:
            raise ConfigurationError(f"{name}, line {number}: an anchor that can not be read")
        yield said


def _fields(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    if not isinstance(entry, dict):
        return {}
    inner = entry.get(EXPORTED, entry)
    return {"time": entry.get("timestamp"), **inner} if isinstance(inner, dict) else {}


def _said(fields: dict[str, Any]) -> Anchor | Erasing | None:
    match fields:
        case {
            "message": str(message),
            "connection": str(connection),
            "sequence": int(sequence),
            "anchor": str(head),
            "time": str(time),
        }:
            at = _time(time)
            if at is not None:
                return KINDS[message](connection=connection, sequence=sequence, hash=head, at=at)
    return None


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
