"""What a person connects: data, not code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from multi_user_oauth.model.identity import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorType:
    """
    One application registration at a provider, and what it asks for.

    `required_scopes` must all be granted or nothing is stored; `optional_scopes` are asked for and may
    be declined; `allowed_scopes` may be asked for on top by a frontend. `tenant_ids` (Microsoft) and
    `hosted_domains` (Google) are whose accounts may sign in: never empty. `client_secret_expires` is
    the day on which the client secret ends, if the operator wrote it down. `purpose` is one sentence for
    people: what their permission is for. A `retired` one is no longer connected, and its connections are
    ended.
    """

    name: str
    provider: Provider
    title: str
    client_id: str
    client_secret_name: str
    required_scopes: tuple[str, ...]
    optional_scopes: tuple[str, ...] = ()
    allowed_scopes: tuple[str, ...] = ()
    tenant_ids: tuple[str, ...] = ()
    hosted_domains: tuple[str, ...] = ()
    client_secret_expires: date | None = None
    purpose: str = ""
    retired: bool = False

    @property
    def issuers(self) -> frozenset[str]:
        """What the `iss` parameter of an authorization response may say (RFC 9207, 2.4)."""
        if self.provider is Provider.GOOGLE:
            return frozenset({"https://accounts.google.com"})
        return frozenset(f"https://login.microsoftonline.com/{tid}/v2.0" for tid in self.tenant_ids)

    def missing(self, granted: tuple[str, ...]) -> tuple[str, ...]:
        """Return the required and optional scopes that are not among `granted`, in our order."""
        held = {scope.lower() for scope in granted}
        asked = (*self.required_scopes, *self.optional_scopes)
        return tuple(scope for scope in asked if scope.lower() not in held)


ConnectorTypes = Mapping[str, ConnectorType]
