"""What a backup knows of the activity database, put to what stands there: the later word counts."""

from collections.abc import Iterable
from typing import Protocol

from multi_user_oauth.model import LedgerEntry
from multi_user_oauth.ports import KeyVersionNotes, Ledger, People, Usage
from multi_user_oauth.ports.backup import Kept, KeyVersionSeen, SignedOut, UsedBy


class Merged(Ledger, People, KeyVersionNotes, Usage, Protocol):
    """What is written there: each of it so that writing it again changes nothing."""


def merge(found: Iterable[Kept], activity: Merged) -> None:
    """Write what is of the activity database, and pass over the rest; raise `StoreUnavailableError`."""
    for kept in found:
        match kept:
            case LedgerEntry():
                activity.enter(kept)
            case SignedOut():
                _sign_out(kept, activity)
            case KeyVersionSeen(kind=kind, version=version, at=at):
                activity.saw_key_versions(kind, (version,), at)
            case UsedBy():
                _use(kept, activity)
            case _:
                pass


def _sign_out(person: SignedOut, activity: Merged) -> None:
    if person.valid_from is not None:
        activity.sign_out_everywhere(person.identity, person.valid_from)
    for session, until in person.sessions:
        activity.sign_out(person.identity, session, until)


def _use(used: UsedBy, activity: Merged) -> None:
    known = {use.agent: use.at for use in activity.uses(used.key)}
    for use in used.uses:
        if use.agent not in known or known[use.agent] < use.at:
            activity.note_use(used.key, use)
