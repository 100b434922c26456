"""The local cloud is started, stopped, and remembers."""

import stat
from pathlib import Path

import msgspec
import pytest

from multi_user_oauth.sandbox.cloud import LocalCloud
from tests.support.cloud import CALLBACK, OPERATOR, PROJECT, REFRESH, Cloud


def test_keys_and_secrets_outlive_a_restart(tmp_path: Path) -> None:
    """What was encrypted before opens afterwards; only the owner can read the file."""
    file = tmp_path / "cloud.json"
    with Cloud(file) as cloud:
        key_name = cloud.new_key()
        request = {"name": key_name, "plaintext": b"kept"}
        ciphertext = cloud.kms(CALLBACK).encrypt(request=request).ciphertext
        client = cloud.secrets(OPERATOR)
        secret = client.create_secret(request={"parent": PROJECT, "secret_id": "kept"}).name
        client.add_secret_version(request={"parent": secret, "payload": {"data": b"kept"}})
        client.disable_secret_version(request={"name": f"{secret}/versions/1"})

    with Cloud(file) as cloud:
        opened = cloud.kms(REFRESH).decrypt(request={"name": key_name, "ciphertext": ciphertext})
        assert opened.plaintext == b"kept"
        client = cloud.secrets(OPERATOR)
        (version,) = client.list_secret_versions(request={"parent": secret})
        assert version.state.name == "DISABLED"
        client.enable_secret_version(request={"name": version.name})
        assert client.access_secret_version(request={"name": version.name}).payload.data == b"kept"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_draft_left_by_a_crash_is_not_written_into(tmp_path: Path) -> None:
    """It may be open to others."""
    file = tmp_path / "cloud.json"
    draft = tmp_path / "cloud.json.new"
    draft.write_text("half")
    draft.chmod(0o644)
    with Cloud(file) as cloud:
        cloud.new_key()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_spoilt_file_stops_the_start(tmp_path: Path) -> None:
    """Nothing is made anew over it."""
    file = tmp_path / "cloud.json"
    file.write_text('{"keys": 7}')
    with pytest.raises(msgspec.ValidationError):
        LocalCloud({}, file=file)


def test_a_port_that_is_taken_is_not_shared() -> None:
    """Or two clouds would answer in turn."""
    with LocalCloud({"one": 0}) as first:
        port = int(first.address("one").rpartition(":")[2])
        second = LocalCloud({"one": port})
        with pytest.raises(RuntimeError):
            second.start()
        second.stop()


def test_stopping_twice_is_harmless() -> None:
    """As `with` and a `finally` may do it."""
    cloud = LocalCloud({"one": 0}).start()
    cloud.stop()
    cloud.stop()
    assert cloud.admin_url == ""
