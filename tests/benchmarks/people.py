"""Many connected people, put into the stores without their browsers."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import sha256
from itertools import islice
from typing import Final
from uuid import NAMESPACE_DNS, uuid5

from multi_user_oauth.audit import audited
from multi_user_oauth.custody import NewGrants
from multi_user_oauth.model import (
    AuditHead,
    Batch,
    Connection,
    ConnectionKey,
    ConnectionStatus,
    Identity,
    Kind,
    Secret,
)
from multi_user_oauth.sandbox.company import COMPANY_DOMAIN, COMPANY_TENANT
from multi_user_oauth.wiring.parts import Parts
from tests.benchmarks.quick_microsoft import USUAL, refresh_token

CONNECTOR_TYPE: Final = "microsoft_teams"
SCOPES: Final = ("User.Read", "Mail.Send", "Files.Read")
SMALL: Final = 220
"""Characters of an access token of Google's."""

_AT_ONCE: Final = 150  # connections of one commit: Firestore takes 500 writes
_SIGNED_IN_FOR: Final = timedelta(hours=20)


def keys(number: int, name: str = "person") -> list[ConnectionKey]:
    """Return the names of so many connections."""
    return [
        ConnectionKey(CONNECTOR_TYPE, f"{name}-{each:07d}@{COMPANY_DOMAIN}")
        for each in range(number)
    ]


def access_token(key: ConnectionKey, length: int) -> str:
    """Return a made-up access token of this person and no other."""
    digest = sha256(str(key).encode()).hexdigest()
    return (digest * (length // len(digest) + 1))[:length]


def oid_of(key: ConnectionKey) -> str:
    """Return the person's object id at Microsoft."""
    return str(uuid5(NAMESPACE_DNS, key.user_email))


def connect(
    parts: Parts,
    people: Sequence[ConnectionKey],
    *,
    length: int = USUAL,
    ends_in: timedelta = _SIGNED_IN_FOR,
) -> None:
    """
    Store a connection of each, as the callback would, many in one commit.

    Their access tokens have `length` characters and end, and are due, in so much time.
    """
    grants = NewGrants(
        deployment=parts.settings.deployment_id,
        access_sealer=parts.sealer(Kind.ACCESS),
        refresh_sealer=parts.sealer(Kind.REFRESH),
    )
    changes = (
        audited(
            None,
            _connection(grants, key, parts, length, ends_in),
            action="connect",
            actor=f"person:microsoft:{COMPANY_TENANT}:{key.user_email}",
            at=parts.world.now(),
        )
        for key in people
    )
    while batch := tuple(islice(changes, _AT_ONCE)):
        parts.main.commit(Batch(changes=batch))


def _connection(
    grants: NewGrants, key: ConnectionKey, parts: Parts, length: int, ends_in: timedelta
) -> Connection:
    now = parts.world.now()
    epoch = int(now.timestamp() * 1000)
    identity = Identity.microsoft(COMPANY_TENANT, oid_of(key))
    sealed = grants.new_keys(key, epoch).seal(
        Secret(access_token(key, length)),
        Secret(refresh_token(oid_of(key), 1, length)),
        identity=identity,
        generation=1,
    )
    return Connection(
        key=key,
        status=ConnectionStatus.ACTIVE,
        identity=identity,
        epoch=epoch,
        generation=1,
        commit_id=access_token(key, 32),
        audit=AuditHead(0, ""),
        connected_at=now,
        refreshed_at=now,
        scopes=SCOPES,
        access_token_expires_at=now + ends_in,
        refresh_due_at=now + ends_in,
        sealed_access=sealed.access,
        sealed_refresh=sealed.refresh,
    )


def in_turn(people: Sequence[ConnectionKey]) -> Iterator[ConnectionKey]:
    """Yield them in an order that no cache foresees, without end."""
    step = 7919  # a prime: every person comes once before anybody comes again
    at = 0
    while True:
        yield people[at % len(people)]
        at += step
