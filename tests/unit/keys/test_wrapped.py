"""A wrapped key says which key version wrapped it, and the label can not be changed."""

import pytest

from multi_user_oauth.errors import TamperedError
from multi_user_oauth.keys.wrapped import WrappedKey, key_version

DATA_KEY = bytes(range(32))


def wrapped(version: str = "7", ciphertext: bytes = b"ciphertext") -> bytes:
    """Return a wrapped key as it is stored."""
    return bytes(WrappedKey.of(DATA_KEY, key_version=version, ciphertext=ciphertext))


@pytest.mark.parametrize("version", ["1", "12345678", "1234abcd-12ab-34cd-56ef-1234567890ab"])
def test_the_key_version_can_be_read(version: str) -> None:
    """Without a call to the key service: records are counted by it."""
    assert key_version(wrapped(version)) == version


def test_the_form_is_fixed() -> None:
    """What is stored today must open in years: the first bytes are a version, and the length."""
    value = wrapped("12")

    assert value[:4] == b"\x02\x0212"
    assert value[4:20].hex() == "ab6b5477f4e42e4c503dd71bd3a43cbc"
    assert value[20:] == b"ciphertext"


def test_another_label_is_refused() -> None:
    """N49: One that was changed would hide a record from a re-wrap, and lose it with the old version."""
    relabelled = wrapped("7").replace(b"\x017", b"\x018", 1)

    assert key_version(relabelled) == "8"
    with pytest.raises(TamperedError):
        WrappedKey.parse(relabelled).opened(DATA_KEY)


def test_another_data_key_is_refused() -> None:
    """A key service that gives back something else is not believed."""
    assert WrappedKey.parse(wrapped()).opened(DATA_KEY) == DATA_KEY
    with pytest.raises(TamperedError):
        WrappedKey.parse(wrapped()).opened(bytes(32))


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x02",
        b"\x02\x00" + bytes(17),
        b"\x02\xff" + b"7" * 40,
        b"\x01" + wrapped()[1:],
        b"\x03" + wrapped()[1:],
        wrapped(ciphertext=b""),
        b"\x02\x02\xc3\xa9" + bytes(17),
        b"\x02\x011" + bytes(16),
        b"\x02\x01\n" + bytes(17),
        b"\x02\x41" + b"7" * 65 + bytes(17),
    ],
)
def test_what_is_no_wrapped_key_is_refused(value: bytes) -> None:
    """N47: Cut short, without a version or a ciphertext, or of a kind that is unknown here."""
    with pytest.raises(TamperedError):
        key_version(value)
