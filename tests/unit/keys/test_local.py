"""A local key is read from a file that is what it should be, or the start stops."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from multi_user_oauth.errors import ConfigurationError, TamperedError
from multi_user_oauth.keys.local import LocalDecrypter, LocalEncrypter
from multi_user_oauth.keys.local_versions import provision
from tests.contract.keys.services import CountingMeter
from tests.unit.keys.files import private_pem, public_pem, write

METER = CountingMeter()
DATA_KEY = bytes(range(32))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644, 0o666])
def test_a_private_file_that_is_open_to_others_is_refused(copy: Path, mode: int) -> None:
    """By name, with what is expected; also at the next provisioning."""
    file = copy / "access.private.pem"
    file.chmod(mode)

    with pytest.raises(ConfigurationError, match=r"access\.private\.pem: expected .* mode 0600"):
        LocalDecrypter(file, meter=METER)
    with pytest.raises(ConfigurationError, match=r"access\.private\.pem: expected .* mode 0600"):
        provision(copy)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_public_file_that_others_can_write_is_refused(copy: Path, mode: int) -> None:
    """Somebody else's public key in its place would let them read what is sealed."""
    file = copy / "access.public.pem"
    file.chmod(mode)

    with pytest.raises(ConfigurationError, match=r"access\.public\.pem: expected .* mode 0600"):
        LocalEncrypter(file, meter=METER)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o644, 0o444])
def test_a_public_file_may_be_read_by_all(copy: Path, mode: int) -> None:
    """It is public."""
    file = copy / "access.public.pem"
    file.chmod(mode)

    assert LocalEncrypter(file, meter=METER).encrypt(DATA_KEY, b"")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The start stops with the name of what it did not find."""
    with pytest.raises(ConfigurationError, match=r"refresh\.private\.pem: can not be read"):
        LocalDecrypter(tmp_path / "refresh.private.pem", meter=METER)
    with pytest.raises(ConfigurationError, match=r"refresh\.public\.pem: can not be read"):
        LocalEncrypter(tmp_path / "refresh.public.pem", meter=METER)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\x00", b"-----BEGIN PRIVATE KEY-----\nQUJD\n", b"x"]
)
def test_a_file_that_holds_no_key_is_named_and_not_shown(tmp_path: Path, content: bytes) -> None:
    """The error says which file and what was expected, and has nothing of the file in it."""
    file = write(tmp_path / "key.pem", content)

    with pytest.raises(ConfigurationError) as private:
        LocalDecrypter(file, meter=METER)
    with pytest.raises(ConfigurationError) as public:
        LocalEncrypter(file, meter=METER)

    assert str(private.value) == f"{file}: expected an RSA private key of 3072 bits, in PEM"
    assert str(public.value) == f"{file}: expected an RSA public key of 3072 bits, in PEM"
    assert private.value.__context__ is None
    assert public.value.__context__ is None


@pytest.mark.parametrize("bits", [2048, None], ids=["RSA-2048", "P-256"])
def test_another_kind_of_key_is_refused(tmp_path: Path, bits: int | None) -> None:
    """A weaker key, or one that can not encrypt, stops the start."""
    key = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(ConfigurationError, match="expected an RSA private key"):
        LocalDecrypter(write(tmp_path / "private.pem", private_pem(key)), meter=METER)
    with pytest.raises(ConfigurationError, match="expected an RSA public key"):
        LocalEncrypter(write(tmp_path / "public.pem", public_pem(key)), meter=METER)


def test_the_halves_can_not_be_confused(made: Path) -> None:
    """A public file opens nothing; a private file is not read where only sealing is allowed."""
    with pytest.raises(ConfigurationError, match="expected an RSA private key"):
        LocalDecrypter(made / "access.public.pem", meter=METER)
    with pytest.raises(ConfigurationError, match="expected an RSA public key"):
        LocalEncrypter(made / "access.private.pem", meter=METER)


def test_another_keys_wrapping_is_recognised(made: Path) -> None:
    """The fingerprint tells it from damage, so that the log says what to look for."""
    wrapped = LocalEncrypter(made / "access.public.pem", meter=METER).encrypt(DATA_KEY, b"")
    refresh = LocalDecrypter(made / "refresh.private.pem", meter=METER)
    access = LocalDecrypter(made / "access.private.pem", meter=METER)

    with pytest.raises(TamperedError, match="a key that is not held here"):
        refresh.decrypt(wrapped, b"")
    with pytest.raises(TamperedError, match="does not open here"):
        access.decrypt(wrapped, b"elsewhere")
