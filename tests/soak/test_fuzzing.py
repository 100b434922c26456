"""A fuzzer looks for bytes of which something else comes than a value or one of our own errors.

SOAK_SECONDS says for how long, for each parser; ten minutes else.
"""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.plugins.no_secret_in_logs import log_file
from tests.plugins.what_did_not_run import missing
from tests.support.fuzzing import TARGETS, seeds
from tests.support.processes import ROOT, environment

if importlib.util.find_spec("atheris") is None:
    missing(
        "fuzzing",
        why="atheris is made for Linux on x86-64 and Python 3.11 to 3.13 only",
        mend="make soak, there",
    )

SECONDS: Final = int(os.environ.get("SOAK_SECONDS", "600"))
TO_START: Final = 120
FOUND: Final = ROOT / "test-results/fuzz"
"""Where the bytes lie that did harm."""
LONGEST: Final = 4096
FAULT: Final = re.compile(r"Test unit written to (\S+)")
RUNS: Final = re.compile(r"Done (\d+) runs? in")
FEWEST: Final = 5
"""Runs a second; else it would not have been looked for."""


def fuzz(name: str, corpus: Path, seconds: int) -> tuple[int, str]:
    """Fuzz a target; return how it ended and what the fuzzer said."""
    FOUND.mkdir(parents=True, exist_ok=True)
    log = log_file(f"fuzz-{name}")
    with log.open("wb") as output:
        done = subprocess.run(
            [
                sys.executable, "-m", "tests.soak.fuzz.harness", name, str(corpus),
                f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-artifact_prefix={FOUND}/{name}-",
                "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=0",
            ],
            cwd=ROOT, env=environment({}), stdout=output, stderr=subprocess.STDOUT, check=False,
            timeout=seconds + TO_START,
        )  # fmt: skip
    return done.returncode, log.read_text("utf-8", "replace")


def said(output: str) -> str:
    """Return where the bytes are and what became of them; the bytes themselves stay in the file."""
    found = FAULT.search(output)
    where = f"the input is in {found[1]}" if found else "no input was kept"
    lines = [line for line in output.splitlines() if not line.startswith("INFO: ")]
    return "\n".join([where, *lines[:60]])


@pytest.mark.parametrize("name", TARGETS)
def test_only_our_own_errors_come_of_any_bytes(name: str, tmp_path: Path) -> None:
    """N99: Beginning with what is good, and with whatever leads to code that was not reached before."""
    for number, seed in enumerate(seeds(name)):
        (tmp_path / f"seed-{number}").write_bytes(seed)
    code, output = fuzz(name, tmp_path, SECONDS)
    assert code == 0, said(output)
    runs = RUNS.search(output)
    assert runs, output[-2_000:]
    assert int(runs[1]) >= FEWEST * SECONDS, output[-2_000:]


def test_a_fault_is_found(tmp_path: Path) -> None:
    """N99: The same fuzzer finds one that was put there, and says in which file the input is."""
    (tmp_path / "seed").write_bytes(b"?")
    code, output = fuzz("planted", tmp_path, 60)
    assert code != 0
    found = FAULT.search(output)
    assert found, output
    file = Path(found[1])
    assert file.read_bytes().startswith(b"!")
    file.unlink()
