"""What stands between us and Cloud KMS, and our own identity: no answer is worth more than it says."""

import json
import logging
import secrets
import time
from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from requests.adapters import BaseAdapter
from werkzeug import Request, Response

from multi_user_oauth.errors import ConfigurationError, KeysUnavailableError, TamperedError
from multi_user_oauth.keys.cloud_kms import CloudKmsEncrypter, crc32c, key_version
from multi_user_oauth.keys.cloud_kms_rest import CloudKms, Patience, connect
from multi_user_oauth.sandbox.gateway_server import GatewayServer, listen
from tests.contract.keys.services import CountingMeter
from tests.support.cloud import CALLBACK, KEY_RING, Cloud
from tests.support.draw import CountingDraw

KEY = f"{KEY_RING}/cryptoKeys/key"
OK = (200, b"{}")
ANSWER = msgspec.json.Decoder(dict[str, str])


class Scripted(BaseAdapter):
    """Answers each request with the next of these, or raises it; then with the last for ever."""

    def __init__(self, *answers: tuple[int, bytes] | Exception) -> None:
        super().__init__()
        self.answers = list(answers)
        self.requests: list[requests.PreparedRequest] = []
        self.options: list[dict[str, Any]] = []

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # noqa: ANN401  # reason: requests' options
        """As the script says."""
        self.requests.append(request)
        self.options.append(options)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code, body = answer
        response.raw = BytesIO(body)
        response.url = request.url or ""
        response.request = request
        response.headers["Location"] = "http://elsewhere.example/"
        return response

    def close(self) -> None:
        """Nothing is open."""


class World:
    """Cloud KMS behind a script, on a clock that only pauses move."""

    def __init__(self, *answers: tuple[int, bytes] | Exception) -> None:
        self.adapter = Scripted(*answers)
        self.pauses: list[float] = []
        self.meter = CountingMeter()
        session = AuthorizedSession(AnonymousCredentials())
        session.mount("http://", self.adapter)
        patience = Patience(
            sleep=self.pauses.append,
            monotonic=lambda: sum(self.pauses),
            draw=lambda number: b"\xff" * number,
        )
        self.kms = CloudKms(session, "http://kms", meter=self.meter, patience=patience)

    def ask(self, **options: Any) -> dict[str, str]:  # noqa: ANN401  # reason: those of `ask`
        """Ask for something."""
        return self.kms.ask(KEY, ":verb", ANSWER, **{"body": {}, **options})


def refusal(status: str) -> bytes:
    """Return what Google answers, with a text that no log of ours may have."""
    return json.dumps({"error": {"code": 1, "message": "of-google", "status": status}}).encode()


@pytest.mark.parametrize(
    "passing",
    [
        (503, b""),
        (504, b"<html>"),
        (429, b"{}"),
        (502, b"<html>of-google</html>"),
        (500, refusal("UNAVAILABLE")),
        requests.ConnectionError(),
        requests.ConnectTimeout(),
        requests.ReadTimeout(),
        requests.exceptions.ChunkedEncodingError(),
    ],
    ids=str,
)
def test_what_passes_is_tried_again(passing: tuple[int, bytes] | Exception) -> None:
    """By Google's status, else by the number; each try is counted."""
    world = World(passing, OK)
    assert world.ask() == {}
    assert len(world.pauses) == 1
    assert world.meter.counts == {"kms": 2}


@pytest.mark.parametrize(
    ("final", "reason"),
    [
        ((500, b"of-google"), "HTTP 500"),
        ((400, refusal("INVALID_ARGUMENT")), "INVALID_ARGUMENT"),
        ((403, refusal("PERMISSION_DENIED")), "PERMISSION_DENIED"),
        ((403, refusal("OF-GOOGLE")), "HTTP 403"),
        ((403, b'{"error": "of-google"}'), "HTTP 403"),
        ((302, b""), "HTTP 302"),
        (requests.exceptions.ContentDecodingError(), "ContentDecodingError"),
    ],
)
def test_all_else_is_final_and_told_in_a_word(
    final: tuple[int, bytes] | Exception, reason: str
) -> None:
    """A redirect too: nothing of ours goes where an answer says. No body gets into a text."""
    world = World(final)
    with pytest.raises(KeysUnavailableError) as refused:
        world.ask()
    assert str(refused.value) == f"{KEY}: Cloud KMS does not serve us now ({reason})"
    assert refused.value.__context__ is None
    assert len(world.adapter.requests) == 1


def test_an_invalid_argument_is_what_the_caller_says_it_is() -> None:
    """Only where all else in a request is ours and right."""
    world = World((400, refusal("INVALID_ARGUMENT")))
    with pytest.raises(TamperedError, match=r"^not ours$"):
        world.ask(tampered="not ours")
    world = World((403, refusal("PERMISSION_DENIED")))
    with pytest.raises(KeysUnavailableError):
        world.ask(tampered="not ours")


def test_pauses_grow_and_end_within_four_seconds() -> None:
    """With chance at its longest; no try begins later."""
    world = World((503, b""))
    with pytest.raises(KeysUnavailableError, match="UNAVAILABLE"):
        world.ask()
    assert world.pauses == [0.2, 0.4, 0.8, 1.0, 1.0]
    assert len(world.adapter.requests) == 6


def test_what_must_not_be_done_twice_is_tried_once() -> None:
    """The answer may be lost, and the deed done."""
    for answer in ((503, b""), (200, b"nothing")):
        world = World(answer)
        with pytest.raises(KeysUnavailableError):
            world.ask(once=True)
        assert len(world.adapter.requests) == 1


def test_one_try_is_bounded() -> None:
    """A second and a half, connecting included; requests' own would wait for ever."""
    world = World(OK)
    world.ask()
    assert world.adapter.options[0]["timeout"] == (0.5, 1.0)


def test_no_log_line_holds_a_data_key(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    """Even if somebody turns on all that the libraries have to say."""
    for library in ("", "urllib3.connectionpool"):
        caplog.set_level(logging.DEBUG, library or None)
    data_key = b"a data key of thirty-two bytes.."
    CloudKmsEncrypter(cloud.our_kms(CALLBACK), cloud.new_key()).encrypt(data_key, b"")
    said = "".join(f"{record.getMessage()}{vars(record)}" for record in caplog.records)
    assert "encrypt" in said
    assert "YSBkYXRhIGtleS" not in said
    assert "a data key" not in said


def wrapping(**changes: object) -> tuple[int, bytes]:
    """Return a sound answer to `encrypt`, but for these changes."""
    answer = {
        "name": f"{KEY}/cryptoKeyVersions/1",
        "ciphertext": b64encode(b"ciphertext").decode(),
        "ciphertextCrc32c": crc32c(b"ciphertext"),
        "verifiedPlaintextCrc32c": True,
        "verifiedAdditionalAuthenticatedDataCrc32c": True,
    }
    return 200, json.dumps(answer | changes).encode()


UNSOUND = {
    "another key": {"name": f"{KEY_RING}/cryptoKeys/another/cryptoKeyVersions/1"},
    "no version": {"name": KEY},
    "no number": {"name": f"{KEY}/cryptoKeyVersions/newest"},
    "wrong checksum": {"ciphertextCrc32c": crc32c(b"another")},
    "no checksum": {"ciphertextCrc32c": ""},
    "other bytes": {"ciphertext": b64encode(b"another").decode()},
    "plaintext not verified": {"verifiedPlaintextCrc32c": False},
    "AAD not verified": {"verifiedAdditionalAuthenticatedDataCrc32c": False},
}


@pytest.mark.parametrize("changes", UNSOUND.values(), ids=list(UNSOUND))
def test_an_unsound_wrapping_is_asked_for_once_more_and_never_believed(
    changes: dict[str, object],
) -> None:
    """N49: The second answer counts if it is sound; if not, nothing is sealed under it."""
    world = World(wrapping(**changes), wrapping())
    wrapped = CloudKmsEncrypter(world.kms, KEY).encrypt(bytes(32), b"aad")
    assert key_version(wrapped) == "1"
    assert len(world.adapter.requests) == 2

    world = World(wrapping(**changes))
    with pytest.raises(KeysUnavailableError, match="GarbledAnswer"):
        CloudKmsEncrypter(world.kms, KEY).encrypt(bytes(32), b"aad")
    assert len(world.adapter.requests) == 2


class TokenEndpoint:
    """Says no to everybody who asks for an identity, and counts them."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:  # noqa: ANN401  # reason: PEP 3333
        """Answer that it is busy."""
        self.asked += 1
        Request(environ).get_data()
        return Response("of-google", 503)(environ, start_response)


@pytest.fixture
def token_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenEndpoint]:
    """An endpoint that this process's own service account is told to ask."""
    endpoint, sockets = TokenEndpoint(), listen()
    server = GatewayServer(endpoint, sockets).start()
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    file = tmp_path / "service-account.json"
    account = {
        "type": "service_account",
        "client_email": "vault@project.iam.gserviceaccount.com",
        "private_key": key.decode(),
        "token_uri": f"http://127.0.0.1:{sockets[0].getsockname()[1]}/token",
    }
    file.write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("NO_PROXY", "*")
    yield endpoint
    server.stop()


def test_an_identity_that_is_not_to_be_had_now_is_asked_for_once_a_try(
    token_endpoint: TokenEndpoint,
) -> None:
    """Google's library would try on its own, for longer than a caller may wait."""
    pauses: list[float] = []
    meter = CountingMeter()
    patience = Patience(
        sleep=pauses.append, monotonic=lambda: sum(pauses), draw=CountingDraw(), give_up_after=0.5
    )
    began = time.monotonic()
    kms = connect(meter=meter, patience=patience)
    with pytest.raises(KeysUnavailableError, match="ConnectionError") as refused:
        CloudKmsEncrypter(kms, KEY).encrypt(bytes(32), b"")
    assert refused.value.__context__ is None
    assert token_endpoint.asked == meter.counts["kms"] == len(pauses) + 1
    assert time.monotonic() - began < 3


def test_without_an_identity_the_start_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked of Cloud KMS as nobody."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    patience = Patience(
        sleep=list[float]().append, monotonic=time.monotonic, draw=secrets.token_bytes
    )
    with pytest.raises(ConfigurationError, match="no identity at Google"):
        connect(meter=CountingMeter(), patience=patience)
