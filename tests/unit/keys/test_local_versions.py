"""Keys in files are rotated and destroyed, and at no moment is anything sealed that nobody can open."""

import logging
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from multi_user_oauth.errors import ConfigurationError, TamperedError
from multi_user_oauth.keys.local import LocalDecrypter, LocalEncrypter
from multi_user_oauth.keys.local_versions import LocalKeyVersions, provision
from tests.contract.keys.services import CountingMeter
from tests.unit.keys.files import write

METER = CountingMeter()
DATA_KEY = bytes(range(32))
AAD = b"here"


def encrypter(folder: Path) -> LocalEncrypter:
    """Return what a process has that seals access tokens."""
    return LocalEncrypter(folder / "access.public.pem", meter=METER)


def decrypter(folder: Path) -> LocalDecrypter:
    """Return what a process has that opens them."""
    return LocalDecrypter(folder / "access.private.pem", meter=METER)


def test_a_process_that_runs_seals_with_the_new_key_at_once(copy: Path) -> None:
    """Nothing is restarted; the process that opens finds the new key too."""
    sealing, opening = encrypter(copy), decrypter(copy)
    old = sealing.encrypt(DATA_KEY, AAD)

    made = LocalKeyVersions(copy, "access").rotate()
    new = sealing.encrypt(DATA_KEY, AAD)

    assert new[1:9].hex() == made != old[1:9].hex()
    assert [opening.decrypt(each, AAD) for each in (old, new)] == [DATA_KEY] * 2


def test_who_did_not_hear_of_the_rotation_yet_is_understood(copy: Path) -> None:
    """A data key that was wrapped with the key before opens, in a new process too."""
    old = encrypter(copy).encrypt(DATA_KEY, AAD)
    LocalKeyVersions(copy, "access").rotate()

    assert decrypter(copy).decrypt(old, AAD) == DATA_KEY


def test_rotating_one_key_leaves_the_other(copy: Path) -> None:
    """And leaves nothing else behind; every file keeps its mode."""
    (copy / "access.public.pem").chmod(0o644)
    before = {file.name: file.read_bytes() for file in copy.iterdir()}

    LocalKeyVersions(copy, "access").rotate()

    after = {file.name: file.read_bytes() for file in copy.iterdir()}
    assert after.keys() == before.keys()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"access.private.pem", "access.public.pem"}
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in copy.iterdir()}
    assert modes.pop("access.public.pem") == 0o644
    assert set(modes.values()) == {0o600}


def test_the_newest_key_stands_first(copy: Path) -> None:
    """The public file holds it alone, and so it is the primary one."""
    versions = LocalKeyVersions(copy, "access")
    first = versions.primary()
    second, third = versions.rotate(), versions.rotate()

    assert list(versions.states()) == [third, second, first]
    assert set(versions.states().values()) == {"ENABLED"}
    assert versions.primary() == third
    assert (copy / "access.public.pem").read_bytes().count(b"BEGIN") == 1


def test_a_rotation_that_is_killed_between_the_two_files_has_changed_nothing(copy: Path) -> None:
    """Everybody seals with the key before; the next start, and the next rotation, go through."""
    public = (copy / "access.public.pem").read_bytes()
    versions = LocalKeyVersions(copy, "access")
    first = versions.primary()
    unused = versions.rotate()
    write(copy / "access.public.pem", public)

    provision(copy)

    assert versions.primary() == first
    wrapped = encrypter(copy).encrypt(DATA_KEY, AAD)
    assert decrypter(copy).decrypt(wrapped, AAD) == DATA_KEY
    third = versions.rotate()
    assert list(versions.states()) == [third, unused, first]


def test_processes_that_rotate_together_lose_no_key(copy: Path) -> None:
    """Each adds its own to what the one before it has left."""
    old = encrypter(copy).encrypt(DATA_KEY, AAD)
    program = (
        "import sys; from pathlib import Path;"
        "from multi_user_oauth.keys.local_versions import LocalKeyVersions;"
        "print(LocalKeyVersions(Path(sys.argv[1]), 'access').rotate())"
    )
    environment = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(copy)],
            stdout=subprocess.PIPE, env=environment, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    made = {process.communicate(timeout=60)[0].strip() for process in processes}

    versions = LocalKeyVersions(copy, "access")
    assert len(versions.states()) == 4
    assert versions.states().keys() > made
    assert versions.primary() == next(iter(versions.states()))
    assert decrypter(copy).decrypt(old, AAD) == DATA_KEY


def test_what_a_destroyed_key_sealed_opens_nowhere(copy: Path) -> None:
    """Not in a process that runs either: it looks at the file before each use."""
    sealing, opening = encrypter(copy), decrypter(copy)
    old = sealing.encrypt(DATA_KEY, AAD)
    versions = LocalKeyVersions(copy, "access")
    first = versions.primary()
    second = versions.rotate()

    versions.destroy(first)

    assert dict(versions.states()) == {second: "ENABLED"}
    for each in (opening, decrypter(copy)):
        with pytest.raises(TamperedError, match="not held here"):
            each.decrypt(old, AAD)
    assert opening.decrypt(sealing.encrypt(DATA_KEY, AAD), AAD) == DATA_KEY


def test_the_primary_key_and_an_unknown_one_are_not_destroyed(copy: Path) -> None:
    """The file stays as it is."""
    versions = LocalKeyVersions(copy, "access")
    versions.rotate()
    before = (copy / "access.private.pem").read_bytes()
    for version in (versions.primary(), "0123456789abcdef", ""):
        with pytest.raises(ConfigurationError, match="is no older key of this file"):
            versions.destroy(version)
    assert (copy / "access.private.pem").read_bytes() == before


def test_a_file_that_breaks_later_leaves_what_was_read_in_force(
    copy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An operator's slip does not stop everybody; the log says so once, the next start stops."""
    sealing, opening = encrypter(copy), decrypter(copy)
    write(copy / "access.public.pem", b"no key")
    (copy / "access.private.pem").unlink()

    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert opening.decrypt(sealing.encrypt(DATA_KEY, AAD), AAD) == DATA_KEY

    assert [each.message for each in caplog.records] == [
        "a key file is broken; what was read before stays in force"
    ] * 2
    with pytest.raises(ConfigurationError):
        encrypter(copy)


@pytest.mark.parametrize("cut", [1, 30, 800])
def test_a_file_in_which_an_older_key_is_cut_short_is_refused(copy: Path, cut: int) -> None:
    """What it had sealed would seem to be tampered with."""
    LocalKeyVersions(copy, "access").rotate()
    file = copy / "access.private.pem"
    write(file, file.read_bytes().rstrip()[:-cut])

    with pytest.raises(ConfigurationError, match="expected an RSA private key"):
        decrypter(copy)
    with pytest.raises(ConfigurationError, match="expected an RSA private key"):
        LocalKeyVersions(copy, "access").rotate()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """As every missing file."""
    versions = LocalKeyVersions(tmp_path / "gone", "access")
    with pytest.raises(ConfigurationError, match="gone: can not be written"):
        versions.rotate()
    with pytest.raises(ConfigurationError, match=r"access\.private\.pem: can not be read"):
        versions.states()
