"""Mistakes that refreshing could have, each seen in some program or other, and the test that notices."""

from dataclasses import dataclass
from typing import Final

RACES: Final = "tests/unit/core/test_refresh_races.py"
FINISHING: Final = "tests/unit/core/test_finishing.py"
FAULTS: Final = "tests/unit/core/test_refresh_faults.py"
COMMIT: Final = "tests/contract/stores/test_commit.py"
LEASED: Final = "return found.lease_age is not None and abs(found.lease_age) < limits.lease"
FENCE: Final = """    return current.status is not ConnectionStatus.REVOKED and (
        (current.epoch, current.generation) == (used.epoch, used.generation)
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What stands in a file, word for word, and what stands there instead."""

    file: str
    text: str
    instead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One mistake, and who notices."""

    changes: tuple[Change, ...]
    test: str


def fence(instead: str) -> Change:
    """Return the change of what an answer is written for."""
    return Change(file="settling.py", text=FENCE, instead=f"    return {instead}\n")


MUTANTS: Final = {
    "no_lease": Mutant(
        changes=(Change(file="refreshing.py", text=LEASED, instead="return False"),),
        test=f"{RACES}::test_a_second_worker_does_not_ask_the_provider",
    ),
    "no_cas": Mutant(
        changes=(fence("current.status is not ConnectionStatus.REVOKED"),),
        test=f"{RACES}::test_a_late_answer_that_was_overtaken_is_dropped",
    ),
    "no_cas, SQLite": Mutant(
        changes=(
            Change(
                file="stores/sqlite_rows.py",
                text='"SELECT body FROM connections WHERE id = ? AND version = ?", (name, version)',
                instead='"SELECT body FROM connections WHERE id = ?", (name,)',
            ),
        ),
        test=f"{COMMIT}::test_a_late_refresh_does_not_resurrect_a_tombstone",
    ),
    "no_cas, Firestore": Mutant(
        changes=(
            Change(
                file="stores/firestore_writes.py",
                text="self._batch.update(reference, fields, option=option)",
                instead="self._batch.update(reference, fields)",
            ),
        ),
        test=f"{COMMIT}::test_a_late_refresh_does_not_resurrect_a_tombstone",
    ),
    "aba_gen_reset": Mutant(
        changes=(
            Change(
                file="sign_in/connecting.py",
                text="generation = current.generation + 1 if current else 1",
                instead="generation = 1",
            ),
            fence(
                "current.status is not ConnectionStatus.REVOKED"
                " and current.generation == used.generation"
            ),
        ),
        test=f"{RACES}::test_generations_and_epochs_never_come_again",
    ),
    "dead_without_reread": Mutant(
        changes=(
            Change(
                file="settling.py",
                text="""                or not _same_credential(current, used)
                or current.lease != used.lease
""",
                instead="",
            ),
        ),
        test=f"{RACES}::test_a_losers_refusal_changes_nothing",
    ),
    "invalid_client_dead": Mutant(
        changes=(
            Change(
                file="providers/answers.py",
                text='"invalid_client", "unauthorized_client"',
                instead='"unauthorized_client"',
            ),
            Change(
                file="providers/answers.py",
                text='{"invalid_grant", "interaction_required"',
                instead='{"invalid_client", "invalid_grant", "interaction_required"',
            ),
        ),
        test="tests/contract/providers/test_refreshing.py::"
        "test_a_refusal_of_the_application_is_not_the_persons",
    ),
    "outage_dead": Mutant(
        changes=(
            Change(
                file="renewal.py",
                text="""        except (ProviderUnavailableError, ProviderMisconfiguredError) as failed:
            self._give_back(claimed, failed, remember=True)
            raise
""",
                instead="""        except (ProviderUnavailableError, ProviderMisconfiguredError):
            self._refused(claimed, GrantRefusedError("an outage", reason="unknown"))
            return
""",
            ),
        ),
        test="tests/unit/core/test_refresh.py::"
        "test_a_failure_that_is_not_the_persons_disconnects_nobody",
    ),
    "null_rt": Mutant(
        changes=(
            Change(
                file="custody.py",
                text="tokens.refresh_token or self.refresh_token",
                instead='tokens.refresh_token or Secret("none")',
            ),
        ),
        test="tests/unit/core/test_refresh.py::test_the_answers_refresh_token_is_kept",
    ),
    "resurrect": Mutant(
        changes=(fence("True"),),
        test=f"{RACES}::test_a_disconnect_in_flight_is_for_ever",
    ),
    "audit_outside_commit": Mutant(
        changes=(
            Change(
                file="stores/sqlite_rows.py",
                text="    _create_audit(database, change.audit)\n",
                instead="",
            ),
            Change(
                file="stores/sqlite.py",
                text="        others = (batch.opens, batch.cancels, batch.adopted_rescue)\n",
                instead="""        with self._database.writing() as database:
            for change in batch.changes:
                rows._create_audit(database, change.audit)
        others = (batch.opens, batch.cancels, batch.adopted_rescue)
""",
            ),
        ),
        test=f"{COMMIT}::test_an_audit_record_is_created_once",
    ),
    "lock_without_ttl": Mutant(
        changes=(
            Change(file="refreshing.py", text=LEASED, instead="return found.lease_age is not None"),
        ),
        test=f"{RACES}::test_a_lease_lives_forty_seconds_to_the_moment",
    ),
    "no_heal": Mutant(
        changes=(
            Change(
                file="settling.py",
                text="if snapshot is None or not _same_credential(snapshot.connection, used):",
                instead="if snapshot is None or not _same_credential(snapshot.connection, used)"
                " or snapshot.connection.status is not ConnectionStatus.ACTIVE:",
            ),
        ),
        test=f"{RACES}::test_a_late_success_heals",
    ),
    "late_revoke": Mutant(
        changes=(
            Change(
                file="finishing.py",
                text="if self._now() > act_until:",
                instead="if act_until is None:",
            ),
        ),
        test=f"{FINISHING}::test_a_finisher_that_was_frozen_does_not_act",
    ),
    "blind_revoke": Mutant(
        changes=(
            Change(
                file="finishing.py",
                text="token = None if self._has_live(claimed.identity) else self._open(claimed)",
                instead="token = self._open(claimed)",
            ),
        ),
        test=f"{FINISHING}::test_a_live_sibling_is_not_cut_off",
    ),
    "late_call": Mutant(
        changes=(
            Change(file="renewal.py", text="if self._now() > send_until:", instead="if not used:"),
        ),
        test=f"{RACES}::test_who_wakes_before_the_call_calls_no_more",
    ),
    "no_rescue": Mutant(
        changes=(
            Change(
                file="settling.py",
                text="            self._rescues.rescue(Rescue(connection=after,"
                " used_generation=used.generation))\n",
                instead="",
            ),
        ),
        test=f"{FAULTS}::test_what_can_not_be_committed_is_rescued",
    ),
}
"""By the names under which the models of the protocol know them; the last two are ours."""
