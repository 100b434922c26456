"""Verifying the audit of a thousand people, with the log's anchors."""

from pathlib import Path
from time import perf_counter

from tests.benchmarks.results import Figure, Results
from tests.support.audit_chains import anchor_line, chain, person, verified, write_chains
from tests.support.clock import ManualClock
from tests.support.stores import main_store

PEOPLE, RECORDS = 1_000, 100
SECONDS = 30


def test_a_hundred_thousand_records(results: Results, tmp_path: Path) -> None:
    """Each read, hashed, and met with its anchor, on SQLite."""
    keys = [person(number) for number in range(PEOPLE)]
    write_chains(tmp_path, keys, RECORDS)
    log = [anchor_line(each.audit) for key in keys for each in chain(key, RECORDS)]
    store = main_store(tmp_path, ManualClock())
    began = perf_counter()
    findings, verify = verified(store, log)
    took = perf_counter() - began
    name = f"{verify.records:,} audit records verified, with their anchors"
    results.add("others", Figure(name=name, value=took, unit="seconds", target=SECONDS))
    assert (findings, verify.records) == ([], PEOPLE * RECORDS)
    assert took < SECONDS
