"""A new user types every command of the documents as it is printed, and it does what they say."""

import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.documents.new_user import Ended, terminal
from tests.documents.shell_blocks import Block, Command, blocks, commands, documents
from tests.unit.cli.processes import ROOT

EXCEPTED: Final = {
    r"^(\w+=\S+ )*make ": (
        "installs, serves, or runs for long; a demo is started instead, tests/unit/cli has the others"
    ),
    r"multi-user-oauth mcp .* --http": (
        "serves until Ctrl-C: tests/unit/mcp/test_beside_the_demo.py"
    ),
    r"docs/examples/(backend|frontend)/\w+\.py": "serves until Ctrl-C: tests/examples",
    r"PUBSUB_EMULATOR_HOST|\.demo/gcp/": (
        "beside `make demo BACKEND=gcp`, which needs Java: tests/cloud/test_examples.py, tests/cloud"
    ),
    r"sign_in_needed\.py": "the same",
    r"pip install|langchain_agent\.py": (
        "installs what not everybody wants: tests/examples/test_langchain_agent.py"
    ),
}
"""What is not typed here, by a pattern of the command; and why, or where it is."""
OF_A_CLOUD: Final = re.compile(r"\b(gcloud|terraform|az|aws|bq)\b|--env ")


def is_excepted(command: Command) -> bool:
    """Whether it is on the list."""
    return any(re.search(pattern, command.text, re.MULTILINE) for pattern in EXCEPTED)


@pytest.fixture(scope="module")
def typed() -> Iterator[dict[str, list[Ended]]]:
    """How each command ended, by document: all are typed in one clone, beside one demo."""
    with terminal() as here:
        yield {
            document: here.type([each for each in commands(document) if not is_excepted(each)])
            for document in documents()
        }


@pytest.mark.parametrize("document", documents())
def test_every_command_ends_as_the_document_says(
    document: str, typed: dict[str, list[Ended]]
) -> None:
    """With 0, unless a comment beside it names another exit code."""
    wrong = [each for each in typed[document] if each.exit_code != each.command.exit_code]
    assert wrong == [], "\n\n".join(map(str, wrong))


def test_much_is_typed(typed: dict[str, list[Ended]]) -> None:
    """Else a fence of another kind would let a document say anything."""
    counts = {document: len(ended) for document, ended in typed.items()}
    assert counts["docs/guide.md"] >= 30
    assert counts["docs/operations.md"] >= 40


def test_no_exception_is_left_over() -> None:
    """Each of them is about a command that is still printed."""
    printed = [each.text for document in documents() for each in commands(document)]
    unused = [
        pattern
        for pattern in EXCEPTED
        if not any(re.search(pattern, text, re.MULTILINE) for text in printed)
    ]
    assert unused == []


def cloud_blocks() -> list[Block]:
    """Return the blocks that are excepted by their mark."""
    return [block for name in documents() for block in blocks(name) if block.needs_cloud]


@pytest.mark.parametrize("block", cloud_blocks(), ids=lambda each: f"{each.document}:{each.line}")
def test_what_is_marked_needs_a_cloud(block: Block) -> None:
    """It asks Google, Microsoft or Amazon, or a deployment's own settings; the mark is no way out."""
    assert OF_A_CLOUD.search(block.text)


@pytest.mark.parametrize("document", [name for name in documents() if "examples" not in name])
def test_a_reader_sees_the_mark(document: str) -> None:
    """The fence does not show: the first line says it, and the top of the document what that means."""
    marked = [block for block in blocks(document) if block.needs_cloud]
    assert [block for block in marked if not block.text.startswith("# in the cloud")] == []
    top, _, _ = (ROOT / document).read_text("utf-8").partition("\n- [")
    assert ("`# in the cloud`" in top) == bool(marked)
