"""The pre-authenticated addresses that OneDrive gives out: each holds a secret of its own."""

import hmac
from typing import Final
from urllib.parse import urlencode

from ..company import Account, stable_guid
from ..records import DAY, digest
from ..state import State
from .drives import Item, Ticket, Upload

HOST: Final = "company-my.sharepoint.com"
SESSION_LIFE: Final = DAY
_TICKET_LIFE: Final = 600.0
_STILL_GOOD: Final = 300.0
"""An address with so many seconds left is given out once more."""


def home(account: Account) -> str:
    """Give the segment of SharePoint's paths that names a person."""
    return account.upn.replace("@", "_").replace(".", "_")


def download_url(state: State, account: Account, item: Item) -> str:
    """Give the address of a file's bytes."""
    secret = _ticket(state, account, item).secret
    query = urlencode(
        {
            "UniqueId": stable_guid(item.id),
            "Translate": "false",
            "tempauth": secret,
            "ApiVersion": "2.0",
        }
    )
    return f"https://{HOST}/personal/{home(account)}/_layouts/15/download.aspx?{query}"


def _ticket(state: State, account: Account, item: Item) -> Ticket:
    tickets = state.office.drives.tickets
    now = state.now()
    for key in [key for key, old in tickets.items() if old.expires_at <= now]:
        del tickets[key]
    known = tickets.get(item.id)
    if known and known.expires_at >= now + _STILL_GOOD:
        return known
    secret = state.new_secret("pre_authenticated_url", "v1.download.")
    fresh = Ticket(secret=secret, account=account.id, item=item.id, expires_at=now + _TICKET_LIFE)
    tickets[item.id] = fresh
    return fresh


def ticket_for(state: State, secret: str) -> Ticket | None:
    """Find what a download's secret opens, while it does."""
    for ticket in state.office.drives.tickets.values():
        if hmac.compare_digest(ticket.secret.encode(), secret.encode()):
            return ticket if state.now() < ticket.expires_at else None
    return None


def begin_upload(state: State, account: Account, draft: Item, conflict: str) -> tuple[str, Upload]:
    """Begin an upload session; give its address and what is known about it."""
    secret = state.new_secret("pre_authenticated_url", "v1.upload.")
    upload = Upload(
        digest=digest(secret),
        provider="microsoft",
        account=account.id,
        draft=draft,
        conflict=conflict,
        expires_at=state.now() + SESSION_LIFE,
    )
    state.office.drives.uploads[upload.digest] = upload
    query = urlencode({"guid": stable_guid(f"upload/{draft.id}"), "tempauth": secret})
    place = f"personal/{home(account)}/_api/v2.0/drive/items/{draft.parent}/uploadSession"
    return f"https://{HOST}/{place}?{query}", upload


def upload_for(state: State, secret: str) -> Upload | None:
    """Find the upload session that a secret opens, while it does."""
    upload = state.office.drives.uploads.get(digest(secret))
    alive = upload is not None and not upload.done and state.now() < upload.expires_at
    return upload if alive and upload and upload.provider == "microsoft" else None
