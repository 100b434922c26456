"""Erasing: what goes at once, what stays until when and why, and what is never erased."""

from datetime import timedelta
from pathlib import Path

import pytest

from multi_user_oauth import erasing as erasing_module
from multi_user_oauth.erasing import BACKUPS, PROVIDER, SESSIONS, Erase, Erased
from multi_user_oauth.errors import ConflictError, StillConnectedError, StoreUnavailableError
from multi_user_oauth.log import JsonFormatter
from multi_user_oauth.model import System
from multi_user_oauth.model.attempt import Attempt, Stage
from multi_user_oauth.ports import KeptRead, LastUse, SignOuts, Use
from multi_user_oauth.ports.breakers import Suspect
from tests.support.audit_chains import verified
from tests.support.world import ADA, ADA_DRIVE, ADA_EMAIL, ADA_ID, BOB, BOB_ID, World

RETENTION = timedelta(days=98)
SESSION = timedelta(hours=8)
DAYS = 86_400.0


def erasing(world: World, retention: timedelta = RETENTION) -> Erase:
    """Return the use case over this world."""
    return Erase(
        connections=world.store,
        revocations=world.store,
        erasure=world.store,
        ledger=world.activity,
        traces=world.activity,
        connector_types=world.kinds,
        retention=retention,
        longest_session=SESSION,
        now=world.clock,
    )


def left(world: World) -> None:
    """Let Ada connect, be used, leave, and be signed out."""
    world.connect()
    use = LastUse(agent="assistant", action="token", purpose="", at=world.clock())
    world.activity.note_use(ADA, use)
    world.disconnect()
    world.activity.sign_out_everywhere(ADA_ID, world.clock())


def kept_read(world: World, mark: str) -> KeptRead:
    """Return a use of Ada's connection that is to be kept for long."""
    use, at = Use(actor="agent:assistant", key=ADA, outcome="released"), world.clock()
    return KeptRead(use=use, at=at, mark=mark, until=at + timedelta(days=400))


def sent(world: World) -> Attempt:
    """Return what an agent sent once as Ada, under a key."""
    at = world.clock()
    return Attempt(
        id="attempt",
        key=ADA,
        fingerprint="fingerprint",
        mark="mark",
        stage=Stage.SENT,
        held_until=at,
        until=at + timedelta(days=1),
    )


def told(erased: tuple[Erased, ...]) -> dict[str, str | None]:
    """Return what was there, and why it stays."""
    return {each.what: each.why for each in erased}


def test_what_may_go_goes_and_the_rest_is_told(world: World) -> None:
    """Every use of the connection is forgotten at once; the proofs stay as long as backups do."""
    left(world)
    world.activity.suspect(Suspect(key=ADA, epoch=1, generation=1, at=world.clock()))
    for mark in ("a1", "b2"):
        world.activity.keep_read(kept_read(world, mark))
    world.activity.keep_attempt(None, sent(world))
    ended = world.clock()

    erased = erasing(world).erase(ADA_EMAIL)

    assert told(erased) == {
        "usage": None,
        "kept reads": None,
        "idempotency keys": None,
        "sign-outs": SESSIONS,
        "connection and audit": BACKUPS,
        "ledger": BACKUPS,
    }
    times = {each.what: each.until for each in erased}
    assert times["sign-outs"] == ended + SESSION
    assert times["connection and audit"] == times["ledger"] == ended + RETENTION
    assert world.activity.uses(ADA) == ()
    assert world.activity.kept_reads(ADA, after=None, limit=9) == ()
    assert world.activity.attempt("attempt") is None
    assert world.activity.suspects(ADA.connector_type, after=None, limit=9) == ()
    assert world.actions() == ["connected", "disconnected"]


def test_after_the_last_backup_nothing_is_left(world: World) -> None:
    """Not a moment earlier; of others nothing is erased."""
    left(world)
    world.connect(BOB, BOB_ID)
    world.disconnect(BOB, caller=System(name="operator"))
    world.clock.advance(98 * DAYS - 1)
    assert told(erasing(world).erase(ADA_EMAIL))["connection and audit"] == BACKUPS
    assert world.actions() == ["connected", "disconnected"]

    world.clock.advance(1)
    erased = erasing(world).erase(ADA_EMAIL)

    assert all(each.is_gone for each in erased)
    assert world.peek().read(ADA) is None
    assert world.peek().audit(ADA) == ()
    assert [entry.key for entry in world.activity.entries()] == [BOB]
    assert world.activity.sign_outs(ADA_ID) == SignOuts()
    assert world.actions(BOB) == ["connected", "disconnected"]
    assert erasing(world).erase(ADA_EMAIL) == ()


def test_who_is_connected_is_refused(world: World) -> None:
    """Before anything is erased, of the ended connections too."""
    left(world)
    world.connect(ADA_DRIVE)
    world.clock.advance(200 * DAYS)

    with pytest.raises(StillConnectedError, match="google_drive"):
        erasing(world).erase(ADA_EMAIL)

    assert world.activity.uses(ADA) != ()
    assert world.peek().read(ADA) is not None


def test_what_the_provider_must_be_told_stays(world: World) -> None:
    """However old it is: the token is the only way to end the grant."""
    world.connect()
    world.provider.down = True
    world.disconnect()
    world.clock.advance(200 * DAYS)

    assert told(erasing(world).erase(ADA_EMAIL))["connection and audit"] == PROVIDER

    world.provider.down = False
    epoch = world.record().pending_revocation
    assert epoch is not None
    world.finisher().finish(ADA, epoch)
    assert all(each.is_gone for each in erasing(world).erase(ADA_EMAIL))


def test_a_sign_out_lives_as_long_as_a_session(world: World) -> None:
    """And by what is kept beside it the person is found then."""
    left(world)
    without_backups = erasing(world, timedelta(0))
    assert told(without_backups.erase(ADA_EMAIL)) == {
        "usage": None,
        "sign-outs": SESSIONS,
        "connection and audit": SESSIONS,
        "ledger": SESSIONS,
    }
    world.clock.advance(SESSION.total_seconds() + 1)
    assert all(each.is_gone for each in without_backups.erase(ADA_EMAIL))
    assert world.activity.sign_outs(ADA_ID) == SignOuts()


def test_interrupted_it_is_begun_again(world: World) -> None:
    """The ledger is the last to go: it finds the person."""
    left(world)
    world.clock.advance(98 * DAYS)
    world.activity.keep_read(kept_read(world, "a1"))
    world.activity.keep_attempt(None, sent(world))
    steps = ("forget_reads", "forget_attempts", "forget_sign_outs", "erase", "forget_disconnect")
    for operation in steps:
        store = world.store if operation == "erase" else world.activity
        store.fail_after(operation)
        with pytest.raises(StoreUnavailableError):
            erasing(world).erase(ADA_EMAIL)
    assert erasing(world).erase(ADA_EMAIL) == ()
    assert world.activity.entries() == ()
    assert world.activity.sign_outs(ADA_ID) == SignOuts()


def test_who_connects_at_this_moment_is_not_erased(world: World) -> None:
    """The connection and its audit are as the person made them."""
    left(world)
    world.clock.advance(98 * DAYS)
    world.store.meanwhile("erase", world.connect)
    with pytest.raises(ConflictError):
        erasing(world).erase(ADA_EMAIL)
    assert world.actions() == ["connected", "disconnected", "connected_again"]


def test_the_log_says_that_a_chain_is_missing_rightly(world: World) -> None:
    """Whoever holds the anchors of before against the database finds out why."""
    left(world)
    head = world.record().audit
    world.clock.advance(98 * DAYS)
    erasing(world).erase(ADA_EMAIL)
    (line,) = (r.__dict__ for r in world.log if r.getMessage() == "erasing audit")
    assert (line["connection"], line["sequence"], line["anchor"]) == (
        str(ADA),
        head.sequence,
        head.hash,
    )
    findings, verify = verified(world.peek(), map(JsonFormatter().format, world.log))
    assert (findings, verify.erased) == ([], 1)


def test_only_the_command_line_erases() -> None:
    """No function is given it, nor does anything else delete audit records."""
    package = Path(erasing_module.__file__).parent
    sources = {path: path.read_text("utf-8") for path in package.rglob("*.py")}
    callers = {
        path.relative_to(package).as_posix()
        for path, text in sources.items()
        if "multi_user_oauth.wiring.erasing" in text or ".erase(" in text
    }
    assert callers == {"cli/erase.py", "erasing.py"}
    deleting = {
        path.relative_to(package).as_posix()
        for path, text in sources.items()
        if "DELETE FROM audit" in text or "(AUDIT, each)" in text
    }
    assert deleting == {"stores/sqlite_erasure.py", "stores/firestore_erasure.py"}
