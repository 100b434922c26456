"""Where a run leaves what it stored: its temporary files, the emulator's databases, the environment."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.request import Request, urlopen

from tests.plugins.watch import Watch

BY_DESIGN: Final = {
    "client_secrets.yaml": "the embedded back end's client secrets are this file, mode 0600",
    "client_secrets_file.yaml": "the same, as another fixture calls it",
    "CLIENT_SECRETS_FILE": "the same, as another fixture calls it",
    "state.json": "the sandbox's memory: it is the provider that issued them",
}
"""Files that hold secrets because that is what they are for, and why."""

DATABASES: Final = ("main", "activity")
ENVIRON: Final = Path("/proc/self/environ")
_AS_OWNER: Final = {"Authorization": "Bearer owner", "Content-Type": "application/json"}
_ALL: Final = json.dumps({"structuredQuery": {"from": [{"allDescendants": True}]}}).encode()


def hear_folder(watch: Watch, folder: Path) -> None:
    """Hear every file below a folder: databases with their journals, logs, whatever was left there."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if path.is_file() and not path.is_symlink() and name not in BY_DESIGN:
                with suppress(OSError):  # a test has closed it to itself, or it has gone meanwhile
                    watch.hear_file(path, str(path.relative_to(folder)))


def hear_environment(watch: Watch, process: Path = ENVIRON) -> None:
    """Hear this process's environment, and where the system tells it, the one that it was given."""
    watch.hear("the environment", "\n".join(os.environ.values()))
    if process.is_file():
        watch.hear_file(process, str(process))


def hear_emulator(watch: Watch, address: str, project: str) -> None:
    """Hear every document of a project in a Firestore emulator."""
    for database in DATABASES:
        place = f"projects/{project}/databases/{database}/documents"
        request = Request(f"http://{address}/v1/{place}:runQuery", _ALL, _AS_OWNER)
        with urlopen(request, timeout=30) as answer:  # noqa: S310  # reason: the address of an emulator of ours
            watch.hear_bytes(place, answer.read())
