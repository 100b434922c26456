"""A deployment on this machine, by https: a platform and functions that answer as they are told to."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from multi_user_oauth.cli.doctor.deployed.addresses import Addresses, Outputs
from multi_user_oauth.sandbox.gateway_catalogue import load_catalogue
from tests.support.processes import ROOT

FUNCTIONS = load_catalogue(ROOT / "functions")
REQUEST_ID = {"X-Request-Id": "0123456789abcdef"}
PAGE = {
    **REQUEST_ID,
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
END = datetime(2040, 1, 1, tzinfo=UTC)
"""Of certificates."""
COOKIE = "__Host-flow-1=sealed; Max-Age=600; Secure; HttpOnly; Path=/; SameSite=Lax"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked."""

    host: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def bearer(self) -> str:
        """The token that it bore."""
        return self.headers.get("Authorization", "").removeprefix("Bearer ")


Answering = Callable[[Asked], Reply | None]


def problem(status: int, code: str) -> Reply:
    """Return a refusal of our own code."""
    document = {"type": f"urn:multi-user-oauth:problem:{code}", "status": status, "code": code}
    headers = {**REQUEST_ID, "Content-Type": "application/problem+json"}
    return Reply(status=status, headers=headers, body=json.dumps(document).encode())


def platform(status: int) -> Reply:
    """Return what the platform says by itself."""
    return Reply(status=status, headers={"Server": "Google Frontend"}, body=b"<html>Error</html>")


RIGHT = {
    "/api/v1/oauth/callback/": problem(400, "invalid_request"),
    "/api/v1/oauth/user/authorize": problem(400, "invalid_request"),
    "/api/v1/": problem(401, "unauthenticated"),
    "/doctor/": problem(404, "not_found"),
    "/refresh/": problem(404, "not_found"),
    "/": Reply(status=200, headers=PAGE, body=b"<!doctype html>"),
}
"""What the front door answers, by how the path begins: the first counts."""


class PlayedDeployment(ThreadingHTTPServer):
    """
    Answers https and plain http at one port; `localhost` is the front door, `127.0.0.1` all behind it.

    `answering` are asked first, the newest before the others; what none of them answers is answered as
    it should be.
    """

    daemon_threads = True
    request_queue_size = 64  # doctor asks everything at once

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.context = context
        self.answering: list[Answering] = []
        self.asked: list[Asked] = []
        self._drawn = 0

    @property
    def origin(self) -> str:
        """PUBLIC_ORIGIN."""
        return f"https://localhost:{self.server_port}"

    @property
    def behind(self) -> str:
        """The address of `refresh`, and the host of all functions' own addresses."""
        return f"https://127.0.0.1:{self.server_port}"

    def addresses(self, **changes: Outputs | str) -> Addresses:
        """Return where it is, as settings and Terraform tell it."""
        urls = {each.name: f"{self.behind}/oauth-{each.name}" for each in FUNCTIONS}
        outputs = Outputs(
            public_origin=self.origin, refresh_url=self.behind, function_urls=urls,
        )  # fmt: skip
        made = Addresses(
            origin=self.origin, functions=FUNCTIONS, refresh_url=self.behind, outputs=outputs
        )
        return replace(made, **changes)  # type: ignore[arg-type]  # reason: each by its own type

    def says(self, reply: Reply, *, path: str, host: str = "localhost", method: str = "") -> None:
        """Answer whatever begins so with this."""

        def answer(asked: Asked) -> Reply | None:
            is_meant = asked.host == host and asked.path.startswith(path)
            return reply if is_meant and asked.method in (method or asked.method) else None

        self.answering.insert(0, answer)

    def reply(self, asked: Asked) -> Reply:
        """Return what was told, or what is right."""
        self.asked.append(asked)
        told = (answer(asked) for answer in self.answering)
        return next((each for each in told if each is not None), None) or self._right(asked)

    def _right(self, asked: Asked) -> Reply:
        if asked.host == "http":
            return Reply(status=301, headers={"Location": f"{self.origin}{asked.path}"})
        if asked.host != "localhost":
            is_refresh = asked.path.startswith(("/refresh/", "/oauth-refresh"))
            refused = 401 if asked.bearer else 403
            return platform(refused if is_refresh else 404)
        if asked.path == "/api/v1/oauth/user/authorize" and asked.method == "POST":
            return self.departure(asked)
        return next(reply for path, reply in RIGHT.items() if asked.path.startswith(path))

    def departure(self, asked: Asked, **changes: str) -> Reply:
        """Return how `authorize` sends a browser away; `changes` are of the request's parameters."""
        self._drawn += 1
        provider = "google" if b"google_workspace" in asked.body else "microsoft"
        place, client_id, scope = PROVIDERS[provider]
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": f"{self.origin}/api/v1/oauth/callback/{provider}",
            "scope": scope,
            "state": f"{self._drawn:040}",
            "nonce": f"{self._drawn:041}",
            "code_challenge": f"{self._drawn:043}",
            "code_challenge_method": "S256",
        } | changes
        kept = {name: value for name, value in query.items() if value}
        headers = {**REQUEST_ID, "Location": f"{place}?{urlencode(kept)}", "Set-Cookie": COOKIE}
        return Reply(status=303, headers=headers)

    def finish_request(self, request: Any, client_address: object) -> None:  # noqa: ANN401  # reason: a socket, or what stands for one
        """Speak TLS with whoever begins it, and plain http with whoever does not."""
        if request.recv(1, socket.MSG_PEEK) != b"\x16":
            super().finish_request(request, client_address)
            return
        try:
            with self.context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)
        except OSError:
            return  # whoever called did not like the certificate, or the version


PROVIDERS = {
    "google": (
        "https://accounts.google.com/o/oauth2/v2/auth",
        "104857600000-demo.apps.googleusercontent.com",
        (
            "openid https://www.googleapis.com/auth/userinfo.email"
            " https://www.googleapis.com/auth/gmail.send https://www.googleapis.com/auth/gmail.readonly"
            " https://www.googleapis.com/auth/drive.readonly https://www.googleapis.com/auth/drive.file"
            " https://www.googleapis.com/auth/calendar.events"
        ),
    ),
    "microsoft": (
        "https://login.microsoftonline.com/7c0fd12e-3a46-4f1c-9d3b-5b8a1f6e2c40/oauth2/v2.0/authorize",
        "5d3f9a52-8c64-4b0e-9f17-2f6b1c0a7e31",
        (
            "Calendars.ReadWrite Files.ReadWrite Mail.ReadWrite Mail.Send User.Read"
            " offline_access openid profile"
        ),
    ),
}
"""Where the demo's two connector types lead, written out: a change of either is a change here."""


class _Handler(BaseHTTPRequestHandler):
    server: PlayedDeployment

    def do_GET(self) -> None:
        is_plain = not isinstance(self.connection, ssl.SSLSocket)
        name = self.headers.get("Host", "").partition(":")[0]
        asked = Asked(
            host="http" if is_plain else name,
            method=self.command,
            path=self.path,
            headers=dict(self.headers),
            body=self.rfile.read(int(self.headers.get("Content-Length", 0))),
        )
        reply = self.server.reply(asked)
        self.send_response_only(reply.status)
        for header, value in reply.headers.items():
            self.send_header(header, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  # reason: http.server's own names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Signs certificates of this test; `file` is what trusts it."""

    key: ec.EllipticCurvePrivateKey
    folder: Path

    @property
    def file(self) -> Path:
        """Its own certificate."""
        return self.folder / "authority.pem"

    def context(
        self, name: str, *, ends: datetime = END, signed_by: "Authority | None" = None
    ) -> ssl.SSLContext:
        """Return a server's side of TLS with a certificate for this name, and one of 127.0.0.1."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate((signed_by or self).key, key, name, ends)
        file = self.folder / f"{name}-{ends.year}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + made.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def authority(folder: Path) -> Authority:
    """Return a new one."""
    folder.mkdir(exist_ok=True)
    made = Authority(key=ec.generate_private_key(ec.SECP256R1()), folder=folder)
    made.file.write_bytes(_certificate(made.key, made.key, "", END).public_bytes(Encoding.PEM))
    return made


def _certificate(
    signer: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    name: str,
    ends: datetime,
) -> x509.Certificate:
    authority_name = "An authority of the tests"
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, authority_name)])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name or authority_name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=not name, path_length=None), critical=True)
    )
    if name:
        alternative = [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]
        built = built.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    return built.sign(signer, SHA256())


@contextmanager
def serving(context: ssl.SSLContext) -> Iterator[PlayedDeployment]:
    """Serve one."""
    with PlayedDeployment(context) as played:
        thread = threading.Thread(target=played.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield played
        finally:
            played.shutdown()
            thread.join()
