"""Which addresses are sent to: https, by name, on an allow-list; and only where that name is public."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import SOCK_STREAM, getaddrinfo
from typing import Final

HTTPS: Final = 443
_NAME: Final = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
"""A name of two labels or more, the last of which begins with a letter: no IP address is written so."""
_PLAIN: Final = re.compile(r"[!-~]{1,8192}")
_ASSIGNED: Final = ip_network("2000::/3")
"""All that is global unicast today (RFC 4291, 2.4); what else `ipaddress` calls global is not routed."""
_NOT_THESE: Final = (ip_network("2002::/16"), ip_network("3fff::/20"))
"""IPv6 in which somebody on the way reads an IPv4 address (RFC 3056), and examples (RFC 9637)."""

Resolve = Callable[[str, int], Iterable[str]]
"""From a name and a port to its addresses; raises OSError."""


class UnlistedAddressError(Exception):
    """The address is not one that we send to; its text says nothing, for it may be a secret."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Names as they are, or all that end in `.example.com` written so."""

    listed: tuple[str, ...]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(
            name.endswith(host) if host.startswith(".") else name == host for host in self.listed
        )

    def require(self, url: str) -> str:
        """
        Return the URL as it is if it leads to one of these hosts; raise `UnlistedAddressError`.

        What two parsers could read in two ways is refused, not normalised: user names, ports, IP
        addresses in any writing, trailing dots, percent signs or foreign letters in the name.
        """
        if not _PLAIN.fullmatch(url) or "\\" in url or "#" in url:
            raise UnlistedAddressError
        scheme, _, rest = url.partition("://")
        name = re.split(r"[/?]", rest, maxsplit=1)[0]
        if scheme != "https" or not _NAME.fullmatch(name) or name not in self:
            raise UnlistedAddressError
        return url


def resolved(name: str, port: int) -> Sequence[str]:
    """Return the addresses of a name; raise `OSError`."""
    return [str(found[4][0]) for found in getaddrinfo(name, port, type=SOCK_STREAM)]


def public(addresses: Iterable[str]) -> Sequence[str]:
    """
    Return these addresses if all of them are public; raise `UnlistedAddressError` if one is not.

    One is enough: a name that is public and private at once is somebody's attempt (DNS rebinding).
    """
    found = tuple(addresses)
    if not found or not all(_is_public(ip_address(each)) for each in found):
        raise UnlistedAddressError
    return found


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and (
        address not in _ASSIGNED or any(address in net for net in _NOT_THESE)
    ):
        return False
    return address.is_global and not address.is_multicast
