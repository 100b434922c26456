"""What lies in everybody's inbox at the beginning: another heap for each person."""

from collections.abc import Iterator

from ..company import ACCOUNTS, COMPANY_DOMAIN, Account, stable_guid
from ..records import DAY, Attachment, Mail
from .blobs import Blobs

HOUR = 3600.0
MATTERS = ("Atlas", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Garnet", "Harbour")


def welcome_mails(account: Account, now: float, blobs: Blobs) -> tuple[Mail, ...]:
    """Give the mails that a person has before anybody writes one, oldest first."""
    return tuple(_mails(account, now, blobs))


def _mails(account: Account, now: float, blobs: Blobs) -> Iterator[Mail]:
    first = account.name.partition(" ")[0]
    others = [other for other in ACCOUNTS[:5] if other.id != account.id]
    turn = next((n for n, known in enumerate(ACCOUNTS) if known.id == account.id), len(account.id))
    matter, other = MATTERS[turn % len(MATTERS)], others[turn % len(others)]
    yield _mail(
        account,
        f"it@{COMPANY_DOMAIN}",
        f"Your laptop is ready, {first}",
        f"Hello {first},\n\nyour new laptop waits for you at the desk on floor 2.\n\nIT",
        now - 6 * DAY,
    )
    yield _mail(
        account,
        other.email,
        f"{matter}: minutes of Monday",
        f"Hi {first},\n\nthe minutes are attached. Can you check your part?\n\n{other.name}",
        now - 2 * DAY - 3 * HOUR,
        attachment=_minutes(account, matter, blobs),
    )
    yield _mail(
        account,
        "news@travel.example",
        f"{first}, your trip to Copenhagen",
        f"Dear {first},\n\nyour train leaves at 08:17 from platform {turn % 9 + 1}.",
        now - 20 * HOUR,
        html=f"<p>Dear {first},</p><p>your train leaves at <b>08:17</b> from platform "
        f"{turn % 9 + 1}.</p>",
    )
    yield _mail(
        account,
        other.email,
        f"{matter}: who presents?",
        f"Hi {first},\n\ncan you present {matter} on Thursday?\n\n{other.name}",
        now - 2 * HOUR,
    )


def _mail(
    account: Account,
    sender: str,
    subject: str,
    body: str,
    at: float,
    *,
    html: str = "",
    attachment: Attachment | None = None,
) -> Mail:
    name = stable_guid(f"welcome/{account.id}/{subject}")
    return Mail(
        id=name,
        provider="microsoft",
        sender=sender,
        recipients=(account.email,),
        subject=subject,
        body=body,
        html=html,
        sent_at=float(int(at)),
        message_id=f"<{name}@{sender.partition('@')[2]}>",
        attachments=(attachment,) if attachment else (),
    )


def _minutes(account: Account, matter: str, blobs: Blobs) -> Attachment:
    content = f"{matter}, Monday\n\n1. Plan\n2. Open points of {account.name}\n".encode()
    return Attachment(
        id=stable_guid(f"welcome/{account.id}/minutes"),
        name=f"{matter} minutes.txt",
        content_type="text/plain",
        size=len(content),
        digest=blobs.put(content),
    )
