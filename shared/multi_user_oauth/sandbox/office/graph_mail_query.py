"""Which messages Microsoft Graph lists: OData's parameters, as Outlook understands them."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from .gmail_query import searched
from .mail_items import Item
from .mail_refusals import RefusedError

USUAL_PAGE: Final = 10
LARGEST_PAGE: Final = 1000
KNOWN: Final = frozenset(
    {"$top", "$skip", "$skiptoken", "$select", "$filter", "$orderby", "$search", "$count"}
)
_CLAUSE: Final = re.compile(
    r"(?:(?P<date>receivedDateTime|sentDateTime) (?P<op>ge|gt|le|lt) (?P<time>[0-9T:.+Z-]+)"
    r"|(?P<text>internetMessageId|from/emailAddress/address|subject) eq '(?P<value>(?:[^']|'')*)'"
    r"|(?P<flag>isRead|isDraft|hasAttachments) eq (?P<bool>true|false))"
)
_ORDER: Final = re.compile(r"(receivedDateTime|sentDateTime)(?: (asc|desc))?")
_SEARCHED: Final = frozenset({"from", "to", "subject", "body", "participants", "attachment"})


def check(asked: Mapping[str, str], known: frozenset[str] = KNOWN) -> None:
    """Raise RefusedError for parameters that Outlook does not know, or not together."""
    for name in asked:
        if name.startswith("$") and name not in known:
            raise _wrong(f"The query parameter '{name}' is not supported.")
    if "$search" in asked:
        for name, code in (("$filter", "Filter"), ("$orderby", "OrderBy"), ("$skip", "Skip")):
            if name in asked:
                text = f"The query parameter '{name}' is not supported with '$search'."
                raise RefusedError(400, text, f"SearchWith{code}")


def chosen(found: Sequence[Item], asked: Mapping[str, str]) -> list[Item]:
    """Give the messages that fit, in the order that is asked for."""
    if "$search" in asked:
        return _searched(found, asked["$search"])
    kept = list(found)
    fields: list[str] = []
    if "$filter" in asked:
        kept, fields = _filtered(kept, asked["$filter"])
    order = _ORDER.fullmatch(asked.get("$orderby", "receivedDateTime desc"))
    if order is None:
        raise _wrong("The $orderby expression is not supported.")
    if "$orderby" in asked and fields and fields[0] != order[1]:
        text = "The restriction or sort order is too complex for this operation."
        raise RefusedError(400, text, "InefficientFilter")
    return kept if order[2] == "desc" else kept[::-1]


def page(found: Sequence[Item], asked: Mapping[str, str], path: str) -> tuple[Sequence[Item], str]:
    """Give one page, and the address of the next; a skip token is the last message before it."""
    top, skip = _number(asked, "$top", USUAL_PAGE), _number(asked, "$skip", 0)
    if not 1 <= top <= LARGEST_PAGE:
        raise _wrong("The value of $top must be between 1 and 1000.")
    if "$skiptoken" in asked:
        last = _last(asked["$skiptoken"])
        places = [place for place, item in enumerate(found, 1) if item.id == last]
        if not places:
            raise _wrong("The $skiptoken is not valid.")
        skip = places[0]
    part = found[skip : skip + top]
    if skip + top >= len(found):
        return part, ""
    token = base64.urlsafe_b64encode(part[-1].id.encode()).decode()
    kept = {name: value for name, value in asked.items() if name not in ("$skip", "$skiptoken")}
    query = urlencode(kept | {"$skiptoken": token}, quote_via=quote)
    return part, f"https://graph.microsoft.com{path}?{query}"


def _filtered(found: list[Item], text: str) -> tuple[list[Item], list[str]]:
    fields = []
    place = 0
    while True:
        clause = _CLAUSE.match(text, place)
        if clause is None:
            raise RefusedError(400, "Invalid filter clause.", "ErrorInvalidUrlQueryFilter")
        found = [item for item in found if _fits(item, clause)]
        fields.append(clause["date"] or clause["text"] or clause["flag"])
        place = clause.end()
        if place == len(text):
            return found, fields
        if not text.startswith(" and ", place):
            raise RefusedError(400, "Invalid filter clause.", "ErrorInvalidUrlQueryFilter")
        place += len(" and ")


def _fits(item: Item, clause: re.Match[str]) -> bool:
    if clause["date"]:
        then = _time(clause["time"])
        # Outlook compares whole seconds, as it shows them.
        at = int(item.mail.sent_at)
        return {"ge": at >= then, "gt": at > then, "le": at <= then, "lt": at < then}[clause["op"]]
    if clause["flag"]:
        is_true = {
            "isRead": item.read,
            "isDraft": item.folder == "drafts",
            "hasAttachments": bool(item.mail.attachments),
        }
        return is_true[clause["flag"]] is (clause["bool"] == "true")
    texts = {
        "internetMessageId": item.message_id,
        "from/emailAddress/address": item.mail.sender,
        "subject": item.mail.subject,
    }
    wanted: str = clause["value"].replace("''", "'")
    return texts[clause["text"]].casefold() == wanted.casefold()


def _time(text: str) -> float:
    try:
        then = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise RefusedError(400, "Invalid filter clause.", "ErrorInvalidUrlQueryFilter") from wrong
    if then.tzinfo is None:
        raise RefusedError(400, "Invalid filter clause.", "ErrorInvalidUrlQueryFilter")
    return then.timestamp()


def _searched(found: Sequence[Item], search: str) -> list[Item]:
    """Find the words of a search in KQL: one property with a value, or words for everywhere."""
    quoted = re.fullmatch(r'"((?:[^"\\]|\\["\\])*)"', search)
    if quoted is None and not re.fullmatch(r"\w+", search):
        raise _wrong("Syntax error in the $search expression: put it in quotation marks.")
    words = re.sub(r"\\(.)", r"\1", quoted[1] if quoted else search)
    name, colon, value = words.partition(":")
    if not colon or name not in _SEARCHED:
        return [item for item in found if _all_words(item, words)][:LARGEST_PAGE]
    value = value.replace('"', "").strip()
    term = f'{name}:"{value}"' if name in ("from", "to", "subject") else f'"{value}"'
    return searched(found, term)[:LARGEST_PAGE]


def _all_words(item: Item, words: str) -> bool:
    text = f"{item.mail.sender} {item.mail.subject} {item.mail.body}".casefold()
    return all(word in text for word in words.replace('"', " ").casefold().split())


def _number(asked: Mapping[str, str], name: str, usual: int) -> int:
    text = asked.get(name, str(usual))
    if not text.isdecimal():
        raise _wrong(f"The value of {name} must be a whole number.")
    return int(text)


def _last(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, ValueError) as wrong:
        raise _wrong("The $skiptoken is not valid.") from wrong


def _wrong(text: str) -> RefusedError:
    return RefusedError(400, text, "RequestBroker--ParseUri")
