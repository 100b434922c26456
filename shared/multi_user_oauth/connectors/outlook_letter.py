"""A mail as Microsoft Graph takes it: the resource `message`, in JSON."""

from typing import Any, Final

import msgspec

from multi_user_oauth.model.mail import Attachment, OutgoingMail

LARGEST_REQUEST: Final = 4_100_000
"""Bytes of JSON in one request: Graph takes 4 MiB ("Attach large files to Outlook messages")."""
LARGEST_FILES: Final = 3_000_000
"""Bytes of attachments that can fit into one request, four for every three."""


def letter(mail: OutgoingMail, message_id: str = "", *, with_files: bool = True) -> bytes | None:
    """
    Return the message, None if it is larger than one request may be.

    Outlook has one body: of text and HTML it gets the HTML, and makes the text itself.
    """
    files = mail.attachments if with_files else ()
    if sum(len(each.content) for each in files) > LARGEST_FILES:
        return None
    fields: dict[str, Any] = {
        "subject": mail.subject,
        "body": _body(mail),
        "toRecipients": _recipients(mail.to),
        "ccRecipients": _recipients(mail.cc),
        "bccRecipients": _recipients(mail.bcc),
        "replyTo": _recipients(mail.reply_to),
    }
    if message_id:
        fields["internetMessageId"] = message_id  # ours to choose as long as it is a draft
    if files:
        fields["attachments"] = [file(each) for each in files]
    document = msgspec.json.encode(fields)
    return document if len(document) <= LARGEST_REQUEST else None


def file(attachment: Attachment) -> dict[str, object]:
    """Return an attachment with its bytes (`fileAttachment`)."""
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": attachment.name,
        "contentType": attachment.content_type,
        "contentBytes": attachment.content,
    }


def _body(mail: OutgoingMail) -> dict[str, str]:
    if mail.html is not None:
        return {"contentType": "html", "content": mail.html}
    return {"contentType": "text", "content": mail.text or ""}


def _recipients(addresses: tuple[str, ...]) -> list[dict[str, dict[str, str]]]:
    return [{"emailAddress": {"address": each}} for each in addresses]
