"""`python -m tests.upgrade.freeze DIR`: this release's records, for later releases to be tried with."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

from multi_user_oauth.events.cloud_events import attributes, payload
from multi_user_oauth.events.pubsub import SHARD
from multi_user_oauth.log import JsonFormatter
from multi_user_oauth.ports.backup import BackupKind
from multi_user_oauth.ports.events import Event, EventType
from multi_user_oauth.sandbox.emulator import find_jar, find_java, gcloud_sdk_root, java_command
from multi_user_oauth.wiring.provision import provision
from tests.plugins.emulators import running
from tests.support.clock import START, ManualClock
from tests.support.installation import ORIGIN
from tests.upgrade import frozen, rules
from tests.upgrade.doing import backed_up
from tests.upgrade.history import live
from tests.upgrade.in_flight import InFlight
from tests.upgrade.places import EMULATOR, GoogleCloudHere, Place, google_cloud

BACKENDS: Final = ("embedded", "gcp")
ANCHOR: Final = "audit anchor"


class Anchors(logging.Handler):
    """The lines of the log that bear witness to the audit, as production writes them."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self.setFormatter(JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, if it is one."""
        if record.getMessage() == ANCHOR:
            self.lines.append(self.format(record))


@contextmanager
def anchored() -> Iterator[list[str]]:
    """Give the lines that are logged within the block."""
    handler, logger = Anchors(), logging.getLogger("multi_user_oauth")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def write_rules(folder: Path) -> None:
    """Write the two files of an operator."""
    frozen.write_text(folder / "connector_types.yaml", rules.CONNECTOR_TYPES)
    frozen.write_text(folder / "policy.yaml", rules.POLICY)


def settings(files: Path) -> dict[str, str]:
    """Return the settings that name what lies below `files`."""
    return {
        **provision(files),
        "CONNECTOR_TYPES_FILE": str(files / "connector_types.yaml"),
        "POLICY_FILE": str(files / "policy.yaml"),
    }


def freeze_backend(
    out: Path, files: Path, work: Path, before: Mapping[str, str], after: Mapping[str, str]
) -> Place:
    """Let everything happen, and write what does not lie in a database; return the place."""
    clock, places = ManualClock(), list[Place]()
    for name, changes in (("before", before), ("place", after)):
        folder = work / name
        folder.mkdir(parents=True)
        every = {**settings(files), "DATA_DIR": str(folder), **changes}
        sandbox = places[0].sandbox if places else None
        places.append(Place(folder, every, clock=clock, seed=name, sandbox=sandbox))
    with anchored() as lines:
        left: InFlight = live(*places)
    out.mkdir(parents=True)
    for name, kind in (("backup", BackupKind.WHOLE), ("ledger", BackupKind.LEDGER)):
        (out / f"{name}.gz").write_bytes(backed_up(places[1], kind))
    frozen.write_json(out / "in_flight.json", asdict(left))
    frozen.write_text(out / "anchors.log.gz", "".join(f"{line}\n" for line in lines))
    state = (work / "before/state.json").read_text("utf-8")
    frozen.write_text(out / "state.json.gz", state)
    return places[1]


def freeze_embedded(out: Path, files: Path, work: Path) -> None:
    """Freeze SQLite and key files."""
    freeze_backend(out, files, work, {}, {})
    for name in frozen.DATABASES:
        frozen.write_text(out / f"{name}.sql.gz", frozen.dump_sqlite(work / f"place/{name}.db"))


def freeze_gcp(out: Path, files: Path, work: Path, emulator: str, *, project: str) -> None:
    """Freeze Firestore and Cloud KMS, on this machine."""
    work.mkdir(parents=True)
    keys = work / "state.json"
    with GoogleCloudHere(keys) as cloud:
        places = [google_cloud(cloud, emulator, name) for name in (f"{project}-lost", project)]
        with places[0] as before, places[1] as after:
            freeze_backend(out, files, work, before, after)
    for name in frozen.DATABASES:
        documents = frozen.dump_firestore(emulator, project, name)
        frozen.write_json(out / f"{name}.json.gz", documents)
    # The applications' secrets are settings, and made anew.
    frozen.write_json(out / "keys.json", {"keys": frozen.read_json(keys)["keys"]})


def messages() -> dict[str, object]:
    """Return what others hear from us: an event of each type, and a shard's message."""
    events = [
        Event(id=str(number), type=kind, subject="microsoft_teams/sarah@company.com", at=START,
              data={"reason": "made up"})
        for number, kind in enumerate(EventType)
    ]  # fmt: skip
    told = [
        {"attributes": attributes(event, source=ORIGIN), "data": payload(event).decode()}
        for event in events
    ]
    return {"events": told, "shard": {SHARD: "3"}}


def freeze(out: Path, emulator: str, *, project: str) -> None:
    """Write everything into an empty folder."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        files = work / "files"
        provision(files)
        write_rules(files)
        freeze_embedded(out / "embedded", files, work / "embedded")
        freeze_gcp(out / "gcp", files, work / "gcp", emulator, project=project)
        frozen.write_json(out / frozen.FILES, frozen.pack_files(files))
        frozen.write_json(out / "messages.json", messages())


def main(arguments: Sequence[str]) -> None:
    """Freeze with an emulator of this run, or the one that FIRESTORE_EMULATOR_HOST names."""
    if len(arguments) != 1:
        sys.exit("Usage: python -m tests.upgrade.freeze tests/vectors/release-VERSION")
    out = Path(arguments[0])
    if out.exists():
        sys.exit(f"{out} is there: what was frozen is never changed.")
    # What goes wrong on purpose is no news to whoever runs this.
    logging.getLogger("multi_user_oauth").addHandler(logging.NullHandler())
    with _emulator() as address:
        freeze(out, address, project=f"frozen-{uuid4().hex[:8]}")
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    sys.stdout.write(
        f"Frozen: {out}, {size // 1000} kB. It wants a README.md, as the others have.\n"
    )


@contextmanager
def _emulator() -> Iterator[str]:
    if address := os.environ.get(EMULATOR):
        yield address
        return
    java, jar = find_java(os.environ), find_jar(os.environ, gcloud_sdk_root)
    if java is None or jar is None:
        sys.exit("Java and the Firestore emulator are needed; `make test` says where to get them.")
    with running("firestore-emulator", partial(java_command, java, jar)) as address:
        yield address


if __name__ == "__main__":
    main(sys.argv[1:])
