"""E-mail addresses as we key people by: one spelling for each mailbox."""

import unicodedata
from functools import lru_cache
from typing import Final

import idna

from multi_user_oauth.errors import MalformedEmailError, RequestError

MAX_LENGTH: Final = 254  # RFC 5321, 4.5.3.1.3 less the angle brackets
MAX_LOCAL_LENGTH: Final = 64  # RFC 5321, 4.5.3.1.1

_FORBIDDEN: Final = frozenset(' @"(),:;<>[\\]')


def normalise_email(text: str, *, field: str = "user_email") -> str:
    """
    Return the address in NFC and lower case, its domain in IDNA's ASCII form.

    Raise `MalformedEmailError` (naming `field`) for anything that is not a plain address: no display
    name, no quotes, no white space or control character, a domain of at least two labels.
    """
    address = unicodedata.normalize("NFC", text).lower()
    local, at, domain = address.rpartition("@")
    if not at or not _is_local_part(local):
        raise _malformed(field)
    try:
        ascii_domain = _ascii_domain(domain)
    except (idna.IDNAError, UnicodeError) as error:
        raise _malformed(field) from error
    address = f"{local}@{ascii_domain}"
    if (
        "." not in ascii_domain.strip(".")
        or ascii_domain.endswith(".")
        or len(address) > MAX_LENGTH
    ):
        raise _malformed(field)
    return address


def normalise_email_prefix(text: str, *, field: str) -> str:
    """
    Return the beginning of an address, spelt as `normalise_email` spells the whole.

    It may end anywhere; but of a domain that is not ASCII the last label must be whole, for IDNA has no
    spelling for a part of one. Raise `RequestError` (naming `field`) for what no address begins with.
    """
    beginning = unicodedata.normalize("NFC", text).lower()
    local, at, domain = beginning.partition("@")
    try:
        domain = domain if domain.isascii() else _ascii_domain(domain)
    except (idna.IDNAError, UnicodeError):
        raise _no_beginning(field) from None
    beginning = f"{local}{at}{domain}"
    if (
        not (local.isprintable() and domain.isprintable())
        or not _FORBIDDEN.isdisjoint(local + domain)
        or not (local and len(beginning) <= MAX_LENGTH >= len(text))
    ):
        raise _no_beginning(field)
    return beginning


@lru_cache(maxsize=1_000)  # a company has few domains, and idna takes its time over each
def _ascii_domain(domain: str) -> str:
    return idna.encode(domain, uts46=True, transitional=False).decode("ascii").lower()


def _is_local_part(local: str) -> bool:
    return (
        0 < len(local) <= MAX_LOCAL_LENGTH
        and local.isprintable()  # of all white space, only the plain blank is
        and _FORBIDDEN.isdisjoint(local)
        and not local.startswith(".")
        and not local.endswith(".")
        and ".." not in local
    )


def _malformed(field: str) -> MalformedEmailError:
    message = f"{field} is not an e-mail address of at most {MAX_LENGTH} characters"
    return MalformedEmailError(message, field=field)


def _no_beginning(field: str) -> RequestError:
    message = f"{field} is the beginning of an e-mail address, of 1 to {MAX_LENGTH} characters"
    return RequestError(message, field=field)
