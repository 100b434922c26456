"""Mails as Microsoft Graph shows them, read with distrust."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar

import msgspec

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.call import Call
from multi_user_oauth.connectors.item_ids import in_path
from multi_user_oauth.connectors.lists import GRAPH, items_of, next_page, text_of
from multi_user_oauth.connectors.outlook_places import IMMUTABLE
from multi_user_oauth.errors import ProviderUnavailableError
from multi_user_oauth.model.mail import AttachmentInfo, MailQuery, Message
from multi_user_oauth.model.paging import Paged
from multi_user_oauth.net.http_answer import Json
from multi_user_oauth.ports.connectors import ActingAs

READ: Final = ("Mail.Read", "Mail.ReadWrite")
LIST: Final = ("Mail.ReadBasic", *READ)
LISTED: Final = "/me/messages"
PLACE: Final = f"{GRAPH}{LISTED}"
FIELDS: Final = "id,subject,from,toRecipients,ccRecipients,receivedDateTime"
PREVIEW: Final = ",bodyPreview"  # not for Mail.ReadBasic
WHOLE: Final = ",body,hasAttachments"


class _Address(msgspec.Struct):
    address: str | None = None


class _Recipient(msgspec.Struct, rename="camel"):
    email_address: _Address | None = None


class _Body(msgspec.Struct, rename="camel"):
    content_type: str = ""
    content: str = ""


class _Mail(msgspec.Struct, rename="camel"):
    id: str
    received_date_time: Annotated[datetime, msgspec.Meta(tz=True)]
    subject: str | None = None
    sender: _Recipient | None = msgspec.field(default=None, name="from")
    to_recipients: list[_Recipient] | None = None
    cc_recipients: list[_Recipient] | None = None
    body_preview: str | None = None
    body: _Body | None = None
    has_attachments: bool = False


class _File(msgspec.Struct):
    name: str
    size: int


T = TypeVar("T", _Mail, _File)
for _shape in (_Mail, _File):
    msgspec.json.Decoder(_shape)  # learned now: two threads must not be the first to learn a shape


class OutlookReading:
    """One for the process: whose it is comes with each call."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def messages(self, person: ActingAs, query: MailQuery) -> Paged[Message]:
        """Return a page, the newest first; raise `ProviderAnswerRefusedError` for a foreign next one."""
        answer = self._api.json(person, _list_call(person, query))
        found = _each(answer, _Mail)
        mails = tuple(_message(mail) for mail in found if _is_wanted(mail, query))
        cursor = text_of(answer, "@odata.nextLink")
        if not cursor or (query.search and found and not _is_wanted(found[-1], query)):
            return Paged(items=mails)  # a search goes back in time: what follows is older still
        return Paged(items=mails, cursor=next_page(cursor, LISTED))

    def message(self, person: ActingAs, message_id: str) -> Message:
        """Return one mail with its body and its attachments' names; raise `ItemNotFoundError`."""
        url = f"{PLACE}/{in_path(message_id)}"
        select = (("$select", FIELDS + PREVIEW + WHOLE),)
        answer = self._api.json(person, _get(url, READ, select))
        try:
            mail = msgspec.convert(answer, _Mail)
        except msgspec.ValidationError:
            raise ProviderUnavailableError("Outlook's answer is no mail") from None
        files: list[_File] = []
        if mail.has_attachments:
            names = (("$select", "id,name,size"),)
            files = _each(self._api.json(person, _get(f"{url}/attachments", READ, names)), _File)
        return _message(mail, files)


def _list_call(person: ActingAs, query: MailQuery) -> Call:
    if query.cursor is not None:
        return _get(next_page(query.cursor, LISTED), LIST, ())
    needs = READ if query.search else LIST
    person.token(*needs)
    select = FIELDS + PREVIEW if person.has(*READ) else FIELDS
    asked = [("$select", select), ("$top", str(query.limit))]
    if query.search:
        # With $search Outlook takes neither $filter nor $orderby: it sorts by itself, the newest first.
        escaped = query.search.replace("\\", "\\\\").replace('"', '\\"')
        asked.append(("$search", f'"{escaped}"'))
    else:
        asked.append(("$orderby", "receivedDateTime desc"))
        if query.since is not None:
            since = query.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            asked.append(("$filter", f"receivedDateTime ge {since}"))
    return _get(PLACE, needs, tuple(asked))


def _get(url: str, needs: tuple[str, ...], query: tuple[tuple[str, str], ...]) -> Call:
    return Call(method="GET", url=url, needs=needs, query=query, headers=IMMUTABLE)


def _each(answer: Json, shape: type[T]) -> list[T]:
    """Return the items that can be read; one that can not is left out."""
    found = []
    for each in items_of(answer, "value"):
        with suppress(msgspec.ValidationError):
            found.append(msgspec.convert(each, shape))
    return found


def _is_wanted(mail: _Mail, query: MailQuery) -> bool:
    return query.since is None or mail.received_date_time >= query.since


def _message(mail: _Mail, files: Iterable[_File] = ()) -> Message:
    is_html = mail.body is not None and mail.body.content_type.lower() == "html"
    content = mail.body.content if mail.body else None
    return Message(
        id=mail.id,
        sender=next(iter(_addresses([mail.sender] if mail.sender else [])), ""),
        to=_addresses(mail.to_recipients),
        cc=_addresses(mail.cc_recipients),
        subject=mail.subject or "",
        received_at=mail.received_date_time,
        preview=mail.body_preview or "",
        text=None if is_html else content,
        html=content if is_html else None,
        attachments=tuple(AttachmentInfo(name=each.name, size=each.size) for each in files),
    )


def _addresses(recipients: Iterable[_Recipient] | None) -> tuple[str, ...]:
    found = (each.email_address for each in recipients or ())
    return tuple(each.address for each in found if each and each.address)
