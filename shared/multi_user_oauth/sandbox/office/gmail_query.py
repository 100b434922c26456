"""Which mails Gmail lists: the words of its search box, labels, pages."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from .gmail_shapes import labels
from .mail_items import Item
from .mail_refusals import RefusedError

USUAL_PAGE: Final = 100
LARGEST_PAGE: Final = 500

_TERM: Final = re.compile(r'(-?)(?:([a-z0-9]+):)?(?:"([^"]*)"|(\S+))', re.IGNORECASE)


def searched(found: Sequence[Item], q: str) -> list[Item]:
    """Give the mails that fit all terms of a query; a minus in front turns a term round."""
    for minus, operator, quoted, word in _TERM.findall(q):
        test = _OPERATORS.get(operator.lower())
        value = (quoted or word).casefold()
        if operator and test is None:
            test, value = _anywhere, f"{operator}:{value}".casefold()
        chosen = test or _anywhere
        found = [item for item in found if chosen(item, value) is not bool(minus)]
    return list(found)


def labelled(found: Sequence[Item], wanted: Sequence[str]) -> list[Item]:
    """Give the mails that have all these labels."""
    return [item for item in found if set(wanted) <= set(labels(item))]


def page(found: Sequence[Item], token: str, size: str) -> tuple[list[Item], str]:
    """Give one page, and the token of the next one; a token is the last mail before it."""
    if not size.isdecimal() or int(size) < 1:
        raise RefusedError(400, "Invalid value at 'max_results'", "invalidArgument")
    most = min(int(size), LARGEST_PAGE)
    start = 0
    if token:
        places = [place for place, item in enumerate(found, 1) if item.id == token[::-1]]
        if not places:
            raise RefusedError(400, "Invalid pageToken", "invalidArgument")
        start = places[0]
    chosen = list(found[start : start + most])
    more = start + most < len(found)
    # Turned round, so that nobody takes a token for a mail's id.
    return chosen, chosen[-1].id[::-1] if more else ""


def _anywhere(item: Item, value: str) -> bool:
    mail = item.mail
    names = [part.name for part in mail.attachments]
    text = " ".join([mail.subject, mail.body, mail.sender, *mail.everybody, *names])
    return value in text.casefold()


def _instant(value: str) -> float:
    if value.isdecimal():
        return float(value)
    try:
        day = datetime.strptime(value.replace("-", "/"), "%Y/%m/%d")  # noqa: DTZ007  # reason: UTC is set below
    except ValueError as wrong:
        raise RefusedError(400, "Invalid query", "invalidArgument") from wrong
    return day.replace(tzinfo=UTC).timestamp()


def _place(item: Item, value: str) -> bool:
    return value == "anywhere" or value.upper() in labels(item)


_OPERATORS: Final[dict[str, Callable[[Item, str], bool]]] = {
    "from": lambda item, value: value in item.mail.sender,
    "to": lambda item, value: any(value in to for to in item.mail.everybody),
    "subject": lambda item, value: value in item.mail.subject.casefold(),
    "after": lambda item, value: item.mail.sent_at >= _instant(value),
    "before": lambda item, value: item.mail.sent_at < _instant(value),
    "rfc822msgid": lambda item, value: item.message_id.casefold().strip("<>") == value.strip("<>"),
    "in": _place,
    "is": _place,
    "label": _place,
    "has": lambda item, value: value == "attachment" and bool(item.mail.attachments),
}
