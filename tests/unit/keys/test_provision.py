"""The local key files are made once, closed to others, and stay what they are."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.keys.local import LocalDecrypter
from multi_user_oauth.keys.local_versions import provision
from tests.contract.keys.services import CountingMeter

NAMES = {"access.private.pem", "access.public.pem", "refresh.private.pem", "refresh.public.pem"}
DATA_KEY = bytes(range(32))


def test_four_files_are_made_for_the_owner_alone(made: Path) -> None:
    """Nothing else is left behind; the directory has mode 0700, each file 0600."""
    assert {file.name for file in made.iterdir()} == NAMES
    assert {stat.S_IMODE(file.stat().st_mode) for file in made.iterdir()} == {0o600}
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["access", "refresh"])
def test_the_keys_are_rsa_3072_in_pkcs8(made: Path, name: str) -> None:
    """Strong enough, and in a form that any tool reads."""
    pem = (made / f"{name}.private.pem").read_bytes()
    key = load_pem_private_key(pem, password=None)

    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----")
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 3072


def test_the_second_start_changes_nothing(copy: Path) -> None:
    """Keys are made once: what was sealed with them must open."""
    before = {file.name: file.read_bytes() for file in copy.iterdir()}
    provision(copy)

    assert {file.name: file.read_bytes() for file in copy.iterdir()} == before


def test_a_lost_public_file_is_made_again_from_its_private_one(copy: Path) -> None:
    """As after a start that was killed between the two."""
    file = copy / "refresh.public.pem"
    before = file.read_bytes()
    file.unlink()
    provision(copy)

    assert file.read_bytes() == before


def test_processes_that_start_together_get_the_same_keys(tmp_path: Path) -> None:
    """What each of them sealed with the keys it found opens with the keys that stand."""
    program = (
        "import sys; from pathlib import Path;"
        "from multi_user_oauth.keys.local import LocalEncrypter;"
        "from multi_user_oauth.keys.local_versions import provision;"
        "from tests.contract.keys.services import CountingMeter;"
        "where = Path(sys.argv[1]); provision(where); meter = CountingMeter();"
        "print(*(LocalEncrypter(where / f'{name}.public.pem', meter=meter)"
        ".encrypt(bytes(range(32)), b'aad').hex() for name in ('access', 'refresh')))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "keys")]
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=60)[0].split() for process in processes]

    assert {file.name for file in (tmp_path / "keys").iterdir()} == NAMES
    for name, wrapped in zip(("access", "refresh"), zip(*outputs, strict=True), strict=True):
        decrypter = LocalDecrypter(tmp_path / "keys" / f"{name}.private.pem", meter=CountingMeter())
        assert [decrypter.decrypt(bytes.fromhex(each), b"aad") for each in wrapped] == [
            DATA_KEY
        ] * 3


def test_a_pair_that_does_not_match_is_refused(copy: Path) -> None:
    """What its public half sealed could never be opened: the start stops before the first token."""
    (copy / "refresh.public.pem").write_bytes((copy / "access.public.pem").read_bytes())

    with pytest.raises(ConfigurationError, match=r"refresh\.public\.pem: expected the public half"):
        provision(copy)


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o720, 0o702])
def test_a_directory_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    """Who may write there could put in keys of their own."""
    directory = tmp_path / "keys"
    directory.mkdir()
    directory.chmod(mode)

    with pytest.raises(ConfigurationError, match=r"keys: .* expected mode 0700"):
        provision(directory)
    assert list(directory.iterdir()) == []
