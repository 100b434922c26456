"""An older system's tokens in the local Google Cloud: an operator sends them, `refresh` takes them in."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from multi_user_oauth.sandbox.company import JOHN, MARIA, PAT
from multi_user_oauth.sandbox.state import State
from tests.cloud.running import GOOGLE, MICROSOFT, RunningDemo
from tests.support.memory import MEMORY
from tests.support.old_tokens import as_answer, old_token, write_old
from tests.unit.cli.processes import command


def test_an_operator_imports_with_no_right_to_anything(demo: RunningDemo) -> None:
    """By `REFRESH_URL`; the tokens are handed out at once, and no list of processes shows one."""
    state: State = demo.cloud.sandbox.app.extensions["sandbox"]
    env_file = demo.world.settings_file
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        old = Path(folder)
        write_old(old, MICROSOFT, MARIA.email, as_answer(old_token(state, "microsoft", MARIA)))
        write_old(old, GOOGLE, MARIA.email, as_answer(old_token(state, "google", MARIA)))
        write_old(old, MICROSOFT, PAT.email, as_answer(old_token(state, "microsoft", JOHN)))
        write_old(old, GOOGLE, PAT.email, as_answer("nonsense"))

        done = command("import", folder, "--env", env_file, "--json", cwd=env_file.parent)

    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["taken_in"], told["failed"]) == (2, 2)
    reasons = {(each["connector_type"], each["reason"]) for each in told["files"] if each["reason"]}
    assert reasons == {(MICROSOFT, "email_mismatch"), (GOOGLE, "dead")}
    for connector_type in (MICROSOFT, GOOGLE):
        assert demo.get_token(MARIA, connector_type).status_code == 200
