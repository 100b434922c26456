"""What a search finds in a file: the words of its text."""

import re
from typing import Final

from .blobs import Blobs
from .byte_ranges import BLOCK, whole
from .drives import Item

DOCUMENT: Final = "application/vnd.google-apps.document"
"""A document that lives in Google's editor; its bytes here are its text."""


def words_begin(text: str, wanted: str) -> bool:
    """Tell whether `wanted` begins somewhere in `text` where a word begins, in whichever case."""
    pattern = rf"(?<![^\W_]){re.escape(wanted.casefold())}"
    return re.search(pattern, text.casefold()) is not None


def text_of(blobs: Blobs, item: Item) -> str:
    """Give the text of a file; empty for what is no text, or too much of it."""
    readable = item.mime_type.startswith("text/") or item.mime_type == DOCUMENT
    if not readable or item.size > BLOCK:
        return ""
    return whole(blobs, item).decode("utf-8", "replace")
