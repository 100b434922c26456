"""What the two services have in common: a table of methods, checksums, pages."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import google_crc32c

from .refusals import malformed

T = TypeVar("T")
LARGEST: Final = 65_536  # bytes, of a plaintext, an AAD and a secret's payload
_PAGE_SIZE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One RPC: what it takes, the permission it needs on the resource that it names, what it does."""

    name: str
    request: Any
    permission: str
    resource: Callable[[Any], str]
    serve: Callable[[Any], Any]
    changes: bool = False


def named(request: Any) -> str:  # noqa: ANN401  # reason: one of many requests
    """Give the resource of a request that names one."""
    return str(request.name)


def parent(request: Any) -> str:  # noqa: ANN401  # reason: one of many requests
    """Give the resource of a request that makes or lists something below it."""
    return str(request.parent)


def method(
    types: Any,  # noqa: ANN401  # reason: a module of messages
    name: str,
    permission: str,
    serve: Callable[[Any], Any],
    *,
    of: Callable[[Any], str] = named,
    changes: bool = False,
) -> Method:
    """Give the RPC of this name, whose request is the message that is named after it."""
    return Method(
        name=name,
        request=getattr(types, f"{name}Request"),
        permission=permission,
        resource=of,
        serve=serve,
        changes=changes,
    )


def checked(request: Any, field: str) -> bytes:  # noqa: ANN401  # reason: one of many requests
    """Give a field's bytes; refuse them if they are too long or their checksum is another's."""
    data: bytes = getattr(request, field)
    if len(data) > LARGEST:
        text = f"{field} exceeds {LARGEST} bytes"
        raise malformed(text)
    checksum = getattr(request, f"{field}_crc32c")
    if checksum is not None and checksum != google_crc32c.value(data):
        text = f"{field}_crc32c did not match {field}"
        raise malformed(text)
    return data


def wanted_state(text: str, states: Any) -> int | None:  # noqa: ANN401  # reason: either enum
    """Give the state that a list's filter asks for; the only filter that is known here."""
    if not text:
        return None
    match = re.fullmatch(r"state[:=]([A-Z_]+)", text)
    if match is None or match[1] not in states.__members__:
        message = "the only filter here is state:STATE"
        raise malformed(message)
    return int(states[match[1]])


def page(items: Sequence[T], size: int, token: str) -> tuple[Sequence[T], str]:
    """Give one page and the token of the next, empty at the end."""
    start, end = int(token or 0), int(token or 0) + (size or _PAGE_SIZE)
    return items[start:end], str(end) if end < len(items) else ""
