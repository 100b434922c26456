"""All that people work with, in one place."""

from dataclasses import dataclass, field
from pathlib import Path

from .blobs import Blobs
from .calendars import Calendars, SavedEvents
from .drives import Drives, SavedFiles
from .mailboxes import Mailboxes, SavedMail
from .teams import SavedChats, Teams


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedOffice:
    """What outlives a restart; the bytes of files lie beside the state file."""

    mail: SavedMail = field(default_factory=SavedMail)
    files: SavedFiles = field(default_factory=SavedFiles)
    events: SavedEvents = field(default_factory=SavedEvents)
    chats: SavedChats = field(default_factory=SavedChats)


class Office:
    """Everybody's mail, files, calendars and chats; whoever changes it holds the state's lock."""

    def __init__(self, saved: SavedOffice, state_file: Path | None) -> None:
        folder = None if state_file is None else state_file.with_name(f"{state_file.stem}_files")
        self.blobs = Blobs(folder)
        self.mail = Mailboxes(saved.mail)
        self.drives = Drives(saved.files)
        self.calendars = Calendars(saved.events)
        self.teams = Teams(saved.chats)

    def saved(self) -> SavedOffice:
        """Give what is to outlive a restart."""
        return SavedOffice(
            mail=self.mail.saved(),
            files=self.drives.saved(),
            events=self.calendars.saved(),
            chats=self.teams.saved(),
        )
