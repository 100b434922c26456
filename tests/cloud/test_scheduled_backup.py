"""What a scheduled build is told and may read is enough for a backup."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from multi_user_oauth.sandbox.company import SARAH
from multi_user_oauth.stores.file_backup import BackupFile
from tests.infra.terraform import INFRA, ROOT, local
from tests.support.functions import MICROSOFT
from tests.support.google_cloud import CloudInstallation

READS_BOTH = "list_users"
"""A function with just these rights: reading both databases, no key."""
TAKE = "import sys, backup, pathlib; print(backup.take(sys.argv[1], pathlib.Path(sys.argv[2])))"


def settings(installed: CloudInstallation, folder: Path) -> dict[str, str]:
    """What backups.tf sets, with this cloud's values."""
    here = installed.settings | {"BACKEND": "gcp", "GOOGLE_CLOUD_PROJECT": installed.project}
    here |= {"FIRESTORE_MAIN_DATABASE": "main", "FIRESTORE_ACTIVITY_DATABASE": "activity"}
    here |= {"TRUSTED_PROXY_HOPS": "2", "TRIAL_ON_SHARED_HOST": "no", "DATA_DIR": str(folder)}
    own = re.findall(r'"([A-Z_]+)=(?!gs:)[^"]+"', (INFRA / "backups.tf").read_text("utf-8"))
    assert set(own) == {"BUCKET", "DATA_DIR", "KIND"}
    return {name: here[name] for name in (*local("shared_settings"), "DATA_DIR")}


@pytest.mark.parametrize("kind", ["whole", "ledger"])
def test_a_scheduled_backup_needs_no_more_than_it_is_told(
    installed: CloudInstallation, tmp_path: Path, kind: str
) -> None:
    """No key and no secret is named to it, and it can not write."""
    installed.connect(MICROSOFT, SARAH)
    told = settings(installed, tmp_path)
    assert not [name for name in told if re.search("KEY|SECRET|TOKEN|POLICY", name)]
    file = tmp_path / "taken.backup"
    taken = subprocess.run(
        [sys.executable, "-c", TAKE, kind, str(file)],
        env=told
        | {
            "FIRESTORE_EMULATOR_HOST": installed.relay.address(READS_BOTH),
            "PYTHONPATH": f"{INFRA}:{ROOT / 'shared'}",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert taken.returncode == 0, taken.stderr
    with file.open("rb") as stream:
        read = BackupFile(stream, "the backup")
        assert read.digest == taken.stdout.strip()
        assert sum(1 for _ in read.kept()) >= (kind == "whole")
