"""What a request for mails says, and how mails are answered."""

from collections.abc import Mapping
from typing import Final

from multi_user_oauth.http.words import limit, line, moment
from multi_user_oauth.model.mail import MailQuery, Message

PARAMETERS: Final = frozenset({"search", "since", "limit", "page_token"})
LONGEST_SEARCH: Final = 500
USUAL: Final = 25


def query_of(fields: Mapping[str, str]) -> MailQuery:
    """Return the first page that these parameters ask for; raise `RequestError`."""
    search = line(fields.get("search", ""), "search", LONGEST_SEARCH).strip()
    since = moment(fields["since"], "since") if "since" in fields else None
    return MailQuery(
        search=search or None, since=since, limit=limit(fields.get("limit"), usual=USUAL)
    )


def list_of(query: MailQuery) -> str:
    """Return which list this is: a page token of one is none of another."""
    since = query.since.isoformat() if query.since else ""
    return f"messages {since} {query.search or ''}"


def shown(message: Message) -> dict[str, object]:
    """Return a mail as it is answered."""
    answer: dict[str, object] = {
        "id": message.id,
        "from": message.sender,
        "to": message.to,
        "cc": message.cc,
        "subject": message.subject,
        "received_at": message.received_at,
        "preview": message.preview,
    }
    return answer


def shown_whole(message: Message) -> dict[str, object]:
    """Return a mail with its bodies, as far as it has them, and the names of its attachments."""
    bodies = {"body": message.text, "html": message.html}
    return {
        **shown(message),
        **{name: text for name, text in bodies.items() if text is not None},
        "attachments": [{"name": each.name, "size": each.size} for each in message.attachments],
    }
