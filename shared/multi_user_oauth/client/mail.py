"""A person's mail."""

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path

from multi_user_oauth.client.area import (
    Addresses,
    Area,
    Item,
    When,
    listed,
    media_type,
    path_of,
    query_of,
    time_of,
)

Attachment = str | Path | tuple[str, str, bytes]
"""A path, or a name, a media type and the bytes."""


class Mail(Area):
    """Sends and reads it."""

    def send_email(
        self,
        connector_type: str,
        user_email: str,
        *,
        to: Addresses,
        subject: str,
        body: str | None = None,
        html: str | None = None,
        cc: Addresses = (),
        bcc: Addresses = (),
        reply_to: Addresses = (),
        attachments: Sequence[Attachment] = (),
        idempotency_key: str | None = None,
        purpose: str = "",
    ) -> Item:
        """
        Send a mail; return `status`, `message_id` where there is one, and `replayed`.

        With the same `idempotency_key` it is sent once within 24 hours; `replayed` says that it was
        before. Raise `OSError` for an attachment that can not be read.
        """
        mail = {
            "user_email": user_email,
            "to": listed(to),
            "cc": listed(cc),
            "bcc": listed(bcc),
            "reply_to": listed(reply_to),
            "subject": subject,
            "body": body,
            "html": html,
            "attachments": [_attached(each) for each in attachments],
            "purpose": purpose or None,
        }
        return self._sent(path_of(connector_type, "send_email"), mail, idempotency_key)

    def messages(
        self,
        connector_type: str,
        user_email: str,
        *,
        search: str | None = None,
        since: When | None = None,
        page_size: int | None = None,
        purpose: str = "",
    ) -> Iterator[Item]:
        """Yield mails, newest first; `page_size` (1 to 100) is how many are fetched at once."""
        params = query_of(user_email, purpose, search=search, since=time_of(since), limit=page_size)
        return self._pages(path_of(connector_type, "messages"), "messages", params)

    def message(
        self, connector_type: str, user_email: str, message_id: str, *, purpose: str = ""
    ) -> Item:
        """Return one mail, with its body and the names of its attachments."""
        path = path_of(connector_type, "messages", message_id)
        return self._read(path, query_of(user_email, purpose))


def _attached(attachment: Attachment) -> dict[str, str]:
    if isinstance(attachment, str | Path):
        path = Path(attachment)
        attachment = (path.name, media_type(path), path.read_bytes())
    name, kind, content = attachment
    return {
        "name": name,
        "content_type": kind,
        "content": base64.b64encode(content).decode(),
    }
