"""A person's word on the agents that use their connection: leave, a limit, a cut."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from multi_user_oauth.access import require
from multi_user_oauth.audit import audited
from multi_user_oauth.commit import ID_BYTES, Committer
from multi_user_oauth.errors import (
    MultiUserOAuthError,
    NotConnectedError,
    RequestError,
    TooManyDelegationsError,
)
from multi_user_oauth.model import (
    EVERY_AGENT,
    MOST_DELEGATIONS,
    USES,
    Action,
    Agent,
    Batch,
    Connection,
    ConnectionKey,
    Delegation,
    Limits,
    Person,
    Policy,
    Snapshot,
    includes,
)
from multi_user_oauth.ports import Clock, ConnectionWriter, Draw, Sleep


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReach:
    """What one agent may do with a connection now, and what the policy would let it do."""

    agent: str
    actions: tuple[Action, ...]
    at_most: tuple[Action, ...]
    word: Delegation | None
    """What the person said on it, by its name or on every agent; None: nothing."""


class Delegate:
    """Reads and changes delegations, for the connection's own person only."""

    def __init__(
        self,
        *,
        store: ConnectionWriter,
        policy: Callable[[], Policy],
        now: Clock,
        sleep: Sleep,
        draw: Draw,
        limits: Limits,
    ) -> None:
        self._store = store
        self._policy = policy
        self._now = now
        self._draw = draw
        self._committer = Committer(store=store, now=now, sleep=sleep, limits=limits)

    def own(self, person: Person) -> tuple[Connection, ...]:
        """Return the person's connections on which there is a word to say; no tombstones."""
        policy, now = self._policy(), self._now()
        found = [
            snapshot.connection
            for identity in sorted(person.identities)
            for snapshot in self._store.by_identity(identity)
            if snapshot.connection.holds_its_email
        ]
        for connection in found:
            require(policy, person, Action.DELEGATE, connection, now)
        return tuple(sorted(found, key=lambda connection: connection.key))

    def reach(self, connection: Connection) -> tuple[AgentReach, ...]:
        """Return every agent whose rule covers the connection, the cut ones too."""
        policy, now = self._policy(), self._now()
        at_most = replace(policy, delegations_required=False)
        bare = replace(connection, delegations=())
        return tuple(
            AgentReach(
                agent=name,
                actions=_allowed(policy, name, connection, now),
                at_most=_allowed(at_most, name, bare, now),
                word=connection.delegation_of(name),
            )
            for name, rule in sorted(policy.agents.items())
            if rule.covers(connection.key)
        )

    def say(
        self,
        person: Person,
        key: ConnectionKey,
        agent: str,
        actions: tuple[Action, ...],
        expires_at: datetime | None = None,
    ) -> Delegation:
        """
        Store the person's word on this agent, or on `*`, and return it; without actions it is cut.

        Raise `RequestError` for an agent that neither the policy nor the person names, or a date that is
        over; `TooManyDelegationsError`; `NotConnectedError` for what is not the person's own,
        `ForbiddenError`, `ConflictError` or `StoreUnavailableError`.
        """
        now = self._now()
        if expires_at is not None and expires_at <= now:
            raise RequestError("the date is over", field="expires_at")
        said = Delegation(
            agent=agent,
            actions=tuple(sorted(set(actions))),
            given_at=now,
            expires_at=expires_at if actions else None,
        )

        def change(connection: Connection) -> tuple[Delegation, ...]:
            others = tuple(d for d in connection.delegations if d.agent != agent)
            known = len(others) < len(connection.delegations)
            if not known and agent != EVERY_AGENT and agent not in self._policy().agents:
                raise RequestError("no agent of that name is in the policy", field="agent")
            if len(others) >= MOST_DELEGATIONS:
                raise TooManyDelegationsError(f"{key} has {MOST_DELEGATIONS}", field="agent")
            return (*others, said)

        self._commit(person, key, said, change)
        return said

    def cut_all(self, person: Person, key: ConnectionKey) -> None:
        """Cut every agent, those to come included: one word instead of all; raise as `say`."""
        said = Delegation(agent=EVERY_AGENT, actions=(), given_at=self._now())
        self._commit(person, key, said, lambda _: (said,))

    def _commit(
        self,
        person: Person,
        key: ConnectionKey,
        said: Delegation,
        change: Callable[[Connection], tuple[Delegation, ...]],
    ) -> None:
        # One id and one time for all tries: then the record that landed is the one that is logged.
        commit_id = self._draw(ID_BYTES).hex()

        def step(current: Snapshot | None) -> Batch:
            if current is None or not current.connection.holds_its_email:
                raise NotConnectedError(str(key))
            policy, before = self._policy(), current.connection
            require(policy, person, Action.DELEGATE, before, said.given_at)
            after = replace(before, delegations=change(before), commit_id=commit_id)
            made = audited(
                current,
                after,
                action=_event(policy, before.delegation_of(said.agent), said),
                actor=str(person),
                at=said.given_at,
                reason=_told(said),
            )
            return Batch(changes=(made,))

        self._committer.commit(key, commit_id, self._store.read(key), step)


def _allowed(
    policy: Policy, agent: str, connection: Connection, now: datetime
) -> tuple[Action, ...]:
    # Asked of those who decide about the agent itself, so that both can not differ.
    def may(action: Action) -> bool:
        try:
            require(policy, Agent(name=agent), action, connection, now)
        except MultiUserOAuthError:
            return False
        return True

    return tuple(sorted(filter(may, USES)))


def _event(policy: Policy, before: Delegation | None, said: Delegation) -> str:
    if not said.actions:
        return "delegation_cut"
    without_a_word = frozenset() if policy.delegations_required else USES
    had = _covered(before.actions) if before else without_a_word
    return "delegation_limited" if _covered(said.actions) < had else "delegated"


def _covered(actions: tuple[str, ...]) -> frozenset[Action]:
    return frozenset(action for action in USES if includes(actions, action))


def _told(said: Delegation) -> str:
    until = f", until {said.expires_at.isoformat()}" if said.expires_at else ""
    return f"{said.agent}: {', '.join(said.actions) or 'nothing'}{until}"
