"""Each control is taken out of a copy of the package: then the test of its attack, or fault, fails."""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.documented import docstrings, numbers
from tests.plugins.no_secret_in_logs import log_file
from tests.soak.mutants import MUTANTS, Change
from tests.support.processes import ROOT, environment

PACKAGE: Final = "shared/multi_user_oauth"
TESTS_FAILED: Final = 1
"""How pytest ends if tests failed; anything higher is an error of another kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Where it stands, word for word, what stands there without it, and who notices."""

    file: str
    text: str
    without: str
    attack: str
    test: str


CONTROLS: Final = {
    "the state is spent": Control(
        file="sign_in/callback.py",
        text="            self._marks.spend(_mark(flow, None))\n",
        without="",
        attack="N02",
        test="tests/unit/core/test_callback.py::test_an_answer_counts_once",
    ),
    "a flow dies": Control(
        file="sign_in/callback.py",
        text="if flow.expires_at <= self._now():",
        without="if False:",
        attack="N04",
        test="tests/unit/core/test_callback.py::test_a_flow_dies_after_its_time",
    ),
    "an answer has its endpoint": Control(
        file="sign_in/flow.py",
        text="if not same or flow.provider is not provider:",
        without="if not same:",
        attack="N11",
        test="tests/unit/core/test_callback.py::test_googles_answer_is_not_taken_at_microsofts_endpoint",
    ),
    "an id_token has its nonce": Control(
        file="providers/id_token.py",
        text="if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), nonce.encode()):",
        without="if False:",
        attack="N13",
        test="tests/unit/providers/test_id_token.py::test_a_token_with_a_wrong_claim_is_refused",
    ),
    "a tenant is listed": Control(
        file="providers/claims.py",
        text="if tid not in {tenant.lower() for tenant in connector_type.tenant_ids}:",
        without="if False:",
        attack="N15",
        test="tests/unit/providers/test_claims.py::test_microsoft_accounts_that_are_not_ours_are_refused",
    ),
    "a return stays plain": Control(
        file="sign_in/return_to.py",
        text="""if "//" in path or text.startswith("//") or _climbs(path):""",
        without="if False:",
        attack="N20",
        test="tests/unit/core/test_attacks_on_return_to.py::test_what_urllib_reads_as_elsewhere_is_refused",
    ),
    "a change comes from our own page": Control(
        file="http/callers.py",
        text="""if request.headers.get("Origin") != origin or site != "same-origin":""",
        without="if False:",
        attack="N22",
        test="tests/functions/test_callers.py::test_a_disconnect_from_another_page_is_refused",
    ),
    "the account is the one that was named": Control(
        file="sign_in/callback.py",
        text="if flow.ticket.user_email not in signed_in.person.emails:",
        without="if False:",
        attack="N26",
        test="tests/unit/core/test_callback.py::test_another_account_than_the_named_one_is_refused",
    ),
    "an e-mail stays with who holds it": Control(
        file="sign_in/connecting.py",
        text="            require_free(current, signed_in.person.identity)\n",
        without="",
        attack="N32",
        test="tests/unit/core/test_connecting.py::test_an_email_that_is_held_is_not_taken_over",
    ),
    "the last look at the border": Control(
        file="token.py",
        text="if connection.key != key or",
        without="if",
        attack="N33",
        test="tests/unit/core/test_token.py::test_a_database_that_answers_with_another_record_is_caught",
    ),
    "a connection is its identity's": Control(
        file="access.py",
        text="if connection.identity in person.identities:",
        without="if connection.key.user_email == person.email:",
        attack="N37",
        test="tests/unit/core/test_access.py::test_who_may_do_what",
    ),
    "leave can be withdrawn": Control(
        file="access.py",
        text="if delegation is None or not delegation.allows(action, now):",
        without="if delegation is None:",
        attack="N41b",
        test="tests/unit/core/test_attacks_on_tokens.py::"
        "test_leave_that_is_withdrawn_while_a_token_is_refreshed_counts",
    ),
    "a value is bound to its person": Control(
        file="model/binding.py",
        text="return self.outer() + _joined(str(self.identity), str(self.generation))",
        without="return self.outer() + _joined(str(self.generation))",
        attack="N46",
        test="tests/contract/keys/test_sealing.py::test_a_moved_value_does_not_open",
    ),
    "a sealed value has a version": Control(
        file="keys/envelope.py",
        text="if sealed[:1] != VERSION:",
        without="if False:",
        attack="N47",
        test="tests/unit/keys/test_envelope.py::test_an_unknown_version_is_refused",
    ),
    "parts do not run together": Control(
        file="model/binding.py",
        text="""b"".join(len(part).to_bytes(4, "big") + part for part in encoded)""",
        without="""b"".join(encoded)""",
        attack="N48",
        test="tests/unit/model/test_binding.py::test_a_border_between_two_parts_can_not_move",
    ),
    "a wrapping came whole": Control(
        file="keys/cloud_kms.py",
        text="            and is_whole(answer.ciphertext, answer.ciphertext_crc32c)\n",
        without="",
        attack="N49",
        test="tests/contract/keys/test_cloud_kms.py::test_a_garbled_wrapping_is_asked_for_once_more",
    ),
    "a version that is needed stays": Control(
        file="rewrapping/retiring.py",
        text="        self._require_unneeded(kind, version, total)\n",
        without="",
        attack="N51",
        test="tests/unit/core/test_attacks_on_keys.py::"
        "test_a_version_that_half_of_the_records_need_stays",
    ),
    "a data key is found by its AAD": Control(
        file="keys/cache.py",
        text="""sha256(len(outer).to_bytes(8, "big") + outer + wrapped)""",
        without="sha256(wrapped)",
        attack="N52",
        test="tests/unit/keys/test_cache.py::test_another_aad_is_a_miss",
    ),
    "a query is text": Control(
        file="http/reading.py",
        text="    except UnicodeDecodeError:\n",
        without="    except OverflowError:\n",
        attack="N99",
        test="tests/unit/http/test_reading.py::test_bytes_that_are_no_text_are_refused",
    ),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the package."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / PACKAGE, root / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def run(copy: Path, tests: Iterable[str]) -> tuple[int, str]:
    """Run these tests with the copy in the place of the package; return how it ended and its output."""
    log = log_file("controls")
    with log.open("wb") as output:
        done = subprocess.run(
            [
                sys.executable, "-m", "pytest", "-q", "-o", f"pythonpath={copy / 'shared'} {ROOT}",
                "-p", "no:cacheprovider", *tests,
            ],
            cwd=ROOT, env=environment({"PYTHONPATH": str(copy / "shared")}), stdout=output,
            stderr=subprocess.STDOUT, check=False, timeout=300,
        )  # fmt: skip
    return done.returncode, log.read_text()[-3_000:]


@contextmanager
def changed(copy: Path, *changes: Change) -> Iterator[None]:
    """Have the copy changed in these places for the block."""
    whole = {file: file.read_text("utf-8") for file in {copy / PACKAGE / c.file for c in changes}}
    try:
        for change in changes:
            file = copy / PACKAGE / change.file
            text = file.read_text("utf-8")
            assert text.count(change.text) == 1, "the control has moved: write down where it is now"
            file.write_text(text.replace(change.text, change.instead), "utf-8")
        yield
    finally:
        for file, text in whole.items():
            file.write_text(text, "utf-8")


def test_the_copy_is_as_good_as_the_package(copy: Path) -> None:
    """Else a test could fail for another reason than the missing control."""
    tests = {control.test for control in CONTROLS.values()}
    code, output = run(copy, sorted(tests | {mutant.test for mutant in MUTANTS.values()}))
    assert code == 0, output


@pytest.mark.parametrize("name", CONTROLS)
def test_without_the_control_the_attack_is_noticed(copy: Path, name: str) -> None:
    """By the test that has its number."""
    control = CONTROLS[name]
    assert control.attack in numbers(docstrings()[control.test])
    change = Change(file=control.file, text=control.text, instead=control.without)
    with changed(copy, change):
        code, output = run(copy, [control.test])
    assert code == TESTS_FAILED, output


@pytest.mark.parametrize("name", MUTANTS)
def test_without_the_control_the_fault_is_noticed(copy: Path, name: str) -> None:
    """Mistakes in the protocol of refreshing, each of which some program has made."""
    mutant = MUTANTS[name]
    with changed(copy, *mutant.changes):
        code, output = run(copy, [mutant.test])
    assert code == TESTS_FAILED, output
