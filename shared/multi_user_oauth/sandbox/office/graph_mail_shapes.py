"""Messages and attachments as Microsoft Graph writes them (v1.0, `message`, `fileAttachment`)."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from ..company import Account, stable_guid
from ..records import Attachment
from ..state import State
from .mail_items import Item
from .mail_letter import as_html
from .mail_refusals import RefusedError

CONTEXT: Final = "https://graph.microsoft.com/v1.0/$metadata#"
CONTENT: Final = frozenset({"body", "bodyPreview", "uniqueBody"})
"""What Mail.ReadBasic does not show."""
PREVIEW: Final = 255


def iso(at: float) -> str:
    """Give a time as Graph writes it."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def message(state: State, account: Account, item: Item, *, text: bool) -> dict[str, Any]:
    """Give one message with all its properties; `text` asks for the body as plain text."""
    mail, when = item.mail, iso(item.mail.sent_at)
    sender = _recipient(state, mail.sender)
    own = item.folder != "inbox"
    body = mail.body if text else mail.html or as_html(mail.body)
    return {
        "@odata.etag": f'W/"{stable_guid(f"{item.id}/{item.folder}/{len(mail.attachments)}")}"',
        "id": item.id,
        "createdDateTime": when,
        "lastModifiedDateTime": when,
        "changeKey": stable_guid(f"{item.id}/{item.folder}"),
        "categories": [],
        "receivedDateTime": when,
        "sentDateTime": when,
        "hasAttachments": bool(mail.attachments),
        "internetMessageId": item.message_id,
        "subject": mail.subject,
        "bodyPreview": mail.body[:PREVIEW],
        "importance": "normal",
        "parentFolderId": folder_id(account, item.folder),
        "conversationId": item.conversation,
        "isDeliveryReceiptRequested": None if item.folder == "drafts" else False,
        "isReadReceiptRequested": False,
        "isRead": item.read,
        "isDraft": item.folder == "drafts",
        "webLink": f"https://outlook.office365.com/owa/?ItemID={item.id}&viewmodel=ReadMessageItem",
        "inferenceClassification": "focused",
        "body": {"contentType": "text" if text else "html", "content": body},
        "sender": sender,
        "from": sender,
        "toRecipients": [_recipient(state, to) for to in mail.recipients],
        "ccRecipients": [_recipient(state, to) for to in mail.cc],
        "bccRecipients": [_recipient(state, to) for to in mail.bcc] if own else [],
        "replyTo": [_recipient(state, to) for to in mail.reply_to],
        "flag": {"flagStatus": "notFlagged"},
    }


def file(attachment: Attachment, at: float, content: bytes | None) -> dict[str, Any]:
    """Give one attachment; `content` is None where its bytes are not asked for."""
    answer: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "@odata.mediaContentType": attachment.content_type,
        "id": attachment.id,
        "lastModifiedDateTime": iso(at),
        "name": attachment.name,
        "contentType": attachment.content_type,
        "size": attachment.size,
        "isInline": False,
        "contentId": None,
        "contentLocation": None,
    }
    if content is not None:
        answer["contentBytes"] = base64.b64encode(content).decode()
    return answer


def selected(answer: dict[str, Any], select: str | None, known: Sequence[str]) -> dict[str, Any]:
    """Keep what `$select` names, and what always comes. Raises RefusedError for other names."""
    if select is None:
        return answer
    names = {name.strip() for name in select.split(",")}
    for name in sorted(names - set(known)):
        text = f"Could not find a property named '{name}' on type 'Microsoft.OutlookServices'."
        raise RefusedError(400, text, "RequestBroker--ParseUri")
    kept = names | {"id"}
    return {name: value for name, value in answer.items() if name in kept or name[0] == "@"}


def folder_id(account: Account, folder: str) -> str:
    """Give the opaque id of a person's folder."""
    return f"AQMkAD{stable_guid(f'folder/{account.id}/{folder}').replace('-', '')}"


def _recipient(state: State, address: str) -> dict[str, Any]:
    known = state.account(address)
    return {"emailAddress": {"name": known.name if known else address, "address": address}}
