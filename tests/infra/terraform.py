"""The files of infra/, parsed; and what Terraform itself makes of those that need no provider."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import hcl2

from tests.plugins.what_did_not_run import missing

ROOT: Final = Path(__file__).parents[2]
INFRA: Final = ROOT / "infra"
EVALUATED: Final = ("catalogue.tf", "grants.tf", "routes.tf", "variables.tf")
"""Files without a resource: Terraform evaluates them with no provider and no account."""
VARIABLES: Final = {
    "project_id": "company-oauth",
    "domain": "connect.company.com",
    "deployment_id": "3f0c9a52-6b1e-4a57-9c55-0d7d9f2c1b10",
}


class Block(NamedTuple):
    """One block: `resource "type" "name"`, `variable "name"` and the like."""

    labels: tuple[str, ...]
    body: Mapping[str, Any]


@cache
def parsed(file: str) -> Mapping[str, Any]:
    """One file, as python-hcl2 gives it: text keeps its quotes, an expression is `${...}`."""
    read: dict[str, Any] = hcl2.loads((INFRA / file).read_text("utf-8"))
    return read


def files() -> list[str]:
    """The names of all files of the configuration."""
    return sorted(path.name for path in INFRA.glob("*.tf"))


def blocks(kind: str, *among: str) -> Iterator[Block]:
    """All blocks of this kind, in these files or in all."""
    for file in among or files():
        for entry in parsed(file).get(kind, []):
            yield from _labelled(entry, ())


def local(name: str) -> Any:  # noqa: ANN401  # reason: whatever stands there
    """The value of a local as it is written, its quotes taken off."""
    found = [block.body[name] for block in blocks("locals") if name in block.body]
    assert len(found) == 1, name
    return unquoted(found[0])


def unquoted(value: Any) -> Any:  # noqa: ANN401  # reason: the same
    """The same without the quotes of texts, and without what the parser notes for itself."""
    match value:
        case dict():
            return {unquoted(k): unquoted(v) for k, v in value.items() if not _is_note(k)}
        case list():
            return [unquoted(each) for each in value]
        case str():
            return value[1:-1] if value.startswith('"') else value
        case _:
            return value


def evaluated(expression: str, folder: Path, **more: str) -> Any:  # noqa: ANN401  # reason: the same
    """What Terraform makes of an expression over the locals of `EVALUATED`, with `more` variables."""
    program = terraform()
    here = folder / "infra"
    here.mkdir()
    for file in EVALUATED:
        shutil.copy(INFRA / file, here)
    (folder / "functions").symlink_to(ROOT / "functions")
    settings = [f"-var={name}={value}" for name, value in (VARIABLES | more).items()]
    run = subprocess.run(
        [program, "console", *settings],
        input=f"jsonencode({expression})\n",
        cwd=here,
        env={"CHECKPOINT_DISABLE": "1", "HOME": str(folder), "TF_CLI_ARGS": "-no-color"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(json.loads(run.stdout))


def terraform() -> str:
    """The program; without it the test is skipped."""
    found = shutil.which("terraform")
    if found is None:
        missing("terraform", why="not on the PATH", mend="install Terraform 1.11 or later")
    return found


def _labelled(entry: Mapping[str, Any], labels: tuple[str, ...]) -> Iterator[Block]:
    if "__is_block__" in entry:
        yield Block(labels, entry)
        return
    for label, inner in entry.items():
        if not _is_note(label):
            yield from _labelled(inner, (*labels, unquoted(label)))


def _is_note(name: str) -> bool:
    return name.startswith("__")
