"""The first requests of a fresh instance come all at once: none of them may bring the process down."""

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.processes import ROOT, environment

# Threads that take turns as often as they can, each the first to use what `USE` names.
PROGRAM = """
import sys, threading
sys.setswitchinterval(1e-6)
{setup}
start, got = threading.Barrier(8), []
def use():
    start.wait()
    got.append({use})
threads = [threading.Thread(target=use) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert got == [got[0]] * 8
"""
CONNECTION = """
from datetime import UTC, datetime
from multi_user_oauth.model import Connection
from multi_user_oauth.stores.document import from_document
then = datetime(2026, 1, 5, tzinfo=UTC)
document = {
    "schema": 1, "connector_type": "kind", "user_email": "ada@example.com", "status": "active",
    "identity": "google:1", "epoch": 1, "generation": 1, "commit_id": "c", "connected_at": then,
    "audit": {"sequence": 1, "hash": "h"}, "scopes": ["mail"], "access_token_expires_at": then,
    "sealed_access": b"a", "sealed_refresh": b"r", "lease": {"id": "l"}, "failure": None,
}
"""
BODY = """
from multi_user_oauth.http.authorize import AuthorizeRequest
from multi_user_oauth.http.reading import shaped
body = {"user_email": "ada@example.com", "connector_type": "kind", "scopes": ["mail"]}
"""
USES = {
    "a record": (CONNECTION, "from_document(Connection, 'kind:ada@example.com', document)"),
    "a body": (BODY, "shaped(body, AuthorizeRequest)"),
}
TIMES = 12


@pytest.mark.parametrize(("setup", "use"), USES.values(), ids=USES)
def test_eight_threads_may_be_first(setup: str, use: str) -> None:
    """Unmended, msgspec kills every third process or so that reads its first record this way."""

    def run(_: int) -> int:
        program = PROGRAM.format(setup=setup, use=use)
        return subprocess.run(
            [sys.executable, "-c", program], env=environment({}), check=False, timeout=60
        ).returncode

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(run, range(TIMES))) == [0] * TIMES


def test_every_shape_of_a_body_is_learned_at_import() -> None:
    """A new one is decorated too."""
    shapes = [
        (node.name, [ast.unparse(decorator) for decorator in node.decorator_list])
        for file in (ROOT / "shared/multi_user_oauth/http").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and "msgspec.Struct" in map(ast.unparse, node.bases)
    ]
    assert shapes
    assert [name for name, decorators in shapes if "learned" not in decorators] == []
