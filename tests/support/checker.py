"""What must hold over the databases, the provider's books, the audit and the log, whatever happened."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from multi_user_oauth.audit import broken_at
from multi_user_oauth.model import Connection, ConnectionStatus, Revocation
from tests.support.provider import Mode
from tests.support.world import World

SECRET = re.compile(r"(AT|RT|CODE)\|")
ASIDE = frozenset({"delegated", "delegation_limited", "delegation_cut", "restored", "released"})
"""Records of what is neither the credential nor the status."""

KEEPS_OLD_TOKENS = frozenset({Mode.STATIC, Mode.LAX})


def check(world: World) -> None:
    """Raise `AssertionError` for the first promise that is broken."""
    for connection in world.records():
        _check_audit(world, connection)
        _check_credential(world, connection)
    _check_releases(world)
    _check_log(world)
    assert not world.provider.too_close, "two workers asked at once"
    assert len(set(world.provider.exchanged)) == len(world.provider.exchanged), "a code went twice"


def _check_audit(world: World, connection: Connection) -> None:
    records = world.peek().audit(connection.key)
    assert broken_at(records) is None, "the audit chain is broken"
    last = records[-1]
    assert (last.sequence, last.hash) == (connection.audit.sequence, connection.audit.hash)
    assert (last.outcome, last.epoch, last.generation) == (
        connection.status,
        connection.epoch,
        connection.generation,
    ), "a change without its record"
    for before, after in pairwise(records):
        old = (before.epoch, before.generation, before.outcome)
        new = (after.epoch, after.generation, after.outcome)
        said = after.action in ASIDE
        assert (old == new) == said, "a record without a change, or a change of something else"
        assert after.epoch >= before.epoch, "the epoch shrank"
        assert after.generation >= before.generation, "the generation shrank"
        assert after.generation <= before.generation + 1, "one answer counted twice"


def _check_credential(world: World, connection: Connection) -> None:
    match connection.status:
        case ConnectionStatus.REVOKED:
            assert connection.sealed_access is None, "a tombstone holds an access token"
            assert connection.sealed_refresh is None, "a tombstone holds a refresh token"
        case ConnectionStatus.ACTIVE:
            world.credential(connection)
            assert world.loss or _is_recoverable(world, connection), "a refresh token was lost"
        case ConnectionStatus.NEEDS_SIGN_IN:
            good = world.provider.is_good(world.credential(connection).refresh_token)
            assert world.refused or not good, "a person was told to sign in for nothing"
            assert world.loss or world.mode not in KEEPS_OLD_TOKENS or not good or world.refused


def _is_recoverable(world: World, connection: Connection) -> bool:
    if world.provider.is_good(world.credential(connection).refresh_token):
        return True
    rescue = world.rescue(connection.key)
    if rescue is None:
        return False
    return world.provider.is_good(world.credential(rescue.connection).refresh_token)


def _check_releases(world: World) -> None:
    for release in world.released:
        _, owner, grant, _ = release.token.split("|")
        assert owner == str(release.identity), "somebody got another person's token"
        ended = world.ended.get(int(grant))
        assert ended is None or release.at <= ended, "a token left after the disconnect"


def _check_log(world: World) -> None:
    chains = {
        str(connection.key): {
            record.sequence: record.hash for record in world.peek().audit(connection.key)
        }
        for connection in world.records()
    }
    # Until then the chain had to be there; what came after it begins anew.
    erased = [r.__dict__ for r in world.log if r.getMessage() == "erasing audit"]
    for record in world.log:
        said = f"{record.getMessage()} {record.__dict__}"
        assert not SECRET.search(said), "the log holds a secret"
        if record.getMessage() == "audit anchor" and not _is_erased(erased, record.__dict__):
            _check_anchor(chains, record.__dict__)


def _is_erased(erased: Sequence[Mapping[str, Any]], anchor: Mapping[str, Any]) -> bool:
    return any(
        each["connection"] == anchor["connection"] and each["created"] > anchor["created"]
        for each in erased
    )


def _check_anchor(chains: Mapping[str, Mapping[int, str]], anchor: Mapping[str, Any]) -> None:
    chain = chains.get(anchor["connection"], {})
    assert chain.get(anchor["sequence"]) == anchor["anchor"], (
        "an anchor that the chain does not meet"
    )


def pending(world: World, connection: Connection) -> Revocation | None:
    """Return what the provider is still to be told about a tombstone."""
    if connection.pending_revocation is None:
        return None
    return world.peek().revocation(connection.key, connection.pending_revocation)
