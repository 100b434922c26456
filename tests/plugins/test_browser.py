"""The browser that tests drive is one that starts."""

from pathlib import Path

from tests.plugins.browser import HEADLESS_SHELL, find


def program(path: Path, *, starts: bool) -> str:
    """Write a program that starts, or does not."""
    path.write_text(f"#!/bin/sh\nexit {0 if starts else 1}\n")
    path.chmod(0o755)
    return str(path)


def test_the_named_browser_is_taken(tmp_path: Path) -> None:
    """CHROMIUM=/path/to/chrome wins over whatever the machine has."""
    program(tmp_path / "chromium", starts=True)
    named = program(tmp_path / "my-chrome", starts=True)

    assert find({"CHROMIUM": named, "PATH": str(tmp_path)}) == named


def test_a_browser_that_does_not_start_is_passed_over(tmp_path: Path) -> None:
    """Ubuntu's chromium-browser may be a script that only tells how to get the real one."""
    program(tmp_path / "chromium-browser", starts=False)
    real = program(tmp_path / "google-chrome", starts=True)

    assert find({"CHROMIUM": str(tmp_path / "gone"), "PATH": str(tmp_path)}) == real


def test_a_lighter_one_is_taken_where_that_is_enough(tmp_path: Path) -> None:
    """Unless another one was named."""
    whole = program(tmp_path / "chromium", starts=True)
    shell = program(tmp_path / HEADLESS_SHELL, starts=True)

    assert find({"PATH": str(tmp_path)}, HEADLESS_SHELL) == shell
    assert find({"PATH": str(tmp_path)}) == whole
    assert find({"CHROMIUM": whole, "PATH": str(tmp_path)}, HEADLESS_SHELL) == whole
