"""Everybody's mail, as both the providers' APIs and the sandbox's pages see them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..records import Mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An attachment on its way to a draft, piece by piece."""

    id: str
    token_digest: str
    """Of the secret in the upload's address."""
    draft: str
    name: str
    content_type: str
    size: int
    expires_at: float
    pieces: tuple[str, ...] = ()
    """Digests of what has come, in order."""
    received: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMail:
    """What outlives a restart, beside the mails that were sent."""

    drafts: Sequence[Mail] = ()
    """A draft belongs to its sender, and `sent_at` is when it was made."""
    welcome: dict[str, Sequence[Mail]] = field(default_factory=dict)
    """Account: what lay in the inbox at the beginning."""
    deleted: Sequence[str] = ()
    uploads: Sequence[Upload] = ()


class Mailboxes:
    """The one memory of it; whoever changes it holds the state's lock."""

    def __init__(self, saved: SavedMail) -> None:
        self.drafts = {draft.id: draft for draft in saved.drafts}
        self.welcome = {account: tuple(mails) for account, mails in saved.welcome.items()}
        self.deleted = set(saved.deleted)
        self.uploads = {upload.id: upload for upload in saved.uploads}

    def saved(self) -> SavedMail:
        """Give what is to outlive a restart."""
        return SavedMail(
            drafts=tuple(self.drafts.values()),
            welcome=dict(self.welcome),
            deleted=sorted(self.deleted),
            uploads=tuple(self.uploads.values()),
        )

    def forget_draft(self, draft: str) -> None:
        """Let a draft be gone, and what was being uploaded to it."""
        self.drafts.pop(draft, None)
        for upload in [upload for upload in self.uploads.values() if upload.draft == draft]:
            del self.uploads[upload.id]
