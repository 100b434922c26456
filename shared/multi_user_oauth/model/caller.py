"""Who is asking: a person at a browser, an agent or service, or the system itself."""

from dataclasses import dataclass

from multi_user_oauth.model.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """
    A person with these proved identities; `email` is what they are called.

    `by_bearer`: not by a session but by the token of a frontend's own sign-in; such a person is never
    admin or auditor. `stepped_up`: the session proved lately what the policy asks of admins who change
    what is another's.
    """

    identities: frozenset[Identity]
    email: str
    is_admin: bool = False
    is_auditor: bool = False
    by_bearer: bool = False
    stepped_up: bool = False

    def __str__(self) -> str:
        return f"person:{min(self.identities)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """
    An agent or service whose OIDC token was verified.

    `name` is a service account's verified e-mail, or `{issuer}/{subject}` of a configured issuer.
    `actors` are those who act for it, the nearest first (RFC 8693, 4.1).
    """

    name: str
    actors: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All agents that have a part in this: each must be allowed."""
        return (self.name, *self.actors)

    def __str__(self) -> str:
        return " by ".join(f"agent:{name}" for name in self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The system itself (`refresh`), or an operator at a terminal."""

    name: str

    def __str__(self) -> str:
        return f"system:{self.name}"


Caller = Person | Agent | System
