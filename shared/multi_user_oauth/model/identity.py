"""Who really signed in: the provider's immutable key for a person, never an e-mail address."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self


class Provider(StrEnum):
    """The two providers."""

    MICROSOFT = "microsoft"
    GOOGLE = "google"


_GUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FORMS: Final = {
    Provider.MICROSOFT: re.compile(rf"({_GUID}):({_GUID})"),
    Provider.GOOGLE: re.compile(r"[0-9]{1,64}"),
}


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """
    `microsoft:{tid}:{oid}` or `google:{sub}`.

    E-mail addresses change hands; these do not (Microsoft: "claims validation", use `tid` and `oid`;
    OpenID Connect Core, 5.7, use `iss` and `sub`).
    """

    provider: Provider
    subject: str

    def __post_init__(self) -> None:
        if not _FORMS[self.provider].fullmatch(self.subject):
            message = f"not a {self.provider} identity"
            raise ValueError(message)

    @classmethod
    def microsoft(cls, tid: str, oid: str) -> Self:
        """Return the identity of the `tid` and `oid` claims; raise `ValueError` unless both are GUIDs."""
        return cls(Provider.MICROSOFT, f"{tid.lower()}:{oid.lower()}")

    @classmethod
    def google(cls, sub: str) -> Self:
        """Return the identity of the `sub` claim; raise `ValueError` unless it is a string of digits."""
        return cls(Provider.GOOGLE, sub)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the identity that `str()` wrote; raise `ValueError` for any other text."""
        provider, _, subject = text.partition(":")
        return cls(Provider(provider), subject)

    def __str__(self) -> str:
        return f"{self.provider}:{self.subject}"


@dataclass(frozen=True, slots=True, order=True)
class Role:
    """An Entra app role, in the tenant that assigned it."""

    tenant_id: str
    value: str

    def __str__(self) -> str:
        return f"role:{self.tenant_id}:{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedPerson:
    """
    A person as a verified id_token names them; `emails` are normalised labels inside our tenant.

    `contexts` are the authentication contexts that this sign-in satisfied (Microsoft's claim `acrs`).
    """

    identity: Identity
    emails: tuple[str, ...]
    name: str = ""
    roles: frozenset[Role] = frozenset()
    contexts: frozenset[str] = frozenset()
