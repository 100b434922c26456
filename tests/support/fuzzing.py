"""What reads bytes that a stranger may have written, and what those bytes look like when they are good.

Each target is made once and then called with any bytes; it fails unless what comes of them is a value
that may come of them, or one of our own errors.
"""

import json
import tempfile
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import Request
from werkzeug.test import EnvironBuilder

from multi_user_oauth.errors import MultiUserOAuthError, TamperedError
from multi_user_oauth.http.flow_cookies import cookie_of
from multi_user_oauth.http.limits import client_address
from multi_user_oauth.http.sessions import SessionVerifier
from multi_user_oauth.http.tracing import trace_of
from multi_user_oauth.keys.box import JweBox
from multi_user_oauth.keys.cache import DataKeyCache
from multi_user_oauth.keys.envelope import Envelope, EnvelopeOpener, EnvelopeSealer
from multi_user_oauth.keys.wrapped import WrappedKey, key_version
from multi_user_oauth.model import (
    Binding,
    ConnectionKey,
    Identity,
    Kind,
    Secret,
    normalise_email,
)
from multi_user_oauth.settings.files import load_connector_types
from multi_user_oauth.settings.policy import load_policy
from multi_user_oauth.sign_in.flow import Flow
from multi_user_oauth.sign_in.return_to import checked_return_to
from multi_user_oauth.sign_in.status import AskFlow
from multi_user_oauth.sign_in.ticket import Intent, Ticket, open_ticket
from tests.support.clock import START, ManualClock
from tests.support.draw import CountingDraw
from tests.support.fuzzed_answers import as_object, error_answer, id_token, token_answer
from tests.support.fuzzed_callback import ANSWERS, FLOW_ID, Nobody, callback
from tests.support.installation import CONNECTOR_TYPES, POLICY
from tests.support.keys import FakeKey
from tests.unit.providers import tokens

Run = Callable[[bytes], None]

ORIGIN: Final = "https://vault.example"
DATA_KEY: Final = bytes(range(32))
TOKEN: Final = Secret("made up, and sealed to be altered")
PLACE: Final = Binding(
    deployment="0e8b0c5e-7f0e-4d55-9d3f-0d4f4f1f6a11",
    key=ConnectionKey("google_workspace", "ada@example.com"),
    kind=Kind.REFRESH,
    epoch=7,
    identity=Identity.google("117"),
    generation=1,
)
TICKET: Final = Ticket(
    connector_type="google_workspace",
    user_email="ada@example.com",
    intent=Intent.CONNECT,
    return_to="https://vault.example/settings",
    scopes=("files.read",),
    handle="ab-cd",
    expires_at=START + timedelta(minutes=10),
)


class NoMeter:
    """Counts nothing."""

    def count(self, operation: str, number: int = 1) -> None:
        """As the port."""


def key() -> FakeKey:
    """Return a key service whose answers are the same in every process."""
    return FakeKey("fuzzed", draw=CountingDraw("key"), meter=NoMeter())


def sealed() -> bytes:
    """Return a sealed value that opens at `PLACE`."""
    sealer = EnvelopeSealer(key(), CountingDraw("sealer"))
    return sealer.seal(sealer.new_key(PLACE), PLACE, TOKEN)


def wrapped() -> bytes:
    """Return a wrapped data key."""
    return bytes(WrappedKey.of(DATA_KEY, key_version="7", ciphertext=b"ciphertext"))


def envelope() -> Run:
    """Open a sealed value, whole or behind a wrapped key that is ours."""
    opener = EnvelopeOpener(key(), DataKeyCache(now=ManualClock()))
    good = sealed()
    header = 3 + len(Envelope.parse(good).wrapped)

    def run(data: bytes) -> None:
        for altered in (data, good[:header] + data):
            try:
                opened = opener.open(altered, PLACE)
            except TamperedError:
                continue
            assert altered == good, "something opened that was not sealed"
            assert opened == TOKEN

    return run


def wrapped_key() -> Run:
    """Read a wrapped data key's label, and check what it unwraps to."""
    good = wrapped()

    def run(data: bytes) -> None:
        assert bytes(WrappedKey.parse(data)) == data
        assert key_version(data).isascii()
        WrappedKey.parse(data).opened(DATA_KEY)
        assert data[: -len(b"ciphertext")] == good[: -len(b"ciphertext")] or len(data) != len(good)

    return run


def aad() -> Run:
    """Read back from the AAD the very parts that it was made of: so no two places have one AAD."""

    def parts(joined: bytes) -> list[str]:
        found = []
        while joined:
            end = 4 + int.from_bytes(joined[:4], "big")
            found.append(joined[4:end].decode())
            joined = joined[end:]
        return found

    def run(data: bytes) -> None:
        deployment, connector_type, email, *_ = (
            *data.decode("utf-8", "replace").split("\n"),
            *"---",
        )
        number = int.from_bytes(data[:8], "big")
        binding = Binding(
            deployment=deployment,
            key=ConnectionKey(connector_type, email),
            kind=Kind.ACCESS if number % 2 else Kind.REFRESH,
            epoch=number,
            identity=Identity.google(str(number)[:20]),
            generation=len(data),
        )
        shared = ["1", deployment, connector_type, email, str(binding.kind), str(number)]
        assert parts(binding.outer()) == shared
        assert parts(binding.inner()) == [*shared, str(binding.identity), str(len(data))]

    return run


def return_to() -> Run:
    """Ask where a sign-in may end."""
    allowed = frozenset({"https://app.example", "http://localhost:3000"})

    def run(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        target = urlsplit(checked_return_to(text, origin=ORIGIN, allowed=allowed))
        assert f"{target.scheme}://{target.netloc}" in allowed | {ORIGIN}

    return run


def names() -> Run:
    """Read what stands in addresses and headers: an e-mail, a flow's handle, a trace, a caller's own."""
    flows = AskFlow(marks=Nobody(), now=ManualClock())
    environ = EnvironBuilder(path="/").get_environ() | {"REMOTE_ADDR": "127.0.0.1"}

    def run(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        header = data.decode("latin-1")
        with suppress(MultiUserOAuthError):
            assert normalise_email(normalise_email(text)) == normalise_email(text)
        with suppress(MultiUserOAuthError):
            flows.status(text)
        trace_of({"HTTP_TRACEPARENT": header, "HTTP_X_CLOUD_TRACE_CONTEXT": header}, "project")
        request = Request({**environ, "HTTP_X_FORWARDED_FOR": header, "HTTP_COOKIE": header})
        assert client_address(request, 1)
        cookie_of(request, FLOW_ID)

    return run


def cookie() -> Run:
    """Open a ticket, a flow and a session, as they come and as somebody with the key could seal them."""
    folder = Path(tempfile.mkdtemp())
    key_file = folder / "flow_keys.json"
    secret = urlsafe_b64encode(DATA_KEY).rstrip(b"=").decode()
    key_file.write_text(json.dumps({"keys": [{"kty": "oct", "k": secret, "kid": "1"}]}))
    box = JweBox(key_file)
    session_file = folder / "public.json"
    session_file.write_text(json.dumps({"keys": [PUBLIC_KEY]}))
    sessions = SessionVerifier(session_file, audience=ORIGIN, now=ManualClock())

    def run(data: bytes) -> None:
        claims = as_object(data)
        text = data.decode("utf-8", "surrogateescape")
        opened: list[Callable[[], object]] = [
            lambda: open_ticket(
                box, text if claims is None else box.seal("ticket", claims), ManualClock()
            ),
            lambda: Flow.open(box, text if claims is None else box.seal("flow", claims)),
            lambda: sessions.verify(text),
        ]
        for read in opened:
            try:
                read()
            except MultiUserOAuthError:
                continue

    return run


def policy() -> Run:
    """Read the policy and the connector types."""
    file = Path(tempfile.mkdtemp()) / "file.yaml"

    def run(data: bytes) -> None:
        file.write_bytes(data)
        for load in (load_policy, load_connector_types):
            try:
                load(file)
            except MultiUserOAuthError as refused:
                assert str(file) in str(refused)  # noqa: PT017  # reason: what is right is judged here

    return run


PUBLIC_KEY: Final = {
    "kty": "EC",
    "crv": "P-256",
    "kid": "1",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
"""That of RFC 7515, A.3."""

TARGETS: Final[Mapping[str, Callable[[], Run]]] = {
    "aad": aad,
    "callback": callback,
    "cookie": cookie,
    "envelope": envelope,
    "error_answer": error_answer,
    "id_token": id_token,
    "names": names,
    "policy": policy,
    "return_to": return_to,
    "token_answer": token_answer,
    "wrapped_key": wrapped_key,
}


def seeds(name: str) -> tuple[bytes, ...]:
    """Return what this target reads when all is well."""
    flow = {
        "id": "0123456789abcdef01",
        "provider": "google",
        "state": "0123456789abcdef01.00",
        "transaction": {"nonce": "n", "code_verifier": "v"},
        "ticket": TICKET.claims(),
        "consent": False,
        "exp": TICKET.claims()["exp"],
    }
    good = {
        "access_token": "at", "token_type": "Bearer", "expires_in": 3599, "scope": "a b",
        "refresh_token": "rt", "id_token": tokens.unsigned({"aud": "x", "sub": "117"}),
    }  # fmt: skip
    refused = {
        "error": "invalid_grant", "suberror": "bad_token", "error_codes": [70008, 50173],
        "correlation_id": "0e8b0c5e-7f0e-4d55", "error_description": "AADSTS70008: made up",
    }  # fmt: skip
    found: Mapping[str, tuple[bytes, ...]] = {
        "aad": (b"deployment\ntype\nada@example.com", b"a\nbc\n", b"ab\nc\n"),
        "callback": ANSWERS,
        "cookie": (
            _json(TICKET.claims()),
            _json(flow),
            b"e30.e30.AAAA",
            b"eyJhbGciOiJkaXIifQ....x",
        ),
        "envelope": (sealed(), sealed()[3 + len(Envelope.parse(sealed()).wrapped) :]),
        "error_answer": (
            _json(refused),
            b"120",
            b"Wed, 21 Oct 2026 07:28:00 GMT",
            b"access_denied",
        ),
        "id_token": (
            _json(tokens.google_claims()),
            _json(tokens.microsoft_claims()),
            tokens.unsigned(tokens.google_claims()).encode() + b"AAAA",
        ),
        "names": (
            b"ada@example.com",
            "Ada.Lovelace@B\u00fccher.Example".encode(),
            b"ab-6955b900",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            b"203.0.113.7, 2001:db8::1",
            b"__Host-flow-0123456789abcdef01=x; a=b",
        ),
        "policy": (POLICY.encode(), CONNECTOR_TYPES.encode(), ISSUERS),
        "return_to": (b"/settings?a=b#c", b"https://app.example/x", b"//e", b"/\\e", b"/%2e%2e/"),
        "token_answer": (_json(good), _json(refused)),
        "wrapped_key": (wrapped(),),
    }
    return found[name]


ISSUERS: Final = b"""
issuers:
  company:
    kind: person
    issuer: https://id.example
    audience: vault
    jwks_uri: https://id.example/keys
    subject: 'google:{sub}'
delegations: required
step_up: {context: c1, max_age_minutes: 15}
"""


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def check(run: Run, data: bytes) -> None:
    """Call a target: one of our errors is as good an end as any."""
    try:
        run(data)
    except MultiUserOAuthError:
        return
