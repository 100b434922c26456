"""Settings as a file."""

import os
import stat
from pathlib import Path

import pytest

from multi_user_oauth.cli.settings_file import (
    chosen_settings,
    documented,
    put_into_environment,
    read_settings,
    write_settings,
)
from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.wiring.provision import provision


def written(folder: Path, text: str) -> Path:
    """Return a file with this text."""
    file = folder / "my.env"
    file.write_text(text, encoding="utf-8")
    return file


def test_lines_are_read_with_comments_exports_and_quotes(tmp_path: Path) -> None:
    """What a shell would take is taken the same way."""
    text = "# a comment\n\nA=1\nexport B='two words'\nC=\"x = y\"\n"
    assert read_settings(written(tmp_path, text)) == {"A": "1", "B": "two words", "C": "x = y"}


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """A folder with settings and data can be used from anywhere, and moved."""
    values = read_settings(written(tmp_path, "DATA_DIR=data\nPOLICY_FILE=/etc/p.yaml\nX=data\n"))
    assert values == {"DATA_DIR": str(tmp_path / "data"), "POLICY_FILE": "/etc/p.yaml", "X": "data"}


@pytest.mark.parametrize("line", ["hunter2", "lower=hunter2", "A='hunter2"])
def test_a_malformed_line_is_named_by_its_number_only(tmp_path: Path, line: str) -> None:
    """The line may hold a secret."""
    with pytest.raises(ConfigurationError, match="line 2") as caught:
        read_settings(written(tmp_path, f"A=1\n{line}\n"))
    assert "hunter2" not in str(caught.value)


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    """Neither a folder nor bytes that are no text."""
    with pytest.raises(ConfigurationError, match="can not be read"):
        read_settings(tmp_path)


def test_what_is_written_is_read_again_and_explained(tmp_path: Path) -> None:
    """Odd values survive, every setting says what it is for, only the owner can read it."""
    values = {"DATA_DIR": "/with space/it's", "DEPLOYMENT_ID": "x#y", "PUBLIC_ORIGIN": "http://a"}
    file = tmp_path / "out.env"
    write_settings(file, values, "One\ntwo")
    assert read_settings(file) == values
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# One\n# two\n")
    assert all(f"# {name}" in text for name in values)


def test_every_setting_is_documented() -> None:
    """The names come from the settings themselves."""
    known = {"PUBLIC_ORIGIN", "SANDBOX_URL", "DATA_DIR", "REFRESH_URL", "ACCESS_KEY", "LOCAL_KMS"}
    assert known <= documented().keys()
    assert all(lines and lines[0] for lines in documented().values())


def test_a_file_wins_over_the_environment_which_wins_over_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said wins over what stands around."""
    monkeypatch.chdir(tmp_path)
    for name in documented():
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match="--env FILE"):
        chosen_settings(None)
    (tmp_path / ".demo").mkdir()
    (tmp_path / ".demo" / "settings.env").write_text("PUBLIC_ORIGIN=demo\n")
    assert chosen_settings(None) == {"PUBLIC_ORIGIN": "demo"}
    monkeypatch.setenv("PUBLIC_ORIGIN", "environment")
    monkeypatch.setenv("SOMETHING_ELSE", "x")
    assert chosen_settings(None) == {"PUBLIC_ORIGIN": "environment"}
    assert chosen_settings(written(tmp_path, "PUBLIC_ORIGIN=file")) == {"PUBLIC_ORIGIN": "file"}


def test_the_keys_that_serve_made_need_no_naming(tmp_path: Path) -> None:
    """What works for `serve` works for every other command; a name that is given is left alone."""
    file = written(tmp_path, "DATA_DIR=data\nFLOW_KEYS_FILE=mine.json\n")
    assert chosen_settings(file).keys() == {"DATA_DIR", "FLOW_KEYS_FILE"}
    made = provision(tmp_path / "data")
    assert chosen_settings(file) == {**made, "FLOW_KEYS_FILE": str(tmp_path / "mine.json")}


def test_settings_of_another_deployment_do_not_stay_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The functions of this process see these settings and no others."""
    monkeypatch.setenv("REFRESH_URL", "https://other.example")
    monkeypatch.setenv("PUBLIC_ORIGIN", "https://other.example")
    put_into_environment({"PUBLIC_ORIGIN": "http://localhost:1"})
    assert os.environ["PUBLIC_ORIGIN"] == "http://localhost:1"
    assert "REFRESH_URL" not in os.environ
