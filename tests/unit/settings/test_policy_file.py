"""The policy in force follows its file, but never into a broken one."""

import logging
from pathlib import Path

import pytest

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.model import Identity
from multi_user_oauth.settings.policy_file import PolicyFile
from tests.support.clock import ManualClock


def test_a_change_counts_within_five_minutes(tmp_path: Path) -> None:
    """Not at each request, and not never."""
    file, clock = tmp_path / "policy.yaml", ManualClock()
    file.write_text("admins: ['google:1']")
    policy = PolicyFile(file, now=clock)
    file.write_text("admins: []")
    clock.advance(299)
    assert policy().admins == {Identity.google("1")}
    clock.advance(1)
    assert policy().admins == frozenset()


@pytest.mark.parametrize("text", ["admins: [admin@company.com]", "nonsense", "[", None])
def test_a_broken_file_leaves_the_old_policy_in_force(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    """And says so in the log, each time it looks; mended, it counts again."""
    file, clock = tmp_path / "policy.yaml", ManualClock()
    file.write_text("admins: ['google:1']")
    policy = PolicyFile(file, now=clock)
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    for looks in (1, 2):
        clock.advance(300)
        assert policy().admins == {Identity.google("1")}
        assert policy().admins == {Identity.google("1")}
        assert [record.levelno for record in caplog.records] == [logging.ERROR] * looks
        assert {record.__dict__["alarm"] for record in caplog.records} == {"policy_refused"}
    file.write_text("admins: ['google:2']")
    clock.advance(300)
    assert policy().admins == {Identity.google("2")}


def test_a_broken_file_stops_the_start(tmp_path: Path) -> None:
    """There is no old policy then."""
    file = tmp_path / "policy.yaml"
    file.write_text("admins: [admin@company.com]")
    with pytest.raises(ConfigurationError, match="admins"):
        PolicyFile(file, now=ManualClock())
