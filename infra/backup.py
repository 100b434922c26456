"""Take a backup and keep it in a bucket: `python3 backup.py KIND BUCKET`, KIND being `whole` or `ledger`.

Run by Cloud Build (backups.tf) beside the library and what it requires. The account that it runs as can
create objects in the bucket, and neither list, read nor overwrite one. The last line says the digest that
`restore --digest` compares: it is in the log, not in the bucket.
"""  # noqa: INP001  # reason: a program beside Terraform's files, not a package

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import requests

STORAGE: Final = "https://storage.googleapis.com"
KINDS: Final = {"whole": (), "ledger": ("--ledger-only",)}
_COMMAND: Final = (sys.executable, "-m", "multi_user_oauth.cli", "backup", "--json")
_SCOPE: Final = "https://www.googleapis.com/auth/devstorage.read_write"
_TIMEOUT: Final = 600.0  # seconds without an answer


class NotTakenError(Exception):
    """What the command said for itself."""


class NotKeptError(Exception):
    """The bucket did not take the backup, or took another."""


def take(kind: str, file: Path, command: Sequence[str] = _COMMAND) -> str:
    """Write the backup to the file and return its digest; raise `NotTakenError`."""
    run = [*command, *KINDS[kind], "--", str(file)]
    said = subprocess.run(run, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603  # reason: our own command
    if said.returncode != 0:
        raise NotTakenError(f"exit code {said.returncode}: {said.stdout.strip()}")
    return str(json.loads(said.stdout)["digest"])


def keep(session: requests.Session, file: Path, bucket: str, name: str, origin: str) -> None:
    """Create the object (JSON API, "Objects: insert"); raise `NotKeptError`, if one is there too."""
    with file.open("rb") as body:
        answer = session.post(
            f"{origin}/upload/storage/v1/b/{bucket}/o",
            params={"uploadType": "media", "name": name, "ifGenerationMatch": "0"},
            headers={"Content-Type": "application/octet-stream"},
            data=body,
            timeout=_TIMEOUT,
        )
    if answer.status_code != requests.codes.ok:
        raise NotKeptError(f"gs://{bucket}/{name}: the bucket answered {answer.status_code}")
    if answer.json()["md5Hash"] != _md5(file):
        raise NotKeptError(f"gs://{bucket}/{name}: what was stored is not what was sent")


def _md5(file: Path) -> str:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False))
    return base64.b64encode(digest.digest()).decode()


def object_name(kind: str, at: datetime) -> str:
    """Return `KIND/TIME.backup`, in the order of time."""
    return f"{kind}/{at:%Y-%m-%dT%H-%M-%SZ}.backup"


def main(kind: str, bucket: str) -> None:
    """Take one, keep it, and say which and its digest."""
    import google.auth  # noqa: PLC0415  # reason: the rest is tried where this is not
    from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415  # reason: the same

    credentials, _ = google.auth.default(scopes=[_SCOPE])
    name = object_name(kind, datetime.now(UTC))  # noqa: TID251  # reason: a program makes its own clock
    with TemporaryDirectory() as folder, AuthorizedSession(credentials) as session:
        file = Path(folder) / "taken.backup"
        digest = take(kind, file)
        keep(session, file, bucket, name, STORAGE)
    sys.stdout.write(f"kept gs://{bucket}/{name} digest {digest}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
