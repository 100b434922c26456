"""Google's manners: long scope names, check boxes, refresh tokens on fresh consent only."""

from collections.abc import Mapping, Sequence
from typing import Final

from .company import Account
from .house import Answer, Ask, Person, Problem
from .id_tokens import at_hash
from .records import ProviderName, Registration
from .scopes import EMAIL, GOOGLE_IDENTITY, PROFILE, google_scopes, unique
from .state import State

ISSUER: Final = "https://accounts.google.com"

_REFUSALS: Final[Mapping[Problem, tuple[str, str, int]]] = {
    "client_unknown": ("invalid_client", "The OAuth client was not found.", 401),
    "client_wrong": ("invalid_client", "Unauthorized", 401),
    "client_expired": ("invalid_client", "Unauthorized", 401),
    "grant_type_unknown": ("unsupported_grant_type", "Invalid grant_type", 400),
    "response_type_unknown": ("unsupported_response_type", "Invalid response_type", 400),
    "parameter_missing": ("invalid_request", "Missing required parameter", 400),
    "redirect_uri_unknown": ("redirect_uri_mismatch", "Bad Request", 400),
    "redirect_uri_differs": ("redirect_uri_mismatch", "Bad Request", 400),
    "challenge_missing": ("invalid_request", "PKCE with code_challenge_method=S256 needed", 400),
    "code_unknown": ("invalid_grant", "Malformed auth code.", 400),
    "code_used": ("invalid_grant", "Bad Request", 400),
    "code_expired": ("invalid_grant", "Bad Request", 400),
    "verifier_missing": ("invalid_grant", "Missing code verifier.", 400),
    "verifier_wrong": ("invalid_grant", "Invalid code verifier.", 400),
    "refresh_unknown": ("invalid_grant", "Bad Request", 400),
    "refresh_revoked": ("invalid_grant", "Token has been expired or revoked.", 400),
    "refresh_expired": ("invalid_grant", "Token has been expired or revoked.", 400),
    "scope_invalid": ("invalid_scope", "Some requested scopes were invalid.", 400),
    "scope_not_consented": ("invalid_scope", "Some requested scopes were invalid.", 400),
    "denied": ("access_denied", "", 400),
    "login_required": ("login_required", "", 400),
    "consent_required": ("interaction_required", "", 400),
    "unavailable": ("internal_failure", "Backend Error", 500),
}


class GoogleHouse:
    """What Google does its own way."""

    name: ProviderName = "google"
    title = "Google"
    client_auth_methods: tuple[str, ...] = ("client_secret_basic", "client_secret_post")
    code_prefix = "4/0A"
    refresh_token_prefix = "1//0"
    scope_problem: Problem = "scope_invalid"

    def __init__(self, state: State) -> None:
        self._state = state

    def registration(self) -> Registration | None:
        """Give the only application Google knows."""
        return self._state.applications[self.name]

    def refusal(self, problem: Problem) -> tuple[Answer, int]:
        """Give Google's `{error, error_description}` and its status."""
        error, text, status = _REFUSALS[problem]
        return {"error": error, "error_description": text}, status

    def redirect_error(self, problem: Problem) -> Answer:
        """Give the error that goes back to the application: Google sends no description."""
        return {"error": _REFUSALS[problem][0]}

    def error_page(self, problem: Problem) -> Mapping[str, str]:
        """Give the text of Google's `Access blocked` page."""
        error, _, status = _REFUSALS[problem]
        return {
            "code": f"Error {status}: {error}",
            "headline": "Access blocked: this app's request is invalid",
            "text": "You can't sign in because this app sent an invalid request. "
            "You can try again later, or contact the developer about this issue.",
        }

    def scopes(self, asked: str) -> tuple[str, ...]:
        """Give the long names."""
        return google_scopes(asked)

    def listed(self, ask: Ask) -> Sequence[Account]:
        """Give the accounts of the hosted domain asked for: `hd` is a hint, not a rule."""
        hd = ask.params.get("hd", "")
        everybody = self._state.config.accounts
        if hd == "*":
            return [account for account in everybody if account.hd]
        return [account for account in everybody if hd in ("", account.hd)]

    def person(self, ask: Ask, account: Account) -> Person | str:
        """Sign anybody in: Google leaves it to the application to look at `hd`."""
        del ask
        return Person(account=account, tenant="")

    def granted(self, ask: Ask, account: Account, ticked: Sequence[str]) -> tuple[str, ...]:
        """Give identity scopes and what was ticked, with what was granted before if asked for."""
        chosen = [s for s in ask.scopes if s in ticked or s in GOOGLE_IDENTITY]
        if ask.params.get("include_granted_scopes") == "true":
            client_id = ask.client.client_id
            chosen += sorted(self._state.consented("google", client_id, account.id))
        return unique(chosen)

    def offline(self, ask: Ask, granted: Sequence[str], *, fresh_consent: bool) -> bool:
        """Give a refresh token for access_type=offline, and only right after a consent page."""
        del granted
        return fresh_consent and ask.params.get("access_type") == "offline"

    def redirect_extras(self, ask: Ask, person: Person, granted: Sequence[str]) -> Answer:
        """Give scope, authuser, prompt and hd, as Google sends them along."""
        extras = {"scope": " ".join(granted), "authuser": "0"}
        extras["prompt"] = "consent" if "consent" in ask.prompts else "none"
        if person.account.hd:
            extras["hd"] = person.account.hd
        if self._state.settings["google"].send_iss:
            extras["iss"] = ISSUER
        return extras

    def refreshed_scope(self, granted: str, asked: str, person: Person) -> str | None:
        """Give the scopes asked for, if all of them were granted."""
        del person
        wanted = google_scopes(asked) or granted.split()
        return " ".join(wanted) if set(wanted) <= set(granted.split()) else None

    def access_token(self, client_id: str, person: Person, scope: str) -> str:
        """Make an opaque access token."""
        del client_id, person, scope
        return "ya29." + self._state.random_text(96)

    def claims(self, client_id: str, person: Person, answer: Answer) -> Answer:
        """Give Google's claims; a consumer account has no `hd`."""
        claims: Answer = {"iss": ISSUER, "azp": client_id, "aud": client_id}
        claims |= about(person.account, answer["scope"].split())
        return claims | {"at_hash": at_hash(answer["access_token"])}

    def proved(self, asked: str) -> Answer:
        """Give nothing: Google says nothing of how a person signed in."""
        del asked
        return {}

    def finish(self, answer: Answer, person: Person, form: Mapping[str, str]) -> Answer:
        """Give the answer, with the end of the grant where it has one; Google adds nothing else."""
        del person, form
        ends_in = self._state.settings["google"].refresh_token_expires_in
        return answer if ends_in is None else answer | {"refresh_token_expires_in": ends_in}


def about(account: Account, scopes: Sequence[str]) -> Answer:
    """Give what Google tells about a person to someone who has these scopes."""
    claims: Answer = {"sub": account.sub}
    if account.hd:
        claims["hd"] = account.hd
    if EMAIL in scopes:
        claims |= {"email": account.email, "email_verified": True}
    if PROFILE in scopes:
        first, _, last = account.name.partition(" ")
        claims |= {"name": account.name, "given_name": first, "family_name": last}
    return claims
