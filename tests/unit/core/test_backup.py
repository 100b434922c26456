"""Backups, and what is there again once one was restored."""

import gzip
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest

from multi_user_oauth.backup.releasing import Part, Released
from multi_user_oauth.errors import (
    NeedsSignInError,
    NotConnectedError,
    QuarantinedError,
    StoreUnavailableError,
)
from multi_user_oauth.model import (
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Kind,
    Person,
    RevocationResult,
    System,
)
from multi_user_oauth.model.upkeep import Upkeep
from multi_user_oauth.ports import LastUse
from multi_user_oauth.ports.backup import BackupHeading, BackupKind, Kept
from multi_user_oauth.ports.events import EventType
from multi_user_oauth.retired_types import EndRetired
from multi_user_oauth.stores.file_backup import BackupWriter
from tests.support.backups import another, backed_up, release, restore, taking
from tests.support.checker import check
from tests.support.clock import START
from tests.support.instances import Instance, crowd, statuses
from tests.support.memory import in_memory
from tests.support.provider import Mode
from tests.support.stores import FaultyStore, main_store
from tests.support.world import (
    ADA,
    ADA_HERSELF,
    ADA_ID,
    BOB,
    BOB_ID,
    CLEO,
    CLEO_ID,
    DEPLOYMENT,
    HOUR,
    World,
)
from tests.unit.core.test_offboarding import offboard

PEOPLE = {ADA: ADA_ID, BOB: BOB_ID, CLEO: CLEO_ID}
CALLERS = {
    key: Person(identities=frozenset({identity}), email=key.user_email)
    for key, identity in PEOPLE.items()
}
YEARS = timedelta(days=999)


@pytest.fixture
def lost(tmp_path: Path) -> World:
    """The world that will be lost: three people are connected."""
    (tmp_path / "lost").mkdir()
    made = World(tmp_path / "lost")
    for key, identity in PEOPLE.items():
        made.connect(key, identity)
    return made


@pytest.fixture
def found(lost: World, tmp_path: Path) -> Iterator[World]:
    """Where it is restored: nothing is there yet."""
    with another(lost, tmp_path / "found") as made:
        yield made
        check(made)


def works(world: World, key: ConnectionKey) -> None:
    """Raise unless an agent gets this person's token, and another one after that."""
    for _ in range(2):
        assert str(PEOPLE[key]) in world.get(key=key).value.reveal()
        world.expire()


def is_over(world: World, key: ConnectionKey) -> None:
    """Raise unless nobody gets a token, and nothing of it is kept."""
    with pytest.raises(NotConnectedError):
        world.get(key=key)
    assert world.record(key).status is ConnectionStatus.REVOKED


# -- what is there again ------------------------------------------------------------------------------


def test_everybody_works_again_once_released(lost: World, found: World) -> None:
    """N66: in quarantine nobody is served; after the release all are, and the audit tells of both."""
    restored = restore(found, backed_up(lost))
    assert (restored.written, restored.quarantined, restored.ended) == (3, 3, 0)
    for key in PEOPLE:
        with pytest.raises(QuarantinedError):
            found.get(key=key)

    assert release(found).released == 3

    for key in PEOPLE:
        works(found, key)
        assert found.actions(key)[:3] == ["connected", "restored", "released"]


def test_a_backup_opens_nothing(lost: World) -> None:
    """No key is used, and nothing is written."""
    lost.meter.reset()
    data = backed_up(lost)
    assert "kms" not in lost.meter.counts()
    assert not any("write" in each for each in lost.meter.counts())
    plain = gzip.decompress(data)
    for kind in ("AT", "RT"):
        for form in (f"{kind}|".encode(), b64encode(f"{kind}|google".encode())[:8]):
            assert form not in plain


def test_who_disconnected_before_the_backup_stays_so(lost: World, found: World) -> None:
    """N66: the tombstone is in the backup."""
    lost.disconnect(BOB, CALLERS[BOB])
    restored = restore(found, backed_up(lost))
    assert (restored.written, restored.quarantined) == (3, 2)
    is_over(found, BOB)
    release(found)
    is_over(found, BOB)
    works(found, ADA)


def test_who_disconnected_after_the_backup_stays_so(lost: World, found: World) -> None:
    """N66: a later ledger says it; Google is told once more, after the release."""
    data = backed_up(lost)
    lost.clock.advance(HOUR.total_seconds())
    for key in (BOB, CLEO):
        lost.disconnect(key, CALLERS[key])
    told = len(found.provider.revoke_calls)
    lost.clock.advance(HOUR.total_seconds())

    restored = restore(found, data, backed_up(lost, kind=BackupKind.LEDGER))

    assert (restored.ended, restored.quarantined) == (2, 1)
    for key in (BOB, CLEO):
        is_over(found, key)
        dead = found.record(key)
        assert dead.epoch > lost.record(key).epoch - 1
        assert dead.revoked_at == lost.record(key).revoked_at
        assert found.peek().audit(key)[-1].actor == f"person:{PEOPLE[key]}"
    assert found.record(CLEO).pending_revocation is None
    found.finishing().run(found.clock() + HOUR)
    assert len(found.provider.revoke_calls) == told, "in quarantine nobody is told anything"

    release(found)
    for key in (BOB, CLEO):
        is_over(found, key)
    found.clock.advance(60)  # the lease of who looked in vain
    done = found.finishing().run(found.clock() + HOUR).done
    assert [(each.key, each.result) for each in done] == [(BOB, RevocationResult.REVOKED)]
    works(found, ADA)


def test_the_ledger_that_outlived_the_database_counts(lost: World, found: World) -> None:
    """N66: the activity database is another one, and was not lost."""
    data = backed_up(lost)
    lost.disconnect(BOB, CALLERS[BOB])
    for entry in lost.activity.entries():
        found.activity.enter(entry)
    assert restore(found, data).ended == 1
    is_over(found, BOB)


def test_what_the_ledger_learns_in_quarantine_counts_at_the_release(
    lost: World, found: World
) -> None:
    """The ledger is read again then."""
    data = backed_up(lost)
    lost.disconnect(BOB, CALLERS[BOB])
    restore(found, data)
    for entry in lost.activity.entries():
        found.activity.enter(entry)
    released = release(found)
    assert (released.released, released.ended) == (2, 1)
    is_over(found, BOB)


def test_who_connected_again_before_the_backup_is_connected(lost: World, found: World) -> None:
    """An older disconnect ends nothing that came after it."""
    lost.disconnect(BOB, CALLERS[BOB])
    lost.clock.advance(60)
    lost.connect(BOB, BOB_ID)
    restore(found, backed_up(lost))
    assert release(found).released == 3
    works(found, BOB)


def test_who_connected_again_and_disconnected_after_the_backup_is_not(
    lost: World, found: World
) -> None:
    """N66: the later epoch ended what took the place of the backup's."""
    data = backed_up(lost)
    for _ in range(2):
        lost.clock.advance(60)
        lost.disconnect(BOB, CALLERS[BOB])
        lost.connect(BOB, BOB_ID)
    lost.disconnect(BOB, CALLERS[BOB])
    restore(found, data, backed_up(lost, kind=BackupKind.LEDGER))
    is_over(found, BOB)
    latest = max(entry.epoch for entry in lost.activity.entries())
    assert found.record(BOB).epoch > latest


def test_a_certificate_of_a_restored_tombstone_names_who_ended_it(
    lost: World, found: World
) -> None:
    """Not the operator who put it back and released it."""
    for key in (BOB, CLEO):
        lost.disconnect(key, CALLERS[key])
    restore(found, backed_up(lost))
    release(found)
    for key in (BOB, CLEO):
        (end,) = offboard(found, email=key.user_email).connections
        assert end.ended_by == f"person:{PEOPLE[key]}"


# -- while the backup is taken ------------------------------------------------------------------------


class Meanwhile:
    """A sink for which something happens once the first thing of a sort came."""

    def __init__(self, sink: BackupWriter, kind: type[Kept], hook: Callable[[], object]) -> None:
        self._sink = sink
        self._kind = kind
        self._hooks = [hook]

    def put(self, kept: Kept) -> None:
        """As the port."""
        self._sink.put(kept)
        if isinstance(kept, self._kind) and self._hooks:
            self._hooks.pop()()


def taken_while(world: World, kind: type[Kept], hook: Callable[[], object]) -> bytes:
    """Return a backup during which that happened."""
    stream = BytesIO()
    heading = BackupHeading(deployment=DEPLOYMENT, taken_at=world.clock(), kind=BackupKind.WHOLE)
    writer = BackupWriter(stream, heading)
    taking(world).take(Meanwhile(writer, kind, hook))
    writer.end()
    return stream.getvalue()


def test_who_disconnects_while_the_backup_is_taken_is_disconnected(
    lost: World, found: World
) -> None:
    """N66: their connection was read, and the ledger is read last."""
    data = taken_while(lost, Connection, lambda: lost.disconnect(ADA, ADA_HERSELF))
    assert restore(found, data).ended == 1
    is_over(found, ADA)


def test_a_chain_that_grows_while_the_backup_is_taken_is_cut_where_it_was(
    lost: World, found: World
) -> None:
    """The audit ends with the record that the connection named as its newest."""
    lost.expire()
    data = taken_while(lost, Connection, lambda: lost.refresh(ADA))
    restore(found, data)
    assert found.actions(ADA) == ["connected", "restored"]
    release(found)
    works(found, ADA)


def test_an_answer_that_is_adopted_while_the_backup_is_taken_is_in_it(
    tmp_path: Path,
) -> None:
    """I1: the rescue was read, or the connection that has taken it in."""
    (tmp_path / "lost").mkdir()
    lost = World(tmp_path / "lost", mode=Mode.STRICT)
    lost.connect(ADA, ADA_ID)
    lost.connect(BOB, BOB_ID)
    lost.expire()
    lost.store.fail_before("commit", times=99)
    with pytest.raises(StoreUnavailableError):
        lost.refresh(BOB)
    lost.store = FaultyStore(main_store(lost.path, lost.clock, lost.meter))
    lost.clock.advance(60)
    assert lost.rescue(BOB) is not None
    data = taken_while(lost, Connection, lambda: lost.refresh(BOB))  # Ada's was read by then
    assert lost.rescue(BOB) is None
    with another(lost, tmp_path / "found") as found:
        restore(found, data)
        release(found)
        works(found, BOB)
        check(found)


# -- quarantine ---------------------------------------------------------------------------------------


def test_in_quarantine_nothing_is_refreshed_ended_or_told(lost: World, found: World) -> None:
    """F25, N66: however long it lasts: the provider is not asked, and nobody is sent a mail."""
    lost.expire()
    data = backed_up(lost)
    restore(found, data)
    calls, told = len(found.provider.calls), len(found.provider.revoke_calls)
    assert {found.record(key).refresh_due_at for key in PEOPLE} == {None}
    found.paste(ADA, refresh_due_at=START)  # and if it were due all the same
    idle = Instance(world=found, upkeep=Upkeep(idle_limit=timedelta(minutes=1)))
    idle.minutes(5)
    for key in PEOPLE:
        snapshot = found.peek().read(key)
        assert snapshot is not None
        with pytest.raises(QuarantinedError):
            found.refresher().renew(snapshot)
        with pytest.raises(QuarantinedError):
            found.refresher().adopt(snapshot)
    retired = {name: replace(kind, retired=True) for name, kind in found.kinds.items()}
    ending = EndRetired(
        directory=found.store,
        connections=found.store,
        connector_types=retired,
        end=partial(found.disconnecting().end, System(name="refresh"), reason="retired"),
        now=found.clock,
    )
    assert ending.run(found.clock() + HOUR) == 0
    assert (len(found.provider.calls), len(found.provider.revoke_calls)) == (calls, told)
    assert found.events == []
    assert {found.record(key).status for key in PEOPLE} == {ConnectionStatus.ACTIVE}


def test_who_waits_to_sign_in_is_not_sent_there_in_quarantine(lost: World, found: World) -> None:
    """F25: everything looks the same until an operator has looked."""
    lost.provider.withdraw(BOB_ID)
    lost.expire()
    with pytest.raises(NeedsSignInError):
        lost.refresh(BOB)
    restore(found, backed_up(lost))
    with pytest.raises(QuarantinedError):
        found.get(key=BOB)
    release(found)
    with pytest.raises(NeedsSignInError):
        found.get(key=BOB)


def test_who_signs_in_again_is_in_no_quarantine(lost: World, found: World) -> None:
    """The person has just proved it; their audit goes on."""
    restore(found, backed_up(lost))
    found.clock.advance(60)
    found.connect(BOB, BOB_ID)
    works(found, BOB)
    assert found.actions(BOB)[:3] == ["connected", "restored", "connected_again"]
    assert release(found).released == 2


def test_who_disconnects_in_quarantine_is_disconnected(lost: World, found: World) -> None:
    """And the provider is told at once: it is the person's word of now."""
    restore(found, backed_up(lost))
    found.clock.advance(60)
    done = found.disconnect(BOB, CALLERS[BOB])
    assert done.provider is RevocationResult.REVOKED
    release(found)
    is_over(found, BOB)


def test_a_part_is_released_first(lost: World, found: World) -> None:
    """One person's, then one connector type's, then all."""
    restore(found, backed_up(lost))
    assert release(found, Part(user_email=BOB.user_email)) == Released(
        released=1, ended=0, waiting=2
    )
    works(found, BOB)
    with pytest.raises(QuarantinedError):
        found.get(key=ADA)
    assert release(found, Part(connector_type=CLEO.connector_type)).released == 1
    assert release(found) == Released(released=1, ended=0, waiting=0)
    assert release(found) == Released(released=0, ended=0, waiting=0)


def test_a_provider_that_remembers_makes_one_incident_of_it(tmp_path: Path) -> None:
    """F25: a day of rotated tokens is lost: a few are marked, one alarm, and nobody is sent a mail."""
    with in_memory(tmp_path) as path:
        (path / "lost").mkdir()
        lost = World(path / "lost", mode=Mode.STRICT)
        lost.kinds = {ADA.connector_type: lost.kinds[ADA.connector_type]}
        people = crowd(lost, 100)
        data = backed_up(lost)
        lost.expire()
        for each in people:
            lost.refresh(each.key)
        with another(lost, path / "found") as found:
            found.kinds = lost.kinds
            found.loss = "a database of yesterday"
            restore(found, data)
            release(found)
            Instance(world=found).minutes(5)
            alarms = [each for each in found.log if each.__dict__.get("alarm") == "breaker_opened"]
            assert len(alarms) == 1
            assert statuses(found)[ConnectionStatus.NEEDS_SIGN_IN] < 10
            told = [each for each in found.events if each.type == EventType.NEEDS_SIGN_IN]
            assert told == []


# -- the other database -------------------------------------------------------------------------------


def test_sign_outs_uses_and_key_versions_are_merged(lost: World, found: World) -> None:
    """The later word counts, whichever database it stands in."""
    hour = START + HOUR
    lost.activity.sign_out_everywhere(ADA_ID, START)
    lost.activity.sign_out_everywhere(BOB_ID, hour)
    lost.activity.sign_out(CLEO_ID, "s1", hour)
    found.activity.sign_out_everywhere(ADA_ID, hour)
    found.activity.sign_out_everywhere(BOB_ID, START)
    lost.activity.saw_key_versions(Kind.REFRESH, ["1", "2"], START)
    found.activity.saw_key_versions(Kind.REFRESH, ["2"], hour)
    for world, agent, at in ((lost, "a", START), (lost, "b", hour), (found, "a", hour)):
        world.activity.note_use(ADA, LastUse(agent=agent, action="read", purpose="", at=at))

    restore(found, backed_up(lost))

    for person in (ADA_ID, BOB_ID):
        assert found.activity.sign_outs(person).valid_from == hour
    assert found.activity.sign_outs(CLEO_ID).sessions == {"s1"}
    assert found.activity.key_versions(Kind.REFRESH) == {"1": START, "2": hour}
    assert [(use.agent, use.at) for use in found.activity.uses(ADA)] == [("a", hour), ("b", hour)]
