"""Who holds an e-mail, and what of it stays when it is connected anew."""

from dataclasses import dataclass

from multi_user_oauth.errors import AlreadyConnectedError, HeldByAnotherAccountError
from multi_user_oauth.model import Connection, ConnectionStatus, Delegation, Identity, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What makes a connection without a sign-in: who takes it in, and whether over a living one."""

    actor: str
    replace: bool


def require_free(current: Connection | None, identity: Identity) -> None:
    """Return if the e-mail is this identity's to take; raise `HeldByAnotherAccountError`."""
    if current is not None and current.holds_its_email and current.identity != identity:
        raise HeldByAnotherAccountError(str(current.key))


def leave_alone(imported: Import | None, *connections: Connection | None) -> None:
    """Raise `AlreadyConnectedError` if an import would take the place of an active one unasked."""
    if imported is None or imported.replace:
        return
    for connection in connections:
        if connection is not None and connection.status is ConnectionStatus.ACTIVE:
            raise AlreadyConnectedError(str(connection.key))


def own_word(
    identity: Identity, current: Connection | None, *older: Snapshot
) -> tuple[Delegation, ...]:
    """Return what this identity left to agents before, cut ones too."""
    # An agent that was cut must not be back because the person signed in again, or changed their name.
    for connection in (current, *(snapshot.connection for snapshot in older)):
        if connection is not None and connection.identity == identity and connection.delegations:
            return connection.delegations
    return ()
