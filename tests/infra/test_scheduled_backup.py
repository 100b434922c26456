"""A scheduled backup, from the command line to a bucket that takes new objects and nothing else."""

import base64
import gzip
import hashlib
import json
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import yaml

from infra import backup
from tests.infra.terraform import INFRA, ROOT, blocks

AT: Final = datetime(2026, 11, 23, 3, 17, 5, tzinfo=UTC)
NAME: Final = "whole/2026-11-23T03-17-05Z.backup"
SCHEDULED: Final = (INFRA / "backups.tf").read_text("utf-8")


class Bucket:
    """What was stored, and every request; `alters` what it is sent."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.alters = False

    def insert(self, query: Mapping[str, list[str]], body: bytes) -> tuple[int, dict[str, str]]:
        """As the JSON API: 412 where an object is there that was to be new."""
        (name,) = query["name"]
        if query["ifGenerationMatch"] != ["0"] or name in self.objects:
            return 412, {}
        self.objects[name] = body[1:] if self.alters else body
        digest = hashlib.md5(self.objects[name], usedforsecurity=False).digest()
        return 200, {"name": name, "md5Hash": base64.b64encode(digest).decode()}


@pytest.fixture
def bucket() -> Bucket:
    """An empty one."""
    return Bucket()


@pytest.fixture
def origin(bucket: Bucket) -> Iterator[str]:
    """Where Cloud Storage is."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bucket.requests.append(f"POST {urlsplit(self.path).path}")
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = bucket.insert(parse_qs(urlsplit(self.path).query), body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A backup that was taken."""
    taken = tmp_path / "taken.backup"
    taken.write_bytes(gzip.compress(b"sealed"))
    return taken


def kept(file: Path, origin: str) -> None:
    """Keep it."""
    with requests.Session() as session:
        backup.keep(session, file, "backups", NAME, origin)


def test_a_backup_is_one_request_that_makes_a_new_object(
    file: Path, origin: str, bucket: Bucket
) -> None:
    """Whoever may create objects, and nothing else, can send it: nothing is listed or read."""
    kept(file, origin)
    assert bucket.objects == {NAME: file.read_bytes()}
    assert bucket.requests == ["POST /upload/storage/v1/b/backups/o"]


def test_an_older_one_is_never_replaced(file: Path, origin: str, bucket: Bucket) -> None:
    """Not even where the bucket would let us."""
    bucket.objects[NAME] = b"older"
    with pytest.raises(backup.NotKeptError, match="412"):
        kept(file, origin)
    assert bucket.objects == {NAME: b"older"}


def test_what_arrived_altered_is_not_called_kept(file: Path, origin: str, bucket: Bucket) -> None:
    """The bucket says what it has stored; it is compared with what was sent."""
    bucket.alters = True
    with pytest.raises(backup.NotKeptError, match="not what was sent"):
        kept(file, origin)


def test_a_name_says_what_it_is_and_sorts_by_time() -> None:
    """And is what the alert tells the kinds apart by."""
    assert backup.object_name("whole", AT) == NAME
    assert "/objects/([a-z]+)/" in (INFRA / "backup_alert.tf").read_text("utf-8")
    for kind in backup.KINDS:
        path = f"projects/_/buckets/backups/objects/{backup.object_name(kind, AT)}"
        assert re.findall(r"/objects/([a-z]+)/", path) == [kind]


def test_what_fails_keeps_nothing(tmp_path: Path) -> None:
    """The build fails with it, and its log says why."""
    failing = (sys.executable, "-c", "print('out of reach'); raise SystemExit(4)")
    with pytest.raises(backup.NotTakenError, match="exit code 4: out of reach"):
        backup.take("whole", tmp_path / "never", failing)


def test_the_digest_that_is_kept_is_in_the_line_that_is_said() -> None:
    """The log's filter looks for this word, and the bucket never holds the digest."""
    assert 'textPayload:\\" digest \\"' in (INFRA / "logs.tf").read_text("utf-8")
    assert " digest {digest}" in (INFRA / "backup.py").read_text("utf-8")


def test_schedules_and_kinds_are_the_same() -> None:
    """Each kind that is scheduled is one that can be taken."""
    (schedules,) = re.findall(r"backup_schedules = .*\{ (.*) \}", SCHEDULED)
    assert set(re.findall(r"(\w+) =", schedules)) == set(backup.KINDS)


def test_a_build_runs_pinned_images_and_takes_no_substitution() -> None:
    """Those of cloudbuild.yaml, one home for both; and a script is given values by its environment."""
    pinned = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text("utf-8"))["substitutions"]
    named = re.findall(r'local\.images\["(\w+)"\]', SCHEDULED)
    assert set(named) == {"_GCLOUD", "_PYTHON"} <= pinned.keys()
    (trigger,) = (
        b.body for b in blocks("resource", "backups.tf") if b.labels[0].endswith("_trigger")
    )
    scripts = [step["script"] for step in trigger["build"][0]["step"]]
    assert len(scripts) == 2
    for script in scripts:
        assert "set -eu" in script
        assert "${" not in script
    assert "--require-hashes --only-binary=:all: --no-deps" in scripts[1]
