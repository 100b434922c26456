"""What every `KeyEncrypter` and `KeyDecrypter` does."""

import pytest

from multi_user_oauth.errors import TamperedError
from multi_user_oauth.model import Kind
from tests.contract.keys.services import KeyService

DATA_KEY = bytes(range(32))
AAD = b"here and nowhere else"


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("aad", [b"", b"a", b"a" * 8_192], ids=["none", "short", "long"])
def test_what_was_wrapped_is_unwrapped_for_the_same_aad(
    service: KeyService, kind: Kind, aad: bytes
) -> None:
    """A data key comes back as it was, whatever the length of the AAD."""
    wrapped = service.encrypters[kind].encrypt(DATA_KEY, aad)

    assert service.decrypters[kind].decrypt(wrapped, aad) == DATA_KEY
    assert DATA_KEY not in wrapped


@pytest.mark.parametrize("other", [b"", AAD[:-1], AAD + b"\0", b"\0" + AAD, AAD.upper()])
def test_another_aad_is_refused(service: KeyService, other: bytes) -> None:
    """N49: What was wrapped for one AAD is not unwrapped for another."""
    wrapped = service.encrypters[Kind.ACCESS].encrypt(DATA_KEY, AAD)

    with pytest.raises(TamperedError):
        service.decrypters[Kind.ACCESS].decrypt(wrapped, other)


@pytest.mark.parametrize(
    ("kind", "other"), [(Kind.ACCESS, Kind.REFRESH), (Kind.REFRESH, Kind.ACCESS)]
)
def test_the_other_key_is_refused(service: KeyService, kind: Kind, other: Kind) -> None:
    """What one key wrapped the other does not unwrap, though the AAD is right."""
    wrapped = service.encrypters[kind].encrypt(DATA_KEY, AAD)

    with pytest.raises(TamperedError):
        service.decrypters[other].decrypt(wrapped, AAD)


def test_any_altered_byte_is_refused(service: KeyService) -> None:
    """N47: A wrapped key with one bit flipped, at any place, is tampered with: nothing else is said."""
    wrapped = service.encrypters[Kind.REFRESH].encrypt(DATA_KEY, AAD)

    for place in range(len(wrapped)):
        altered = wrapped[:place] + bytes([wrapped[place] ^ 1]) + wrapped[place + 1 :]
        with pytest.raises(TamperedError):
            service.decrypters[Kind.REFRESH].decrypt(altered, AAD)


def test_any_other_length_is_refused(service: KeyService) -> None:
    """N47: A wrapped key that is cut short, anywhere, or goes on is tampered with."""
    wrapped = service.encrypters[Kind.REFRESH].encrypt(DATA_KEY, AAD)

    for altered in [wrapped + b"\0", *(wrapped[:length] for length in range(len(wrapped)))]:
        with pytest.raises(TamperedError):
            service.decrypters[Kind.REFRESH].decrypt(altered, AAD)


def test_the_same_key_is_never_wrapped_alike(service: KeyService) -> None:
    """Two wrappings of one key do not show that they are of one key."""
    encrypter = service.encrypters[Kind.ACCESS]

    assert encrypter.encrypt(DATA_KEY, AAD) != encrypter.encrypt(DATA_KEY, AAD)


def test_each_call_is_counted(service: KeyService) -> None:
    """Every wrap and every unwrap, a refused one too, is one billed operation."""
    wrapped = service.encrypters[Kind.ACCESS].encrypt(DATA_KEY, AAD)
    assert service.meter.counts == {"kms": 1}

    service.decrypters[Kind.ACCESS].decrypt(wrapped, AAD)
    assert service.meter.counts == {"kms": 2}

    with pytest.raises(TamperedError):
        service.decrypters[Kind.ACCESS].decrypt(wrapped, b"elsewhere")
    assert service.meter.counts == {"kms": 3}


def test_the_right_to_encrypt_opens_nothing(service: KeyService) -> None:
    """Who holds the encrypter has nothing to decrypt with."""
    assert not hasattr(service.encrypters[Kind.REFRESH], "decrypt")
