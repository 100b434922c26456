"""What Microsoft and Google each do their own way; the rest of the sandbox is common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from .company import Account
from .records import ProviderName, Registration

Problem = Literal[
    "client_unknown",
    "client_wrong",
    "client_expired",
    "certificate_expired",
    "assertion_invalid",
    "assertion_audience",
    "assertion_subject",
    "assertion_time",
    "grant_type_unknown",
    "response_type_unknown",
    "parameter_missing",
    "redirect_uri_unknown",
    "redirect_uri_differs",
    "challenge_missing",
    "code_unknown",
    "code_used",
    "code_expired",
    "verifier_missing",
    "verifier_wrong",
    "refresh_unknown",
    "refresh_revoked",
    "refresh_expired",
    "scope_invalid",
    "scope_not_consented",
    "claims_unmet",
    "denied",
    "login_required",
    "consent_required",
    "unavailable",
]
"""Why a request is refused, in the sandbox's own words."""

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who signed in, and the tenant they signed in to (empty at Google)."""

    account: Account
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One valid authorization request; all of it comes from the browser."""

    client: Registration
    redirect_uri: str
    scopes: tuple[str, ...]
    params: Mapping[str, str]
    tenant: str
    """What stood in the path at Microsoft: a GUID, a domain or a word; empty at Google."""

    @property
    def prompts(self) -> frozenset[str]:
        """Give the words of `prompt`."""
        return frozenset(self.params.get("prompt", "").split())


class House(Protocol):
    """One provider's manners."""

    name: ProviderName
    title: str
    client_auth_methods: tuple[str, ...]
    code_prefix: str
    refresh_token_prefix: str
    scope_problem: Problem
    """What a refresh is told that asks for more than was granted."""

    def registration(self) -> Registration | None:
        """Give the only application this provider knows."""

    def refusal(self, problem: Problem) -> tuple[Answer, int]:
        """Give the token endpoint's error answer and its status."""

    def redirect_error(self, problem: Problem) -> Answer:
        """Give the parameters that take an error back to the application."""

    def error_page(self, problem: Problem) -> Mapping[str, str]:
        """Give code, headline and text of the page that shows an error."""

    def scopes(self, asked: str) -> tuple[str, ...]:
        """Give the scopes under the names that this provider answers with."""

    def listed(self, ask: Ask) -> Sequence[Account]:
        """Give the accounts that the chooser offers first."""

    def person(self, ask: Ask, account: Account) -> Person | str:
        """Sign an account in, or give the text that says why not."""

    def granted(self, ask: Ask, account: Account, ticked: Sequence[str]) -> tuple[str, ...]:
        """Give the scopes of a code, after the person ticked what they ticked."""

    def offline(self, ask: Ask, granted: Sequence[str], *, fresh_consent: bool) -> bool:
        """Tell whether a refresh token comes with the tokens of this sign-in."""

    def redirect_extras(self, ask: Ask, person: Person, granted: Sequence[str]) -> Answer:
        """Give what the provider adds to `code` and `state`."""

    def refreshed_scope(self, granted: str, asked: str, person: Person) -> str | None:
        """Give the scope of a refresh, None for more than was granted."""

    def access_token(self, client_id: str, person: Person, scope: str) -> str:
        """Make an access token."""

    def claims(self, client_id: str, person: Person, answer: Answer) -> Answer:
        """Give the ID token's claims about a person, for the scope and token in `answer`."""

    def proved(self, asked: str) -> Answer:
        """Give the ID token's claims for the request's `claims` parameter."""

    def finish(self, answer: Answer, person: Person, form: Mapping[str, str]) -> Answer:
        """Give the token answer as this provider writes it; `form` is what was asked."""
