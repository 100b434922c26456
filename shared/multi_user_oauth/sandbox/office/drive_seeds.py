"""The files that everybody has from the beginning: another handful for each person."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from ..company import Account
from ..records import DAY
from ..state import State
from .drives import Item, Part, ProviderName, Tree
from .files_text import DOCUMENT

FOLDER: Final = "application/vnd.google-apps.folder"
_PROJECTS: Final = ("Aurora", "Birke", "Čapek", "Delta", "Élan", "Fjord", "Ginkgo", "海燕")
_SVG: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>{0}</title>'
    '<circle cx="4.5" cy="4.5" r="{1}"/></svg>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seed:
    path: str
    mime_type: str
    text: str
    days: int
    """How old it is."""


def open_drive(state: State, provider: ProviderName, account: Account) -> Tree:
    """Give a person's files at a provider."""
    return state.office.drives.tree(
        provider, account.id, lambda: _first_items(state, provider, account)
    )


def new_id(state: State, provider: ProviderName) -> str:
    """Make an id such as this provider gives to files."""
    return _shaped(provider, state.draw(24))


def _shaped(provider: ProviderName, raw: bytes) -> str:
    if provider == "microsoft":
        return "01" + base64.b32encode(raw[-20:]).decode()
    return "1" + base64.urlsafe_b64encode(raw[-24:]).decode()


def _first_items(state: State, provider: ProviderName, account: Account) -> list[Item]:
    seeds = _onedrive(account) if provider == "microsoft" else _drive(account)
    top = "root" if provider == "microsoft" else "My Drive"
    since = state.now() - 400 * DAY
    items: dict[str, Item] = {}

    def made(path: str, days: int, seed: _Seed | None = None) -> None:
        parent, _, name = path.rpartition("/")
        if path and parent not in items:
            made(parent, days)
        content = seed.text.encode() if seed else b""
        blob = Part(blob=state.office.blobs.put(content), size=len(content))
        who = hashlib.sha256(f"{provider}/{account.id}/{path}".encode()).digest()
        items[path] = Item(
            id=_shaped(provider, who),
            parent=items[parent].id if path else None,
            name=name or top,
            mime_type=seed.mime_type if seed else FOLDER,
            folder=seed is None,
            parts=(blob,) if seed else (),
            created_at=since if not path else state.now() - (days + 1) * DAY,
            modified_at=since if not path else state.now() - days * DAY,
        )

    for seed in seeds:
        made(seed.path, seed.days, seed)
    return list(items.values())


def _theme(account: Account) -> tuple[str, int]:
    """Give a person's project and a number, always the same ones."""
    raw = hashlib.sha256(account.id.encode()).digest()
    return _PROJECTS[raw[0] % len(_PROJECTS)], 100 + raw[1] * 256 + raw[2]


def _onedrive(account: Account) -> tuple[_Seed, ...]:
    project, number = _theme(account)
    name = account.name
    first = name.partition(" ")[0]
    costs = f"Item;EUR\r\nTravel;{number}\r\nPrinting;{number // 3}\r\n"
    return (
        _Seed(
            path=f"Documents/{project}/Angebot für {first} №{number}.txt",
            mime_type="text/plain",
            text=f"Angebot {number} für {name}: Projekt {project}, gültig bis Jahresende.\n",
            days=9,
        ),
        _Seed(path=f"Documents/Budget {first}.csv", mime_type="text/csv", text=costs, days=20),
        _Seed(
            path=f"Pictures/{project} 春の写真.svg",
            mime_type="image/svg+xml",
            text=_SVG.format(name, 1 + number % 4),
            days=41,
        ),
        _Seed(
            path=f"Notes of {first}.txt",
            mime_type="text/plain",
            text=f"Things {name} must not forget: {project}, and the key of locker {number}.\n",
            days=2,
        ),
    )


def _drive(account: Account) -> tuple[_Seed, ...]:
    project, number = _theme(account)
    name = account.name
    first = name.partition(" ")[0]
    return (
        _Seed(
            path=f"{project}/{first}: café meeting notes",
            mime_type=DOCUMENT,
            text=f"Meeting of {name}\n\nWe go on with {project}. Room {number} is booked.\n",
            days=5,
        ),
        _Seed(
            path=f"{project}/Kalkulation {number}.csv",
            mime_type="text/csv",
            text=f"Was;EUR\r\n{project};{number}\r\n",
            days=6,
        ),
        _Seed(
            path=f"Private/Rezept «Crème brûlée» von {first}.txt",
            mime_type="text/plain",
            text=f"{4 + number % 5} eggs, cream, sugar. Signed: {name}.\n",
            days=77,
        ),
        _Seed(
            path=f"To do {number}.txt",
            mime_type="text/plain",
            text=f"{name}: call the printers about {project}.\n",
            days=1,
        ),
    )
