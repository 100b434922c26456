"""Who may do what: pure functions of the caller, the action, the policy and the connection."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from multi_user_oauth.errors import (
    DelegationRequiredError,
    ForbiddenError,
    InsufficientScopeError,
    MultiUserOAuthError,
    NotConnectedError,
    StepUpRequiredError,
)
from multi_user_oauth.model import (
    USES,
    Action,
    Agent,
    AgentRule,
    Caller,
    Connection,
    ConnectionKey,
    Identity,
    Person,
    Policy,
    Role,
    System,
    includes,
)

OF_AUDITORS: Final = frozenset({Action.SEE, Action.READ_AUDIT, Action.READ_USAGE})
OF_ADMINS: Final = OF_AUDITORS | {Action.END}
OF_AGENTS: Final = USES | {Action.SEE}
ABOUT_THE_PERSON: Final = frozenset({"openid", "profile", "email", "offline_access"})
"""Scopes that open nothing but who the person is."""


def require(
    policy: Policy, caller: Caller, action: Action, connection: Connection, now: datetime
) -> None:
    """
    Return if the caller may do this with the connection, as it was just read.

    What is not theirs is, for whoever asks, what does not exist: `NotConnectedError`. Else raise
    `ForbiddenError`, `DelegationRequiredError` or `StepUpRequiredError`.
    """
    require_reach(policy, caller, action, connection.key)
    match caller:
        case Person():
            _require_person(policy, caller, action, connection)
        case Agent() if action in USES:
            for name in caller.names:
                _require_leave(policy, name, action, connection, now)
        case Agent() | System():
            return


def require_reach(policy: Policy, caller: Caller, action: Action, key: ConnectionKey) -> None:
    """
    Return if the record need be read at all; raise `NotConnectedError` or `ForbiddenError`.

    An agent is told of connections outside its rule just what it is told of those that do not exist.
    Nobody but an agent is ever given a token.
    """
    match caller:
        case Person():
            if action is Action.TOKEN:
                message = "tokens are for agents; a person acts through the connectors"
                raise ForbiddenError(message)
        case Agent():
            rules = [policy.agents.get(name) for name in caller.names]
            if action not in OF_AGENTS or not all(rule and rule.covers(key) for rule in rules):
                raise NotConnectedError(str(key))
            if action in USES and not all(
                rule and includes(rule.actions, action) for rule in rules
            ):
                raise ForbiddenError(f"the policy does not allow this agent: {action}")
        case System():
            return


def require_scopes(
    policy: Policy, caller: Caller, connection: Connection, asked: Iterable[str]
) -> None:
    """
    Return if a token of this connection may go to the caller; raise `InsufficientScopeError`.

    What is asked for must be granted. A token can not be narrowed: where a rule names scopes, a token
    that carries others is not given out.
    """
    granted = _lowered(connection.scopes)
    if not _lowered(asked) <= granted:
        raise InsufficientScopeError(f"{connection.key}: a scope asked for is not granted")
    for rule in _rules(policy, caller):
        if rule.scopes is not None and not granted <= _lowered(rule.scopes) | ABOUT_THE_PERSON:
            message = f"{connection.key}: the token carries scopes beyond the agent's rule"
            raise InsufficientScopeError(message)


def require_any_scope(
    policy: Policy, caller: Caller, connection: Connection, needs: tuple[str, ...]
) -> None:
    """
    Return if one of these scopes is granted, and left to the caller; raise `InsufficientScopeError`.

    For what is done in the person's name without giving the token away: a rule that names scopes
    narrows it to these.
    """
    if not _lowered(needs) & scopes_left(policy, caller, needs):
        raise InsufficientScopeError(f"{connection.key}: beyond the scopes of the agent's rule")
    if not _lowered(needs) & scopes_left(policy, caller, connection.scopes):
        message = f"{connection.key}: no scope for this is granted"
        raise InsufficientScopeError(message, scopes=needs)


def scopes_left(policy: Policy, caller: Caller, granted: Iterable[str]) -> frozenset[str]:
    """Return what the rules leave the caller of these scopes, in lower case."""
    left = _lowered(granted)
    for rule in _rules(policy, caller):
        left &= left if rule.scopes is None else _lowered(rule.scopes)
    return left


def may_see(policy: Policy, caller: Caller, connection: Connection, now: datetime) -> bool:
    """Return whether the connection belongs in this caller's list."""
    try:
        require(policy, caller, Action.SEE, connection, now)
    except MultiUserOAuthError:
        return False
    return True


def is_listed(
    listed: frozenset[Identity | Role], identities: frozenset[Identity], roles: frozenset[Role]
) -> bool:
    """Return whether one of these proved identities, or of their roles, is on the list."""
    return not listed.isdisjoint(identities | roles)


def _require_person(policy: Policy, person: Person, action: Action, connection: Connection) -> None:
    if connection.identity in person.identities:
        if action is Action.DELEGATE and person.by_bearer:
            raise ForbiddenError("leave is given in a session of our own, not by a bearer token")
        return
    as_admin = person.is_admin and action in OF_ADMINS
    as_auditor = person.is_auditor and action in OF_AUDITORS
    if person.by_bearer or not (as_admin or as_auditor):
        raise NotConnectedError(str(connection.key))
    if action is Action.END:
        require_step_up(policy, person)


def require_step_up(policy: Policy, person: Person) -> None:
    """Return if an admin may change what is another's; raise `StepUpRequiredError`."""
    if policy.step_up is not None and not person.stepped_up:
        raise StepUpRequiredError("the policy asks for a stronger, recent sign-in")


def require_admin(policy: Policy, caller: Caller) -> None:
    """Return if the caller may end what is another's; raise `ForbiddenError` or `StepUpRequiredError`."""
    match caller:
        case System():
            return
        case Person(is_admin=True, by_bearer=False):
            require_step_up(policy, caller)
        case _:
            raise ForbiddenError("only an administrator may do this")


def require_overseer(caller: Caller) -> None:
    """Return if the caller may look at everybody's; raise `ForbiddenError`."""
    if not sees_all(caller):
        raise ForbiddenError("only an administrator or an auditor may see this")


def sees_all(caller: Caller) -> bool:
    """Return whether the caller may look at everybody's connections."""
    match caller:
        case Person(by_bearer=False):
            return caller.is_admin or caller.is_auditor
        case _:
            return isinstance(caller, System)


def _require_leave(
    policy: Policy, agent: str, action: Action, connection: Connection, now: datetime
) -> None:
    delegation = connection.delegation_of(agent)
    if delegation is None and not policy.delegations_required:
        return
    if delegation is None or not delegation.allows(action, now):
        raise DelegationRequiredError(
            f"{connection.key}: the person has not left this to the agent"
        )


def _rules(policy: Policy, caller: Caller) -> tuple[AgentRule, ...]:
    names = caller.names if isinstance(caller, Agent) else ()
    return tuple(policy.agents[name] for name in names if name in policy.agents)


def _lowered(scopes: Iterable[str]) -> frozenset[str]:
    return frozenset(scope.lower() for scope in scopes)
