"""serve refuses settings that can not work, before it listens."""

from pathlib import Path
from uuid import UUID

from .conftest import Run


def test_every_missing_setting_is_named_with_what_to_write(run: Run, tmp_path: Path) -> None:
    """All at once, and a fresh id ready to be copied."""
    file = tmp_path / "my.env"
    file.write_text("DATA_DIR=data\n")
    refused = run("serve", "--env", file)
    assert refused.exit_code == 2
    for name in ("DEPLOYMENT_ID", "CONNECTOR_TYPES_FILE", "POLICY_FILE", "CLIENT_SECRETS_FILE"):
        assert f"{name} (" in refused.stderr
    assert "DATA_DIR" not in refused.stderr
    UUID(refused.stderr.partition("DEPLOYMENT_ID=")[2][:36])


def test_the_sandbox_is_refused(run: Run, env_file: Path) -> None:
    """This command is for the real providers."""
    with env_file.open("a") as out:
        out.write("SANDBOX_URL=http://127.0.0.1:8085\n")
    refused = run("serve", "--env", env_file)
    assert refused.exit_code == 2
    assert "SANDBOX_URL" in refused.stderr
