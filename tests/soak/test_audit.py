"""A hundred thousand audit records: verified in no more memory than a few thousand."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from tests.support.audit_chains import (
    anchor_line,
    chain,
    person,
    verified,
    write_chains,
)
from tests.support.clock import ManualClock
from tests.support.stores import main_store

FEW, MANY, RECORDS = 50, 1_000, 100
GROWTH = 256 * 1024  # bytes


def log(people: int) -> Iterator[str]:
    """Yield the log's lines, none of which is kept."""
    for number in range(people):
        yield from (anchor_line(each.audit) for each in chain(person(number), RECORDS))


def peak(folder: Path, people: int) -> int:
    """Return the most bytes that Python held while so many people's records were verified."""
    folder.mkdir()
    write_chains(folder, map(person, range(people)), RECORDS)
    store = main_store(folder, ManualClock())
    store.all_audit(after=None, limit=1)
    tracemalloc.start()
    try:
        findings, verify = verified(store, log(people))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (findings, verify.records) == ([], people * RECORDS)
    return most


def test_memory_is_flat(tmp_path: Path) -> None:
    """N93: twenty times the records, the same pages; anchors lie in a file."""
    few, many = peak(tmp_path / "few", FEW), peak(tmp_path / "many", MANY)
    assert many - few < GROWTH, f"{few:,} bytes, then {many:,}"
