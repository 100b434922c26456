"""Mails as Gmail's API writes them (gmail v1, `users.messages`)."""

import base64
from typing import Any, Literal

from ..records import Attachment
from .blobs import Blobs
from .mail_items import Item
from .mail_mime import headers, write

Format = Literal["minimal", "full", "metadata", "raw"]
SNIPPET = 200


def encoded(content: bytes) -> str:
    """Give bytes in base64url, padded as Gmail pads them."""
    return base64.urlsafe_b64encode(content).decode()


def labels(item: Item) -> list[str]:
    """Give the ids of a mail's labels."""
    if item.folder == "sentitems":
        return ["SENT", "INBOX"] if item.to_self else ["SENT"]
    return ["UNREAD"] * (not item.read) + ["CATEGORY_PERSONAL", "INBOX"]


def message(
    item: Item,
    wanted: Format,
    blobs: Blobs,
    *,
    only: frozenset[str] = frozenset(),
    snippet: bool = True,
) -> dict[str, Any]:
    """Give one mail; `only` names the headers, in lower case, that `metadata` is to bring."""
    mail = item.mail
    size = len(mail.body) + len(mail.html) + sum(part.size for part in mail.attachments)
    answer: dict[str, Any] = {
        "id": item.id,
        "threadId": item.conversation,
        "labelIds": labels(item),
        "snippet": " ".join(mail.body.split())[:SNIPPET] if snippet else "",
        "sizeEstimate": size + 512,
        "historyId": str(int(mail.sent_at)),
        "internalDate": str(int(mail.sent_at * 1000)),
    }
    if wanted == "raw":
        own = item.folder == "sentitems"
        answer["raw"] = encoded(write(mail, item.message_id, blobs, bcc=own))
    elif wanted != "minimal":
        answer["payload"] = _payload(item, only if wanted == "metadata" else None)
    return answer


def _payload(item: Item, only: frozenset[str] | None) -> dict[str, Any]:
    """Give the tree of parts; with `only` no more than the top and its headers."""
    own = headers(item.mail, item.message_id, bcc=item.folder == "sentitems")
    top = _tree(item)
    lines = [{"name": name, "value": value} for name, value in own] + top["headers"]
    if only is not None:
        kept = [line for line in lines if not only or line["name"].lower() in only]
        return {"mimeType": top["mimeType"], "headers": kept}
    return top | {"headers": lines}


def _tree(item: Item) -> dict[str, Any]:
    mail = item.mail
    mixed = bool(mail.attachments)
    if mail.html:
        place = "0" if mixed else ""
        inner = [
            _words(f"{place}.0".lstrip("."), "plain", mail.body),
            _words(f"{place}.1".lstrip("."), "html", mail.html),
        ]
        body = _container(place, "alternative", inner)
    else:
        body = _words("0" if mixed else "", "plain", mail.body)
    if not mixed:
        return body
    files = [_file(str(place), part) for place, part in enumerate(mail.attachments, 1)]
    return _container("", "mixed", [body, *files])


def _container(place: str, kind: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    mime = f"multipart/{kind}"
    return _part(place, mime, f'{mime}; boundary="sandbox{place}"') | {
        "body": {"size": 0},
        "parts": parts,
    }


def _words(place: str, kind: str, text: str) -> dict[str, Any]:
    content = text.encode()
    part = _part(place, f"text/{kind}", f'text/{kind}; charset="utf-8"')
    return part | {"body": {"size": len(content), "data": encoded(content)}}


def _file(place: str, attachment: Attachment) -> dict[str, Any]:
    kind, name = attachment.content_type, attachment.name.replace('"', "'")
    part = _part(place, kind, f'{kind}; name="{name}"')
    part["headers"] += [
        {"name": "Content-Disposition", "value": f'attachment; filename="{name}"'},
        {"name": "Content-Transfer-Encoding", "value": "base64"},
    ]
    body = {"attachmentId": attachment.id, "size": attachment.size}
    return part | {"filename": attachment.name, "body": body}


def _part(place: str, mime: str, content_type: str) -> dict[str, Any]:
    line = {"name": "Content-Type", "value": content_type}
    return {"partId": place, "mimeType": mime, "filename": "", "headers": [line]}
