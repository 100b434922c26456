"""25 MB up and down through the connectors function as a real process, which never holds them."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from multi_user_oauth.sandbox.company import SARAH
from tests.support.clock import RunningClock
from tests.support.connectors import CONNECTORS, connected, wide
from tests.support.functions import GOOGLE, MICROSOFT, Installation
from tests.support.processes import Process, answers, free_ports, serving, until

SIZE: Final = 25_000_000
CHUNK: Final = 7_864_320
MOST: Final = 8 * 1024 * 1024
ALLOWED: Final = 64 * 1024
"""Kibibytes above idle."""
LARGEST_REFUSED: Final = 40_000_000
CONTENT: Final = (bytes(range(251)) * (SIZE // 251 + 1))[:SIZE]
DIGEST: Final = hashlib.sha256(CONTENT).hexdigest()
WIDE_FILES: Final = ("CONNECTOR_TYPES_FILE", "POLICY_FILE")
FAULTS: Final = {
    MICROSOFT: {"provider": "microsoft", "endpoint": "onedrive_bytes"},
    GOOGLE: {"provider": "google", "endpoint": "drive"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The function at its address, and an agent who calls it."""

    installation: Installation
    process: Process
    url: str
    bearer: str
    idle: Mapping[str, int]
    """Kibibytes, the most that each of its processes ever had before it was asked anything."""

    def send(self, method: str, path: str, **options: Any) -> requests.Response:  # noqa: ANN401  # reason: those of requests
        """Call it, and wait for the whole answer."""
        headers = {"Authorization": f"Bearer {self.bearer}", **options.pop("headers", {})}
        query = (
            None if "json" in options else {"user_email": SARAH.email, **options.pop("query", {})}
        )
        url = f"{self.url}{CONNECTORS}/{path}"
        return requests.request(method, url, params=query, headers=headers, timeout=60, **options)

    @contextmanager
    def within(self, allowed: int) -> Iterator[None]:
        """Fail if one of its processes ever has so many kibibytes more than when it was idle."""
        for pid in self.idle:
            Path(f"/proc/{pid}/clear_refs").write_text(
                "5"
            )  # the most begins anew, with what is now
        yield
        grown = max(most - self.idle[pid] for pid, most in peaks(self.process.pid).items())
        assert grown < allowed, f"{grown} KiB above idle"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, keys: Mapping[str, str]) -> Iterator[Running]:
    """Serve it as the platform does; Sarah was connected by other functions, in this process."""
    clock = RunningClock(datetime.now(UTC))  # noqa: TID251  # reason: a real process, real time
    folder = tmp_path_factory.mktemp("big")
    wide_files = {name: wide(folder, keys).settings[name] for name in WIDE_FILES}
    installation = connected(Installation(folder, keys, wide_files, clock=clock), SARAH)
    (port,) = free_ports(1)
    with installation.sandbox as sandbox:
        settings = {**installation.settings, "SANDBOX_URL": sandbox.base_url, "THREADS": "8"}
        arguments = serving("connectors", port)
        process = Process("big-connectors", arguments, settings=settings, talks=False)
        try:
            until(lambda: answers(process, port), "the function answers")
            yield Running(
                installation=installation,
                process=process,
                url=f"http://127.0.0.1:{port}",
                bearer=str(installation.agent().bearer),
                idle=peaks(process.pid),
            )
        finally:
            process.stop()


def peaks(pid: int) -> dict[str, int]:
    """Return the most memory that each of the server's processes ever had (proc(5), VmHWM), kibibytes."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert children, "the worker is a process of its own"
    found = {each: Path(f"/proc/{each}/status").read_text() for each in (str(pid), *children)}
    return {
        each: int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) for each, status in found.items()
    }


def upload(
    running: Running, connector_type: str, name: str, faults: Iterable[str] = ()
) -> dict[str, Any]:
    """
    Send it in chunks and return the file; after a failure it is asked from where to go on.

    `faults` are what becomes of the connection to the provider with each of the first chunks.
    """
    coming = iter(faults)
    body = {"user_email": SARAH.email, "name": name, "size": SIZE}
    begun = running.send("POST", f"{connector_type}/files/uploads", json=body)
    assert begun.status_code == 201, begun.text
    path, offset = f"{connector_type}/files/uploads/{begun.json()['upload_id']}", 0
    while True:
        last = min(offset + CHUNK, SIZE) - 1
        headers = {"Content-Range": f"bytes {offset}-{last}/{SIZE}"}
        if kind := next(coming, None):
            running.installation.sandbox.add_fault(kind=kind, **FAULTS[connector_type])
        sent = running.send("PUT", path, data=CONTENT[offset : last + 1], headers=headers)
        if sent.status_code == 503:
            sent = running.send("GET", path)
        assert sent.status_code in {200, 201, 202}, sent.text
        if "id" in sent.json():
            file: dict[str, Any] = sent.json()
            return file
        offset = sent.json()["next_offset"]


def download(running: Running, connector_type: str, file_id: str) -> str:
    """Read it by ranges, as much as each answer brings; return the digest."""
    digest, first = hashlib.sha256(), 0
    while first < SIZE:
        headers = {"Range": f"bytes={first}-"}
        path = f"{connector_type}/files/{file_id}/content"
        part = running.send("GET", path, headers=headers)
        assert part.status_code == 206, part.text
        last = min(first + MOST, SIZE) - 1
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
        digest.update(part.content)
        first += len(part.content)
    return digest.hexdigest()


@pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])
def test_25_megabytes_pass_through_and_are_never_held(
    running: Running, connector_type: str
) -> None:
    """Bytes equal, two chunks dropped on the way; memory stays within 64 MiB above idle."""
    with running.within(ALLOWED):
        file = upload(running, connector_type, "big.bin", faults=("drop", "drop_after"))
        assert file["size"] == SIZE
        assert download(running, connector_type, file["id"]) == DIGEST
    path = f"{connector_type}/files/{file['id']}/content"
    whole = running.send("GET", path)
    assert (whole.status_code, whole.json()["code"]) == (400, "range_required")


def test_many_at_once_are_no_more_each(running: Running) -> None:
    """Three uploads, then three downloads, at the same time and in the same memory."""
    names = [f"many {number}.bin" for number in range(3)]
    with running.within(ALLOWED), ThreadPoolExecutor(3) as pool:
        files = list(pool.map(lambda name: upload(running, MICROSOFT, name), names))
        digests = pool.map(lambda file: download(running, MICROSOFT, file["id"]), files)
        assert set(digests) == {DIGEST}


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_body_of_40_megabytes_is_refused(running: Running, method: str) -> None:
    """With an answer that says so, in the same memory."""
    path = f"{MICROSOFT}/files" + ("/uploads" if method == "POST" else "")
    query = {"name": "too large"} if method == "PUT" else {}
    headers = {"Content-Type": "application/json"}
    body = bytes(LARGEST_REFUSED)
    with running.within(ALLOWED):
        refused = running.send(method, path, query=query, data=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
