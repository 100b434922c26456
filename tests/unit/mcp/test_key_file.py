"""The key of the HTTP server: made once, for its owner alone, and nothing weaker is taken."""

import stat
from pathlib import Path

import pytest

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.mcp.key_file import key_in
from multi_user_oauth.model.secret import Secret


def drawn(size: int) -> bytes:
    """Return bytes that a test can know."""
    return bytes(range(size))


def never(_: int) -> bytes:
    """Draw nothing: a key is there."""
    raise AssertionError


KEY = Secret("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """Of 32 bytes, readable for its owner; the next start finds it."""
    file = tmp_path / "mcp.key"
    assert key_in(file, drawn) == KEY
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key_in(file, never) == KEY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_key_that_others_can_read_is_none(tmp_path: Path, mode: int) -> None:
    """Whoever else is on the machine may have it."""
    file = tmp_path / "mcp.key"
    key_in(file, drawn)
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match="Others can read"):
        key_in(file, never)


@pytest.mark.parametrize(
    "content", ["", "short", "x" * 42, "x" * 20 + " " + "x" * 30, "x" * 44 + "\ny"]
)
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: str) -> None:
    """An empty one above all: then an empty header would do."""
    file = tmp_path / "mcp.key"
    file.touch(mode=0o600)
    file.write_text(content)
    with pytest.raises(ConfigurationError, match="holds no key of 32 bytes") as refused:
        key_in(file, never)
    assert "x" * 9 not in str(refused.value)


def test_a_place_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    """A folder that is missing, bytes that are no text."""
    with pytest.raises(ConfigurationError, match="can not be used: No such file"):
        key_in(tmp_path / "missing" / "mcp.key", drawn)
    file = tmp_path / "mcp.key"
    file.touch(mode=0o600)
    file.write_bytes(b"\xff" * 50)
    with pytest.raises(ConfigurationError, match="it is no text"):
        key_in(file, never)
