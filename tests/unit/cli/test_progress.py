"""Long work shows how far it is to whoever watches it at a terminal, and to nobody else."""

import json
from pathlib import Path

import pytest

from .api_server import api_server
from .processes import command
from .terminal import at_terminal

NOBODY = "nobody@company.com"


@pytest.fixture
def old_files(tmp_path: Path) -> Path:
    """Give a folder with a file of an older system."""
    folder = tmp_path / "old" / "microsoft_teams"
    folder.mkdir(parents=True)
    (folder / f"{NOBODY}.json").write_text("{}")
    return folder.parent


LONG = [
    (("users",), "Listing"),
    (("offboard", NOBODY), "Offboarding"),
    (("import", "old", "--dry-run"), "Importing"),
    (("keys", "versions"), "Counting"),
    (("keys", "rewrap"), "Re-wrapping"),
    (("audit", "verify"), "Verifying"),
]


@pytest.mark.parametrize(("arguments", "shown"), LONG, ids=[shown for _, shown in LONG])
def test_a_bar_is_on_standard_error_of_a_terminal(
    arguments: tuple[str, ...], shown: str, env_file: Path, tmp_path: Path, old_files: Path
) -> None:
    """With --json standard output is the document alone; where nobody watches there is nothing."""
    assert old_files.exists()
    asked = (*arguments, "--env", env_file, "--json")
    watched = at_terminal(*asked, cwd=tmp_path)
    assert shown in watched.seen
    piped = command(*asked, cwd=tmp_path)
    assert piped.stderr == ""
    assert piped.returncode == watched.exit_code
    assert isinstance(json.loads(watched.piped), dict)
    assert json.loads(watched.piped).keys() == json.loads(piped.stdout).keys()


def test_a_terminal_that_can_not_write_over_a_line_gets_no_bar(
    env_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does FORCE_COLOR make a file a terminal."""
    asked = ("keys", "versions", "--env", env_file, "--json")
    assert at_terminal(*asked, cwd=tmp_path, TERM="dumb").seen == ""
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert command(*asked, cwd=tmp_path).stderr == ""


def test_a_download_and_an_upload_tell_their_bytes(tmp_path: Path) -> None:
    """By the file's name, in which nothing can move the cursor."""
    whose = ("microsoft_teams", "sarah@company.com")
    (tmp_path / "token").write_text("made-up")
    (tmp_path / "re\x1b[2Jport.txt").write_text("content")
    with api_server() as api:
        api.say(f"GET {'/'.join(whose)}/files/f1/content", b"content", 206)
        api.say(f"GET {'/'.join(whose)}/files/f1", {"id": "f1", "name": "n.txt", "size": 7})
        speaks = ("--url", api.url, "--token-file", "token", "--json")
        down = at_terminal(
            "files", "download", *whose, "f1", "--into", "n.txt", *speaks, cwd=tmp_path
        )
        up = at_terminal("files", "upload", *whose, "re\x1b[2Jport.txt", *speaks, cwd=tmp_path)
    assert "n.txt" in down.seen
    assert "re [2Jport.txt" in up.seen
    assert "\x1b[2Jport" not in up.seen
