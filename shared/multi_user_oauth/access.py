"""Who may do what: pure functions of the caller, the policy and the connection."""

from multi_user_oauth.errors import ForbiddenError, NotConnectedError
from multi_user_oauth.model import (
    Agent,
    Caller,
    Connection,
    ConnectionKey,
    Identity,
    Person,
    Policy,
    System,
)


def require_use(policy: Policy, caller: Caller, key: ConnectionKey) -> None:
    """
    Return if the caller may be given tokens of this connection.

    An agent is told of connections outside its rule just what it is told of those that do not exist:
    `NotConnectedError`. Persons, admins too, are never given a token: `ForbiddenError`.
    """
    match caller:
        case Person():
            message = "tokens are for agents; a person acts through the connectors"
            raise ForbiddenError(message)
        case Agent(name=name):
            rule = policy.agents.get(name)
            if rule is None or not rule.covers(key):
                raise NotConnectedError(str(key))
        case System():
            return


def may_see(policy: Policy, caller: Caller, connection: Connection) -> bool:
    """Return whether the connection belongs in this caller's list."""
    match caller:
        case Person():
            return caller.is_admin or connection.identity in caller.identities
        case Agent(name=name):
            rule = policy.agents.get(name)
            return rule is not None and rule.covers(connection.key)
        case System():
            return True


def require_end(caller: Caller, connection: Connection) -> None:
    """Return if the caller may disconnect it: its person, or an admin; else `NotConnectedError`."""
    match caller:
        case Person() if caller.is_admin or connection.identity in caller.identities:
            return
        case System():
            return
        case _:
            raise NotConnectedError(str(connection.key))


def is_admin(policy: Policy, identities: frozenset[Identity]) -> bool:
    """Return whether one of these proved identities is on the list of admins."""
    return not policy.admins.isdisjoint(identities)
