"""Who is asking: a person at a browser, an agent or service, or the system itself."""

from dataclasses import dataclass

from multi_user_oauth.model.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person whose session holds these proved identities; `email` is what they are called."""

    identities: frozenset[Identity]
    email: str
    is_admin: bool = False

    def __str__(self) -> str:
        return f"person:{min(self.identities)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A service account whose OIDC token was verified; `name` is its verified e-mail."""

    name: str

    def __str__(self) -> str:
        return f"agent:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """The system itself (`refresh`), or an operator at a terminal."""

    name: str

    def __str__(self) -> str:
        return f"system:{self.name}"


Caller = Person | Agent | System
