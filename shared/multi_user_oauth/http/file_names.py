"""Names of files and folders, as requests give them and as answers carry them."""

import unicodedata
from typing import Final
from urllib.parse import quote

from multi_user_oauth.errors import RequestError

LONGEST_NAME: Final = 255
LONGEST_ID: Final = 512
_FORBIDDEN: Final = frozenset('"*/:<>?\\|')
"""What OneDrive takes in no name ("Restrictions and limitations in OneDrive and SharePoint")."""
_UNSEEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""What turns the direction of letters, and so hides an ending (UAX 9); RTL letters need none of it."""
_EXPORTED: Final = {
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}


def file_name(name: str) -> str:
    """Return the name, composed (NFC), if both providers keep it as it is; raise `RequestError`."""
    name = unicodedata.normalize("NFC", name)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise RequestError(f"a name has 1 to {LONGEST_NAME} characters", field="name")
    if _FORBIDDEN & set(name) or name in {".", ".."}:
        raise RequestError('a name is no path, and has none of " * / : < > ? \\ |', field="name")
    if any(unicodedata.category(c) in _UNSEEN or c in _TURNING for c in name):
        raise RequestError("a name has no control characters", field="name")
    if name != name.strip() or name.endswith("."):
        raise RequestError(
            "a name neither begins nor ends with a space, nor ends with a dot", field="name"
        )
    return name


def item_id(text: str, field: str) -> str:
    """Return an id that a provider may have given out; raise `RequestError`."""
    if not 1 <= len(text) <= LONGEST_ID or not text.isprintable() or text in {".", ".."}:
        raise RequestError(f"{field} is an id, as a list of files has it", field=field)
    return text


def attachment(name: str, content_type: str, *, exported: bool) -> str:
    """Return Content-Disposition for a download (RFC 6266; the name as RFC 8187 encodes it)."""
    ending = _EXPORTED.get(content_type, "") if exported else ""
    return f"attachment; filename*=UTF-8''{quote(name + ending, safe='')}"
