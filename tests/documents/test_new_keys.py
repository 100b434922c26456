"""What docs/operations.md prints to change the keys of sessions, flows and links does just that."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from multi_user_oauth.errors import TamperedError, UnauthenticatedError
from multi_user_oauth.http.sessions import SessionSigner, SessionVerifier
from multi_user_oauth.keys.box import JweBox
from multi_user_oauth.model import Identity, Limits
from multi_user_oauth.wiring.provision import places, provision
from tests.documents.new_user import programs
from tests.documents.shell_blocks import blocks
from tests.unit.cli.processes import environment

ORIGIN: Final = "http://localhost:8084"
NOON: Final = datetime(2027, 5, 3, 12, tzinfo=UTC)
BOTH, NEW_ALONE = (
    next(
        block.text
        for block in blocks("docs/operations.md")
        if each in block.text and not block.needs_cloud
    )
    for each in ("mv $keys.new $keys.json", "rm -r made")
)
AT_ONCE: Final = next(
    block.text for block in blocks("docs/operations.md") if "rm .demo/secrets/" in block.text
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """The key files of one on this machine, in a folder of its own."""

    folder: Path

    @property
    def files(self) -> dict[str, Path]:
        """The files, by the settings that name them."""
        return {name: Path(place) for name, place in places(self.folder / ".demo").items()}

    def type(self, text: str) -> None:
        """Type a block but for the look at the demo, which does not run here."""
        lines = [line for line in text.splitlines() if "multi-user-oauth doctor" not in line]
        subprocess.run(
            ["/bin/bash", "-ec", "\n".join(lines)], cwd=self.folder, env=environment(), check=True
        )

    def sealed(self) -> dict[str, str]:
        """Return what each of the keys makes now."""
        boxes = {name: JweBox(self.files[name]) for name in ("FLOW_KEYS_FILE", "LINK_KEYS_FILE")}
        return {
            **{name: box.seal("page", {"about": name}) for name, box in boxes.items()},
            "SESSION_PUBLIC_KEYS_FILE": self._session(),
        }

    def opens(self, sealed: dict[str, str]) -> set[bool]:
        """Return whether what was made once is good now: all of it, none of it, or some."""
        return {self._opens(name, text) for name, text in sealed.items()}

    def _opens(self, name: str, text: str) -> bool:
        file = self.files[name]
        try:
            if name == "SESSION_PUBLIC_KEYS_FILE":
                SessionVerifier(file, audience=ORIGIN, now=lambda: NOON).verify(text)
            else:
                JweBox(file).open("page", text)
        except (TamperedError, UnauthenticatedError):
            return False
        return True

    def _session(self) -> str:
        signer = SessionSigner(
            self.files["SESSION_SIGNING_KEY_FILE"], audience=ORIGIN, now=lambda: NOON,
            draw=bytes, limits=Limits(),
        )  # fmt: skip
        someone = Identity.google("1234")
        return signer.sign(signer.session_for(someone, "sarah@company.com", None)).reveal()


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    """One with the keys of its first start."""
    # Not below the folder of this run, in which no secret may lie.
    with TemporaryDirectory() as place:
        folder = Path(place)
        provision(folder / ".demo")
        programs(folder / ".venv/bin")
        yield Deployment(folder)


def test_at_first_both_count_and_the_new_ones_make(deployment: Deployment) -> None:
    """Nobody has to sign in again; who else is on the machine can read none of the files."""
    before = deployment.sealed()
    first = {name: file.read_text() for name, file in deployment.files.items() if file.is_file()}
    deployment.type(BOTH)
    assert deployment.opens(before) == {True}
    assert deployment.opens(deployment.sealed()) == {True}
    secrets = deployment.folder / ".demo/secrets"
    assert {file.stat().st_mode & 0o777 for file in secrets.iterdir()} == {0o600}
    assert {file.name for file in secrets.iterdir()} == {
        Path(name).name for name in deployment.files.values() if name.is_file()
    }
    signing = json.loads(deployment.files["SESSION_SIGNING_KEY_FILE"].read_text())
    assert signing["kid"] not in first["SESSION_SIGNING_KEY_FILE"]


def test_a_day_later_the_old_ones_count_no_more(deployment: Deployment) -> None:
    """What the new ones have made goes on; no copy of a key is left."""
    before = deployment.sealed()
    deployment.type(BOTH)
    since = deployment.sealed()
    deployment.type(NEW_ALONE)
    assert deployment.opens(since) == {True}
    assert deployment.opens(before) == {False}
    assert sorted(each.name for each in deployment.folder.iterdir()) == [".demo", ".venv"]


def test_after_a_leak_nothing_of_before_counts(deployment: Deployment) -> None:
    """At once; the keys of tokens are left as they are."""
    before = deployment.sealed()
    tokens = [file.read_bytes() for file in sorted((deployment.folder / ".demo/keys").iterdir())]
    deployment.type(AT_ONCE)
    assert deployment.opens(before) == {False}
    assert deployment.opens(deployment.sealed()) == {True}
    assert tokens == [
        file.read_bytes() for file in sorted((deployment.folder / ".demo/keys").iterdir())
    ]
