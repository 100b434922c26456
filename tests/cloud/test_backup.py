"""A backup in the local Google Cloud, by somebody who may read both databases and nothing else."""

from io import BytesIO

import pytest

from multi_user_oauth.errors import StoreUnavailableError
from multi_user_oauth.model import Kind
from multi_user_oauth.ports.backup import BackupKind
from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.settings import Settings
from multi_user_oauth.stores.file_backup import BackupFile, BackupWriter
from multi_user_oauth.wiring.backup import heading, taking
from multi_user_oauth.wiring.parts import Parts
from tests.support.functions import MICROSOFT
from tests.support.google_cloud import CloudInstallation

READS_BOTH = "list_users"
"""A function with just these rights: reading both databases, no key."""


def test_a_backup_takes_the_right_to_read_and_no_other(installed: CloudInstallation) -> None:
    """Firestore would refuse a write, and no key service is named at all."""
    installed.connect(MICROSOFT, SARAH)
    settings = {
        "BACKEND": "gcp",
        "GOOGLE_CLOUD_PROJECT": installed.project,
        "FIRESTORE_EMULATOR_HOST": installed.relay.address(READS_BOTH),
        "DEPLOYMENT_ID": installed.settings["DEPLOYMENT_ID"],
        "PUBLIC_ORIGIN": installed.settings["PUBLIC_ORIGIN"],
    }
    parts = Parts("manager", Settings(settings), installed.world)
    stream = BytesIO()

    writer = BackupWriter(stream, heading(parts, BackupKind.WHOLE))
    taking(parts).take(writer)
    writer.end()

    assert writer.counts["connection"] == 1
    assert BackupFile(stream, "the backup").digest == writer.digest
    with pytest.raises(StoreUnavailableError, match="PermissionDenied"):
        parts.activity.saw_key_versions(Kind.ACCESS, ["1"], installed.clock())
