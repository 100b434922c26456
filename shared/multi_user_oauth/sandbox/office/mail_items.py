"""One person's mailbox, derived from what was sent, drafted and there at the beginning."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..company import Account
from ..records import DAY, Mail, ProviderName
from ..state import State
from .mail_welcome import welcome_mails

Folder = Literal["inbox", "sentitems", "drafts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One mail as it lies in one person's mailbox at one provider."""

    id: str
    mail: Mail
    folder: Folder
    read: bool
    conversation: str
    """The same for all mails of a conversation in this mailbox; never a mail's id."""
    to_self: bool = False
    """Whether it lies in the inbox as well, as Gmail sees a mail to oneself."""

    @property
    def message_id(self) -> str:
        """Give RFC 5322's Message-ID, with its angle brackets."""
        return self.mail.message_id or f"<{self.mail.id}@sandbox.invalid>"


def items(state: State, account: Account, provider: ProviderName) -> list[Item]:
    """Give what lies in a person's mailbox, newest first."""
    mine = {account.email.casefold(), account.upn.casefold()}
    found: list[Item] = []
    for mail, folder in _mails(state, account, mine):
        if folder == "drafts" and provider != mail.provider:
            continue
        own = folder != "inbox" and provider == mail.provider
        item = Item(
            id=mail.id if own else _own_id(provider, account, folder, mail.id),
            mail=mail,
            folder=folder,
            read=folder != "inbox" or mail.sent_at < state.now() - DAY,
            conversation=_own_id(provider, account, "thread", mail.thread or mail.id),
            to_self=folder == "sentitems" and not mine.isdisjoint(mail.everybody),
        )
        one_copy = provider == "google" and folder == "inbox" and mail.sender in mine and mail.kept
        if item.id not in state.office.mail.deleted and not one_copy:
            found.append(item)
    # What came last is first, also among mails of the same second.
    found.reverse()
    found.sort(key=lambda item: item.mail.sent_at, reverse=True)
    return found


def find(state: State, account: Account, provider: ProviderName, item_id: str) -> Item | None:
    """Give one mail of a person's; somebody else's is none."""
    return next((item for item in items(state, account, provider) if item.id == item_id), None)


def _mails(state: State, account: Account, mine: set[str]) -> Iterator[tuple[Mail, Folder]]:
    mail = state.office.mail
    if account.id not in mail.welcome:
        mail.welcome[account.id] = welcome_mails(account, state.now(), state.office.blobs)
    yield from ((letter, "inbox") for letter in mail.welcome[account.id])
    for letter in state.mailbox:
        if letter.sender in mine and letter.kept:
            yield letter, "sentitems"
        if not mine.isdisjoint(letter.everybody):
            yield letter, "inbox"
    yield from ((draft, "drafts") for draft in mail.drafts.values() if draft.sender in mine)


def _own_id(provider: ProviderName, account: Account, kind: str, name: str) -> str:
    """Give the id under which one person knows something: nobody else's is the same."""
    told = hashlib.sha256(f"{provider}/{account.id}/{kind}/{name}".encode()).digest()
    if provider == "google":
        return told.hex()[:16]
    return f"AAkALgAA{base64.urlsafe_b64encode(told).decode()}"
