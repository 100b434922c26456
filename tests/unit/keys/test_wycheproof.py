"""Project Wycheproof's vectors: AES-GCM as the library has it, and as our envelope uses it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from multi_user_oauth.errors import TamperedError
from multi_user_oauth.keys.cache import DataKeyCache
from multi_user_oauth.keys.envelope import (
    KEY_BYTES,
    NONCE_BYTES,
    TAG_BYTES,
    Envelope,
    EnvelopeOpener,
    EnvelopeSealer,
)
from multi_user_oauth.model import Binding, ConnectionKey, Kind, Secret
from multi_user_oauth.ports import DataKey
from tests.architecture.catalogue import ROOT
from tests.support.clock import ManualClock

FILE: Final = ROOT / "tests/vectors/aes_gcm_test.json"
SHA256: Final = "985e5ecc172e181eaf49e89508b9470dcf478002eb7e8559c707eb42dc97dfe7"
IN_ALL: Final = 316
OURS: Final = 66
"""Those with a key, a nonce and a tag as long as ours."""
NONCES: Final = range(8, 129)
"""The lengths that the library takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One of them."""

    number: int
    key: bytes
    nonce: bytes
    aad: bytes
    message: bytes
    sealed: bytes
    valid: bool

    @property
    def ours(self) -> bool:
        """Whether our envelope could have made or met it."""
        lengths = (len(self.key), len(self.nonce), len(self.sealed) - len(self.message))
        return lengths == (KEY_BYTES, NONCE_BYTES, TAG_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anywhere(Binding):
    """A place whose authenticated data is the vector's."""

    aad: bytes

    def outer(self) -> bytes:
        """Nothing."""
        return b""

    def inner(self) -> bytes:
        """The vector's."""
        return self.aad


class Holding:
    """A key service that holds the vector's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """Return a name for it."""
        return b"the key"

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """Return the key."""
        return self._key


def vectors() -> Iterator[Vector]:
    """Return all of them."""
    for group in json.loads(FILE.read_bytes())["testGroups"]:
        for test in group["tests"]:
            parts = {name: bytes.fromhex(test[name]) for name in ("key", "iv", "aad", "msg", "ct")}
            yield Vector(
                number=test["tcId"],
                key=parts["key"],
                nonce=parts["iv"],
                aad=parts["aad"],
                message=parts["msg"],
                sealed=parts["ct"] + bytes.fromhex(test["tag"]),
                valid=test["result"] == "valid",
            )


ALL: Final = tuple(vectors())
FITTING: Final = tuple(vector for vector in ALL if vector.ours)


def place(vector: Vector) -> Anywhere:
    """Return the vector's place."""
    key = ConnectionKey("microsoft_teams", "ada@example.com")
    return Anywhere(deployment="d", key=key, kind=Kind.ACCESS, epoch=1, aad=vector.aad)


def test_they_are_the_vectors_that_were_published() -> None:
    """N48: All of them, and not a byte of them changed."""
    assert sha256(FILE.read_bytes()).hexdigest() == SHA256
    assert (len(ALL), len(FITTING)) == (IN_ALL, OURS)
    assert {vector.valid for vector in FITTING} == {True, False}


@pytest.mark.parametrize("vector", ALL, ids=lambda vector: str(vector.number))
def test_the_primitive_passes(vector: Vector) -> None:
    """N48: What is valid opens and is sealed to the same bytes; what is not is refused."""
    cipher = AESGCM(vector.key)
    if len(vector.nonce) not in NONCES:
        with pytest.raises(ValueError, match="Nonce"):
            cipher.decrypt(vector.nonce, vector.sealed, vector.aad)
    elif vector.valid:
        assert cipher.decrypt(vector.nonce, vector.sealed, vector.aad) == vector.message
        assert cipher.encrypt(vector.nonce, vector.message, vector.aad) == vector.sealed
    else:
        with pytest.raises(InvalidTag):
            cipher.decrypt(vector.nonce, vector.sealed, vector.aad)


@pytest.mark.parametrize("vector", FITTING, ids=lambda vector: str(vector.number))
def test_the_envelope_passes(vector: Vector) -> None:
    """
    N48: What is valid opens; what is not is tampered with.

    Most messages are no text. That this is what is said of them shows that their tag was found good.
    """
    envelope = Envelope(wrapped=b"the key", nonce=vector.nonce, ciphertext=vector.sealed)
    opener = EnvelopeOpener(Holding(vector.key), DataKeyCache(now=ManualClock()))
    try:
        text = vector.message.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = None
    if vector.valid and text is not None:
        assert opener.open(bytes(envelope), place(vector)) == Secret(text)
        data_key = DataKey(plaintext=vector.key, wrapped=b"the key", outer=b"")
        sealer = EnvelopeSealer(Holding(vector.key), lambda _: vector.nonce)
        assert sealer.seal(data_key, place(vector), Secret(text)) == bytes(envelope)
        return
    with pytest.raises(TamperedError, match="not text" if vector.valid else "does not open"):
        opener.open(bytes(envelope), place(vector))
