"""Mails as Gmail shows them, read with distrust."""

from collections.abc import Iterator
from typing import Final

import msgspec

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.call import Call
from multi_user_oauth.connectors.gmail_parts import Mail, message
from multi_user_oauth.connectors.gmail_places import LIST, MESSAGES, READ
from multi_user_oauth.connectors.item_ids import in_path, is_id
from multi_user_oauth.connectors.lists import items_of, text_of
from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.errors.connector import ItemNotFoundError
from multi_user_oauth.model.mail import MailQuery, Message
from multi_user_oauth.model.paging import Paged
from multi_user_oauth.net.http_answer import Json
from multi_user_oauth.ports.connectors import ActingAs

HEADERS: Final = ("From", "To", "Cc", "Subject")
FIELDS: Final = "id,internalDate,snippet,payload/headers"


class GmailReading:
    """One for the process: whose it is comes with each call."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def messages(self, person: ActingAs, query: MailQuery) -> Paged[Message]:
        """
        Return a page, the newest first.

        Gmail lists ids alone: each mail takes a call, one after another, for one person has little quota.
        """
        needs = READ if query.search or query.since else LIST
        answer = self._api.json(person, _list_call(query, needs))
        mails = [self._without_bodies(person, each, needs) for each in _ids(answer)]
        found = (message(mail) for mail in mails if mail is not None)
        cursor = answer.get("nextPageToken")
        return Paged(
            items=tuple(m for m in found if query.since is None or m.received_at >= query.since),
            cursor=cursor if isinstance(cursor, str) and cursor else None,
        )

    def message(self, person: ActingAs, message_id: str) -> Message:
        """Return one mail with its bodies and its attachments' names; raise `ItemNotFoundError`."""
        call = Call(
            method="GET", url=f"{MESSAGES}/{in_path(message_id)}", needs=READ,
            query=(("format", "full"),),
        )  # fmt: skip
        mail = _mail(self._api.json(person, call))
        if mail is None:
            raise ProviderUnavailableError("Gmail's answer is no mail")
        return message(mail)

    def _without_bodies(
        self, person: ActingAs, message_id: str, needs: tuple[str, ...]
    ) -> Mail | None:
        query = (("format", "metadata"), *(("metadataHeaders", name) for name in HEADERS))
        call = Call(
            method="GET", url=f"{MESSAGES}/{in_path(message_id)}", needs=needs,
            query=(*query, ("fields", FIELDS)),
        )  # fmt: skip
        try:
            return _mail(self._api.json(person, call))
        except ItemNotFoundError:
            return None  # deleted since it was listed


def _list_call(query: MailQuery, needs: tuple[str, ...]) -> Call:
    asked = [("maxResults", str(query.limit)), ("fields", "messages(id),nextPageToken")]
    words = [query.search] if query.search else []
    if query.since is not None:
        # Whole seconds, and whether that second counts is not documented: the rest is ours.
        words.append(f"after:{int(query.since.timestamp()) - 1}")
    if words:
        asked.append(("q", " ".join(words)))
    if query.cursor is not None:
        asked.append(("pageToken", query.cursor))
    return Call(method="GET", url=MESSAGES, needs=needs, query=tuple(asked))


def _ids(answer: Json) -> Iterator[str]:
    # Where nothing is found there is no list.
    for each in items_of(answer, "messages") if "messages" in answer else ():
        if is_id(found := text_of(each, "id")):
            yield found


def _mail(answer: Json) -> Mail | None:
    try:
        return msgspec.convert(answer, Mail)
    except (msgspec.ValidationError, RecursionError):
        return None
