"""The commands that documents print: where each stands, whether it needs a cloud, how it has to end."""

import re
import subprocess
import textwrap
from dataclasses import dataclass
from functools import cache
from typing import Final

from tests.unit.cli.processes import ROOT

FENCE: Final = re.compile(r"^( *)```sh( cloud)?\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
"""A block for a shell, in a list or not; the second word is the mark of those that need a cloud."""
ENDS_WITH: Final = re.compile(r"#.*\bexit code (\d+)\b")
"""How a document says that a command does not end with 0."""


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two fences."""

    document: str
    line: int
    needs_cloud: bool
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command with all its lines."""

    document: str
    line: int
    text: str

    @property
    def exit_code(self) -> int:
        """With what it has to end: what the document says, else 0."""
        said = ENDS_WITH.search(self.text)
        return int(said[1]) if said else 0

    def __str__(self) -> str:
        return f"{self.document}:{self.line}: {self.text}"


def documents() -> list[str]:
    """Return the documents that a new user follows, in the order in which they lead on."""
    first = ("README.md", *(f"docs/{name}.md" for name in ("guide", "operations", "setup")))
    named = (*first, *(f"docs/{name}.md" for name in ("connector-types", "policy", "protocol")))
    examples = sorted((ROOT / "docs/examples").rglob("README.md"))
    there = [name for name in named if (ROOT / name).exists()]
    return [*there, *(path.relative_to(ROOT).as_posix() for path in examples)]


@cache
def blocks(document: str) -> tuple[Block, ...]:
    """Return the document's blocks for a shell."""
    text = (ROOT / document).read_text("utf-8")
    return tuple(
        Block(
            document=document,
            line=text.count("\n", 0, found.start(3)) + 1,
            needs_cloud=found[2] is not None,
            text=textwrap.dedent(found[3]),
        )
        for found in FENCE.finditer(text)
    )


@cache
def commands(document: str) -> tuple[Command, ...]:
    """Return what a reader without a cloud account types, in its order."""
    return tuple(
        command
        for block in blocks(document)
        if not block.needs_cloud
        for command in _commands(block)
    )


def _commands(block: Block) -> list[Command]:
    found, begun, first = [], "", 0
    for number, line in enumerate(block.text.splitlines(), start=block.line):
        first = first if begun else number
        begun = f"{begun}{line}\n"
        said = [each for each in begun.splitlines() if each.strip() and not each.startswith("#")]
        if said and not said[-1].endswith("\\") and _is_complete(begun):
            found.append(Command(block.document, first, begun.rstrip()))
            begun = ""
    if any(line.strip() and not line.startswith("#") for line in begun.splitlines()):
        raise ValueError(f"{block.document}:{first}: a command that does not end")
    return found


def _is_complete(text: str) -> bool:
    """Whether a shell would wait for no further line."""
    read = subprocess.run(
        ["/bin/bash", "-n"], input=text, capture_output=True, text=True, check=False
    )
    return read.returncode == 0 and not read.stderr  # of an unfinished document it only warns
