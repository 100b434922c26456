"""A backup that is restored into another project or folder, by processes that die meanwhile."""

from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from multi_user_oauth.backup.releasing import Part
from multi_user_oauth.errors import ConfigurationError, NotConnectedError, QuarantinedError
from multi_user_oauth.model import ConnectionKey, ConnectionStatus, System
from multi_user_oauth.ports.backup import BackupKind
from multi_user_oauth.settings import Settings
from multi_user_oauth.stores.file_backup import BackupWriter, whole_file
from multi_user_oauth.wiring.backup import heading, releasing, taking
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.revoke import offboard
from multi_user_oauth.wiring.world import World
from tests.crash.checker import check, record, works
from tests.crash.deployment import GOOGLE, MICROSOFT, Deployment, key_of, people
from tests.crash.killing import Deploy, start
from tests.support.audit_chains import told, verified

OF_KEYS = ("KEY_DIR", "ACCESS_KEY", "REFRESH_KEY", "LOCAL_KMS", "LOCAL_CLOUD")


def back_up(deployment: Deployment, file: Path, kind: BackupKind = BackupKind.WHOLE) -> None:
    """Take a backup, by settings that name no key and no key service."""
    without_keys = {name: value for name, value in deployment.values.items() if name not in OF_KEYS}
    parts = Parts("manager", Settings(without_keys), World(now=deployment.clock))
    with whole_file(file) as stream:
        writer = BackupWriter(stream, heading(parts, kind))
        use_case = taking(parts)
        (use_case.take if kind is BackupKind.WHOLE else use_case.take_ledger)(writer)
        writer.end()


def restore(
    deployment: Deployment,
    file: Path,
    *ledgers: Path,
    **where: Any,  # noqa: ANN401  # reason: as child.py reads it
) -> dict[str, Any] | None:
    """Restore in another process; None if it died at the place."""
    process = start(
        deployment, do="restore", file=str(file), ledgers=list(map(str, ledgers)), **where
    )
    try:
        if where:
            assert process.ended() == -SIGKILL
            return None
        said: dict[str, Any] = process.hear()
        assert process.ended() == 0
        return said
    finally:
        process.stop()


def test_killed_and_run_again_everybody_is_there_but_who_left(
    deploy: Deploy, tmp_path: Path
) -> None:
    """N66: in other databases, by backups that were taken without a key; each active one works."""
    sarah, john, maria, paul = people(*(f"restored-{each}" for each in "abcd")).values()
    deployment = deploy(sarah, john, maria, paul)
    everybody = ((sarah, MICROSOFT), (john, GOOGLE), (maria, GOOGLE), (paul, MICROSOFT))
    deployment.sign_in_long_ago(*everybody)
    *live, before, after = (key_of(*each) for each in everybody)
    file, ledger = tmp_path / "whole.gz", tmp_path / "ledger.gz"
    leave(deployment, before)
    back_up(deployment, file)
    leave(deployment, after)
    back_up(deployment, ledger, BackupKind.LEDGER)
    deployment.move()

    for _ in range(2):  # when it was noted that it began; when the records were written
        restore(deployment, file, place="main.write")
        with pytest.raises(ConfigurationError, match="run it again"):
            releasing(deployment.parts_with()).release(Part())
    done = restore(deployment, file, ledger)

    assert done == {"written": 0, "left_alone": 0, "ended": 1, "quarantined": 2}
    for key in live:
        with pytest.raises(QuarantinedError):
            works(deployment, key)
    are_over(deployment, before, after)
    assert releasing(deployment.parts).release(Part()).released == 2
    for key in live:
        works(deployment, key)
    are_over(deployment, before, after)
    assert told(verified(deployment.parts.main)[0]) == []
    for key in live:
        check(deployment, key)


def leave(deployment: Deployment, key: ConnectionKey) -> None:
    """Let somebody be offboarded."""
    offboard(deployment.parts_with()).offboard(System(name="operator"), key.user_email)


def are_over(deployment: Deployment, *keys: ConnectionKey) -> None:
    """Raise unless nobody gets a token of these, and they are tombstones."""
    for key in keys:
        with pytest.raises(NotConnectedError):
            works(deployment, key)
        assert record(deployment, key).status is ConnectionStatus.REVOKED
