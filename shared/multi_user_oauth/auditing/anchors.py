"""Reading anchors out of our log: the lines "audit anchor", as we wrote them or as they were exported."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.ports import Anchor

MESSAGE: Final = "audit anchor"
EXPORTED: Final = "jsonPayload"
"""Under which Cloud Logging hands our fields out (its LogEntry)."""


def anchors_in(lines: Iterable[str], name: str) -> Iterator[Anchor]:
    """
    Yield the anchors of a log; all other lines are passed over, those that are no JSON too.

    Raise `ConfigurationError`, which names the place, for an anchor that does not say all of it.
    """
    for number, line in enumerate(lines, start=1):
        if MESSAGE not in line:  # most lines; they need not be taken apart
            continue
        fields = _fields(line)
        if fields.get("message") != MESSAGE:
            continue
        match fields:
            case {"connection": str(connection), "sequence": int(sequence), "anchor": str(head)}:
                yield Anchor(connection=connection, sequence=sequence, hash=head)
            case _:
                raise ConfigurationError(f"{name}, line {number}: an anchor that can not be read")


def _fields(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    inner = entry.get(EXPORTED, entry) if isinstance(entry, dict) else {}
    return inner if isinstance(inner, dict) else {}
