"""An older system's tokens in the local Google Cloud: an operator sends them, `refresh` takes them in."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from multi_user_oauth.sandbox.company import JOHN, SARAH
from multi_user_oauth.sandbox.state import State
from tests.cloud.running import GOOGLE, MICROSOFT, RunningDemo
from tests.support.memory import MEMORY
from tests.support.old_tokens import as_answer, old_token, write_old
from tests.unit.cli.processes import command

GONE = "gone@company.com"


def test_an_operator_imports_with_no_right_to_anything(demo: RunningDemo) -> None:
    """By `REFRESH_URL`; the tokens are handed out at once, and no list of processes shows one."""
    state: State = demo.cloud.sandbox.app.extensions["sandbox"]
    env_file = demo.world.settings_file
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        old = Path(folder)
        write_old(old, MICROSOFT, JOHN.email, as_answer(old_token(state, "microsoft", JOHN)))
        write_old(old, GOOGLE, SARAH.email, as_answer(old_token(state, "google", SARAH)))
        write_old(old, MICROSOFT, GONE, as_answer(old_token(state, "microsoft", SARAH)))
        write_old(old, GOOGLE, GONE, as_answer("nonsense"))

        done = command("import", folder, "--env", env_file, "--json", cwd=env_file.parent)

    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["taken_in"], told["failed"]) == (2, 2)
    reasons = {(each["connector_type"], each["reason"]) for each in told["files"] if each["reason"]}
    assert reasons == {(MICROSOFT, "email_mismatch"), (GOOGLE, "dead")}
    # Connected by no other test that shares this demo.
    for account, connector_type in ((JOHN, MICROSOFT), (SARAH, GOOGLE)):
        assert demo.get_token(account, connector_type).status_code == 200
