"""doctor whoami: the proved identity behind an e-mail."""

import json
from pathlib import Path

from multi_user_oauth.audit import GENESIS, audited
from multi_user_oauth.cli.settings_file import chosen_settings
from multi_user_oauth.model import (
    Batch,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Identity,
)
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World
from tests.support.clock import START

from .conftest import Run

ANN = ConnectionKey("google_workspace", "ann@company.com")


def connect(env_file: Path, status: ConnectionStatus) -> None:
    """Write a connection of Ann's."""
    connection = Connection(
        key=ANN, status=status, identity=Identity.google("7"), epoch=1, generation=1,
        commit_id="c", audit=GENESIS, connected_at=START,
    )  # fmt: skip
    change = audited(None, connection, action="connected", actor="test", at=START)
    Parts("test", Settings(chosen_settings(env_file)), World()).main.commit(
        Batch(changes=(change,))
    )


def test_the_identity_behind_an_email_is_printed(run: Run, env_file: Path) -> None:
    """As it goes into the policy file, with what it was proved for."""
    connect(env_file, ConnectionStatus.ACTIVE)
    told = run("doctor", "whoami", "Ann@Company.com", "--env", env_file)
    assert (told.exit_code, told.stdout) == (0, "google:7  (google_workspace)\n")
    as_json = json.loads(
        run("doctor", "whoami", ANN.user_email, "--env", env_file, "--json").stdout
    )
    assert as_json == {"identities": {"google_workspace": "google:7"}}


def test_who_never_connected_is_told_where_to_look(run: Run, env_file: Path) -> None:
    """And a connection that was ended names nobody any more."""
    connect(env_file, ConnectionStatus.REVOKED)
    for email in (ANN.user_email, "ben@company.com"):
        told = run("doctor", "whoami", email, "--env", env_file)
        assert told.exit_code == 1
        assert "/api/v1/account/session" in told.stderr
