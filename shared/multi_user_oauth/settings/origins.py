"""Origins (RFC 6454): scheme, host and port, and nothing else."""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from multi_user_oauth.errors import ConfigurationError

# As a browser writes it in its `Origin` header: a name of letters, digits and hyphens, in lower case.
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_ORIGIN: Final = re.compile(
    rf"(https?)://({_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(:[1-9][0-9]{{0,4}})?"
)
_DEFAULT_PORT: Final = {"http": ":80", "https": ":443"}
_HIGHEST_PORT: Final = 65535


def parse_origin(text: str, name: str) -> str:
    """Return the origin; raise `ConfigurationError` unless it is https, or http on this machine."""
    origin = text.strip().rstrip("/")
    match = _ORIGIN.fullmatch(origin)
    if match is None or not _is_written_plainly(match):
        raise _malformed(name)
    if match[1] != "https" and not is_loopback(origin):
        raise _malformed(name)
    return origin


def is_loopback(origin: str) -> bool:
    """Return whether the origin is plain http on this machine."""
    parts = urlsplit(origin)
    if parts.scheme != "http" or parts.hostname is None:
        return False
    try:
        return ip_address(parts.hostname).is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _is_written_plainly(match: re.Match[str]) -> bool:
    scheme, host, port = match[1], match[2], match[3] or ""
    try:
        if host.startswith("["):
            ip_address(host[1:-1])
    except ValueError:
        return False
    # Browsers leave the usual port out, so written out it would match no browser's origin.
    return port != _DEFAULT_PORT[scheme] and int(port[1:] or 0) <= _HIGHEST_PORT


def _malformed(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} is malformed: expected an origin such as https://oauth.company.com, without a path"
    )
