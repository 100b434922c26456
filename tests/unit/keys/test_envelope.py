"""The format of a sealed value: what is not exactly one is refused with one error."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multi_user_oauth.errors import KeysUnavailableError, TamperedError
from multi_user_oauth.keys.cache import DataKeyCache
from multi_user_oauth.keys.envelope import EnvelopeOpener, EnvelopeSealer
from multi_user_oauth.model import Binding, ConnectionKey, Identity, Kind, Secret
from multi_user_oauth.ports import DataKey
from tests.support.clock import ManualClock
from tests.support.draw import CountingDraw

PLACE = Binding(
    deployment="0e8b0c5e-7f0e-4d55-9d3f-0d4f4f1f6a11",
    key=ConnectionKey("google_workspace", "ada@example.com"),
    kind=Kind.REFRESH,
    epoch=7,
    identity=Identity.google("117"),
    generation=1,
)
KEY = bytes(range(32))


class Plain:
    """A key service that wraps nothing, so that the format alone is looked at."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """Return the plaintext behind a checksum of the AAD."""
        return sha256(aad).digest() + plaintext

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """Return what stands behind the checksum of this AAD."""
        if self.error:
            raise self.error
        if ciphertext[:32] != sha256(aad).digest():
            raise TamperedError("another AAD")
        return ciphertext[32:]


def opener(service: Plain | None = None) -> EnvelopeOpener:
    """Return an opener with nothing cached."""
    return EnvelopeOpener(service or Plain(), DataKeyCache(now=ManualClock()))


def sealed(value: str = "1//refresh", wrapped: bytes | None = None) -> bytes:
    """Return a sealed value, its data key wrapped like this."""
    wrapped = Plain().encrypt(KEY, PLACE.outer()) if wrapped is None else wrapped
    key = DataKey(plaintext=KEY, wrapped=wrapped, outer=PLACE.outer())
    return EnvelopeSealer(Plain(), CountingDraw()).seal(key, PLACE, Secret(value))


def test_the_format_is_as_documented() -> None:
    """Version, length and wrapped key, nonce, then ciphertext and tag of the value's length + 16."""
    value = sealed("four")

    assert value[:3] == b"\x01" + (64).to_bytes(2, "big")
    assert value[3:67] == Plain().encrypt(KEY, PLACE.outer())
    assert value[67:79] == CountingDraw()(12)
    assert len(value) == 79 + 4 + 16


@given(st.binary(max_size=200))
def test_bytes_from_nowhere_are_refused(garbage: bytes) -> None:
    """N47: Any bytes that we did not seal are tampered with, never another error."""
    with pytest.raises(TamperedError):
        opener().open(garbage, PLACE)


@given(st.binary(max_size=120))
def test_bytes_behind_a_good_header_are_refused(garbage: bytes) -> None:
    """The same with a version and a wrapped key that are ours."""
    with pytest.raises(TamperedError):
        opener().open(sealed()[:67] + garbage, PLACE)


@given(data=st.data())
def test_a_value_patched_anywhere_is_refused(data: st.DataObject) -> None:
    """N47: Any stretch of a sealed value replaced, cut out or put in is tampered with."""
    value = sealed()
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, len(value)))
    patched = value[:start] + data.draw(st.binary(max_size=100)) + value[end:]
    if patched == value:
        return

    with pytest.raises(TamperedError):
        opener().open(patched, PLACE)


@pytest.mark.parametrize("version", [version for version in range(256) if version != 1])
def test_an_unknown_version_is_refused(version: int) -> None:
    """N47: Version 0 and those of the future are not guessed at."""
    with pytest.raises(TamperedError, match="version"):
        opener().open(bytes([version]) + sealed()[1:], PLACE)


@pytest.mark.parametrize("length", [0, 16, 24, 31, 33, 64])
def test_a_data_key_of_another_length_is_refused(length: int) -> None:
    """AES-128 and AES-192 would work too, and a key that is too long would crash: neither is ours."""
    wrapped = Plain().encrypt(bytes(length), PLACE.outer())

    with pytest.raises(TamperedError):
        opener().open(sealed(wrapped=wrapped), PLACE)


def test_an_empty_wrapped_key_is_refused() -> None:
    """No key service is asked about nothing."""
    asked = Plain()
    asked.error = AssertionError("asked")

    with pytest.raises(TamperedError):
        opener(asked).open(sealed(wrapped=b""), PLACE)


def test_a_key_service_that_is_away_is_not_tampering() -> None:
    """N53: 503, and the same value opens once the key service is back: a failure is not kept."""
    service = Plain()
    there = opener(service)
    service.error = KeysUnavailableError("permission removed")

    with pytest.raises(KeysUnavailableError):
        there.open(sealed(), PLACE)
    service.error = None
    assert there.open(sealed(), PLACE) == Secret("1//refresh")


def test_bytes_that_are_no_text_are_refused_unshown() -> None:
    """A value that decrypts to no text is refused, and the error does not carry it."""
    key = DataKey(plaintext=KEY, wrapped=Plain().encrypt(KEY, PLACE.outer()), outer=PLACE.outer())

    class Bytes(Secret):
        """A secret whose text encodes to bytes that do not decode."""

        def reveal(self) -> str:
            return Broken()

    class Broken(str):
        """A string that is none."""

        __slots__ = ()

        def encode(self, *_: str) -> bytes:
            return b"\xff\xfe"

    value = EnvelopeSealer(Plain(), CountingDraw()).seal(key, PLACE, Bytes(""))

    with pytest.raises(TamperedError) as refusal:
        opener().open(value, PLACE)
    assert refusal.value.__context__ is None
