"""What every sealed value is like: never twice the same, and refused with any change to it."""

import pytest

from multi_user_oauth.errors import TamperedError
from multi_user_oauth.model import Kind
from tests.contract.keys.vaults import PLACE, TOKEN, Vault


def test_every_grant_has_its_own_data_key(vault: Vault) -> None:
    """Two new keys, be they for the same place, are two."""
    sealer = vault.sealers[Kind.ACCESS]

    assert sealer.new_key(PLACE).plaintext != sealer.new_key(PLACE).plaintext
    assert len(sealer.new_key(PLACE).plaintext) == 32


def test_no_two_values_are_sealed_alike(vault: Vault) -> None:
    """N48: Ten thousand seals of one value with one key share no nonce and no ciphertext."""
    sealer = vault.sealers[Kind.ACCESS]
    key = sealer.new_key(PLACE)
    header = 3 + len(key.wrapped)
    sealed = [sealer.seal(key, PLACE, TOKEN) for _ in range(10_000)]

    assert len({value[header : header + 12] for value in sealed}) == 10_000
    assert len({value[header + 12 :] for value in sealed}) == 10_000


def test_any_altered_byte_is_refused(vault: Vault) -> None:
    """N47: A sealed value with one byte changed, at any place, is tampered with, and says no more."""
    sealed, opener = vault.sealed(), vault.openers[Kind.ACCESS]
    opener.open(sealed, PLACE)

    for place in range(len(sealed)):
        for mask in (0x01, 0x80):
            altered = sealed[:place] + bytes([sealed[place] ^ mask]) + sealed[place + 1 :]
            with pytest.raises(TamperedError) as refusal:
                opener.open(altered, PLACE)
            assert_says_nothing(refusal.value)


def test_any_other_length_is_refused(vault: Vault) -> None:
    """N47: A sealed value that is cut short, anywhere, or goes on is tampered with, and says no more."""
    sealed, opener = vault.sealed(), vault.openers[Kind.ACCESS]
    opener.open(sealed, PLACE)

    for altered in [sealed + b"\0", *(sealed[:length] for length in range(len(sealed)))]:
        with pytest.raises(TamperedError) as refusal:
            opener.open(altered, PLACE)
        assert_says_nothing(refusal.value)


def test_the_right_to_seal_opens_nothing(vault: Vault) -> None:
    """Who holds the sealer can open neither a stored value nor its own."""
    sealer = vault.sealers[Kind.REFRESH]

    assert not hasattr(sealer, "open")
    assert not hasattr(sealer, "data_key")


def assert_says_nothing(error: TamperedError) -> None:
    """No bytes in the error's arguments, and no error of a library behind it to carry some."""
    assert all(isinstance(argument, str) and argument.isascii() for argument in error.args)
    assert error.__cause__ is None
    assert error.__context__ is None
