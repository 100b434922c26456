"""Where a sign-in may end: on our own pages, or at an origin on the allow-list, nowhere else."""

from typing import Final
from urllib.parse import urlsplit

from multi_user_oauth.errors import RequestError

LONGEST: Final = 1024  # it travels in the flow's cookie, which browsers cut off at 4096 bytes


def checked_return_to(text: str, *, origin: str, allowed: frozenset[str]) -> str:
    """
    Return the absolute URL to end at; raise `RequestError` for everything else.

    Browsers and parsers disagree about backslashes, control characters, user info and missing slashes
    (RFC 9700, 4.11): whatever they could read differently is refused, not repaired.
    """
    plain = text.isascii() and text.isprintable() and not set(text) & set(' "<>\\^`{|}')
    if not plain or len(text) > LONGEST:
        raise _refused()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _refused() from error
    if text.startswith("/"):
        path = parts.path
        if "//" in path or text.startswith("//") or _climbs(path):
            raise _refused()
        return origin + text
    host = f"{parts.hostname}:{port}" if port else parts.hostname
    target = f"{parts.scheme}://{host}"
    # Compared with the text itself: what the parser folded away (case, user info) is refused.
    if target not in allowed | {origin} or not (text == target or text.startswith(f"{target}/")):
        raise _refused()
    return text


def _climbs(path: str) -> bool:
    return any(segment in {".", ".."} for segment in path.lower().replace("%2e", ".").split("/"))


def _refused() -> RequestError:
    message = "return_to is neither a path of ours nor at an allowed origin"
    return RequestError(message, field="return_to")
