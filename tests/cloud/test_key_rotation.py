"""Keys are rotated in the local Google Cloud by an operator, who can open no refresh token."""

import json
from typing import Any

import pytest

from multi_user_oauth.cli.settings_file import read_settings
from multi_user_oauth.errors import KeysUnavailableError
from multi_user_oauth.model import Kind
from multi_user_oauth.sandbox.company import JOHN, SARAH
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.asking import rewrapping
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.cloud.running import GOOGLE, MICROSOFT, RunningDemo
from tests.support.clock import START
from tests.unit.cli.processes import command


def keys(demo: RunningDemo, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run `keys`; return how it ended and what it said."""
    env_file = demo.world.settings_file
    done = command("keys", *arguments, "--env", env_file, "--json", cwd=env_file.parent)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_an_operator_rotates_and_rewraps_with_refresh_alone_opening(demo: RunningDemo) -> None:
    """Both keys; the functions run on, the old version is refused to go, and tokens are handed out."""
    demo.sign_in(SARAH, MICROSOFT)
    demo.sign_in(JOHN, GOOGLE)
    for kind in Kind:
        code, made = keys(demo, "rotate", kind)
        assert (code, made) == (0, {"kind": kind, "version": "2"})

    code, done = keys(demo, "rewrap")

    assert code == 0, done
    assert (done["tampered"], done["skipped"]) == (0, 0)
    assert done["rewrapped"] >= 2
    code, told = keys(demo, "versions")
    needed = {
        (row["kind"], row["version"], row["primary"]): row["records"] for row in told["versions"]
    }
    assert [needed[kind, "1", False] for kind in ("access", "refresh")] == [0, 0]
    assert needed["access", "2", True] >= 2
    code, refused = keys(demo, "destroy", "refresh", "1")
    assert code == 5
    assert refused["error"].startswith("A backup may need version 1 of the refresh key")
    assert demo.get_token(SARAH, MICROSOFT).status_code == 200


def test_the_operator_itself_can_rewrap_nothing(demo: RunningDemo) -> None:
    """It may administer the keys, and Cloud KMS refuses to use them for it."""
    parts = Parts("test", Settings(read_settings(demo.world.settings_file)), World())
    assert parts.key_rotation(Kind.REFRESH).primary()
    with pytest.raises(KeysUnavailableError, match="PERMISSION_DENIED"):
        rewrapping(parts).step(after=None, until=START, count_only=False)
