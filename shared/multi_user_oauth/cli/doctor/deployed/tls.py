"""What a host proves of itself by TLS: its certificate, and that it speaks no old version."""

import os
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from requests.utils import DEFAULT_CA_BUNDLE_PATH

PATIENCE: Final = 3.0  # seconds
_TLS_1_1: Final = b"\x03\x02"
_CIPHERS: Final = bytes.fromhex("c009c00ac013c014002f003500ff")
"""What servers of that time all know: AES-CBC by ECDHE or RSA; and no renegotiation (RFC 5746, 3.3)."""
_GROUPS: Final = bytes.fromhex("000a00080006001d00170018")
_POINTS: Final = bytes.fromhex("000b00020100")
_HANDSHAKE: Final = 22
_SERVER_HELLO: Final = 2
_HEAD: Final = 6  # bytes: the record's five, and the message's kind


class CertificateRefusedError(Exception):
    """The certificate does not prove the name; its text says why, in the words of OpenSSL."""


class HandshakeRefusedError(Exception):
    """There was no handshake: the host has no certificate, or speaks no TLS of today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """When the certificate ends, and which version was spoken."""

    ends: datetime
    version: str


def proof(host: str, port: int) -> Proof:
    """
    Return what the host proves to whoever trusts the usual authorities, or those of REQUESTS_CA_BUNDLE.

    Raise `CertificateRefusedError`, `HandshakeRefusedError`, or `OSError` where nobody is reached.
    """
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH
    is_folder = os.path.isdir(bundle)  # noqa: PTH112  # reason: text, as ssl takes it
    context = ssl.create_default_context(
        cafile=None if is_folder else bundle, capath=bundle if is_folder else None
    )
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        with (
            socket.create_connection((host, port), timeout=PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert() or {}
            ends = ssl.cert_time_to_seconds(str(shown.get("notAfter")))
            return Proof(ends=datetime.fromtimestamp(ends, UTC), version=secured.version() or "")
    except ssl.SSLCertVerificationError as error:
        raise CertificateRefusedError(error.verify_message) from None
    except ssl.SSLError as error:
        raise HandshakeRefusedError(error.reason or "no handshake") from None


def speaks_tls_1_1(host: str, port: int, draw: Callable[[int], bytes]) -> bool:
    """
    Return whether the host goes on with a greeting of TLS 1.1, which RFC 8996 forbids.

    Written by hand, since libraries of today can not say it. Raise `OSError` where nobody is reached.
    """
    with socket.create_connection((host, port), timeout=PATIENCE) as plain:
        try:
            plain.sendall(greeting(host, draw(32)))
            answer = _first(plain)
        except ConnectionError:
            return False  # hung up: so it refuses
    return len(answer) == _HEAD and (answer[0], answer[-1]) == (_HANDSHAKE, _SERVER_HELLO)


def greeting(host: str, chance: bytes) -> bytes:
    """Return a ClientHello of TLS 1.1 (RFC 4346, 7.4.1.2) with the extensions that hosts expect."""
    extensions = _name(host) + _GROUPS + _POINTS
    body = (
        _TLS_1_1 + chance + b"\x00" + _sized(_CIPHERS) + b"\x01\x00" + _sized(extensions)
    )  # no session, no compression
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return bytes([_HANDSHAKE]) + b"\x03\x01" + _sized(message)


def _name(host: str) -> bytes:
    """Return the extension `server_name` (RFC 6066, 3); an address is no name."""
    try:
        ip_address(host)
    except ValueError:
        return b"\x00\x00" + _sized(_sized(b"\x00" + _sized(host.encode("ascii"))))
    return b""


def _sized(raw: bytes) -> bytes:
    return len(raw).to_bytes(2, "big") + raw


def _first(plain: socket.socket) -> bytes:
    found = b""
    while len(found) < _HEAD:
        part = plain.recv(_HEAD - len(found))
        if not part:
            break
        found += part
    return found
