"""Microsoft's manners: tenants, pairwise subjects, AADSTS errors, Graph access tokens."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Final

from .aadsts import NUMBERS, aadsts_answer, guid, status_of
from .company import CONSUMER_TENANT, TENANTS, Account, stable_guid
from .house import Answer, Ask, Person, Problem
from .records import ProviderName, Registration
from .scopes import GRAPH, MICROSOFT_OPENID, microsoft_scopes
from .signing import sign
from .state import State

GRAPH_APP: Final = "00000003-0000-0000-c000-000000000000"
WORDS: Final = frozenset({"common", "organizations", "consumers"})


class MicrosoftHouse:
    """What Microsoft does its own way."""

    name: ProviderName = "microsoft"
    title = "Microsoft"
    client_auth_methods: tuple[str, ...] = ("client_secret_post", "private_key_jwt")
    code_prefix = "1.AX0A"
    refresh_token_prefix = "1.AX0A"
    scope_problem: Problem = "scope_not_consented"

    def __init__(self, state: State) -> None:
        self._state = state

    def registration(self) -> Registration | None:
        """Give the only application Microsoft knows."""
        return self._state.applications[self.name]

    def aadsts(self, number: int) -> Answer:
        """Give the error body for a number of Microsoft's list."""
        draw = self._state.draw
        ids = {"trace_id": guid(draw(16)), "correlation_id": guid(draw(16))}
        return aadsts_answer(number, self._state.now(), **ids)

    def refusal(self, problem: Problem) -> tuple[Answer, int]:
        """Give Microsoft's error body and its status."""
        answer = self.aadsts(NUMBERS[problem])
        if problem == "claims_unmet":  # to be sent along at the sign-in that is needed
            answer["claims"] = json.dumps({"access_token": {"capolids": {"essential": True}}})
        return answer, status_of(answer)

    def redirect_error(self, problem: Problem) -> Answer:
        """Give the error that goes back to the application."""
        answer = self.aadsts(NUMBERS[problem])
        back = {name: answer[name] for name in ("error", "error_description", "error_uri")}
        if problem == "consent_required":
            back["error"] = "interaction_required"
        return back | ({"error_subcode": "cancel"} if problem == "denied" else {})

    def error_page(self, problem: Problem) -> Mapping[str, str]:
        """Give the text of the `trouble signing you in` page."""
        text = self.aadsts(NUMBERS[problem])["error_description"]
        return {
            "code": "",
            "headline": "Sorry, but we're having trouble signing you in.",
            "text": text,
        }

    def scopes(self, asked: str) -> tuple[str, ...]:
        """Give the short names."""
        return microsoft_scopes(asked)

    def listed(self, ask: Ask) -> Sequence[Account]:
        """Give the accounts that the authority and `domain_hint` let expect."""
        hint = ask.params.get("domain_hint", "")
        return [
            account
            for account in self._state.config.accounts
            if self._tenant_for(account, self.resolved(ask.tenant) or "")
            and (hint in ("", *WORDS) or account.email.endswith(f"@{hint}"))
        ]

    def resolved(self, tenant: str) -> str | None:
        """Give the GUID, or the word, for what stood in the path; None for an unknown tenant."""
        wanted = tenant.casefold()
        if wanted in TENANTS or wanted in WORDS:
            return wanted
        return next((guid for guid, domain in TENANTS.items() if domain == wanted), None)

    def person(self, ask: Ask, account: Account) -> Person | str:
        """Sign in whom the authority accepts, everybody while `lenient_tenant` is set."""
        asked = self.resolved(ask.tenant) or ""
        tenant = self._tenant_for(account, asked)
        if tenant is None and self._state.settings["microsoft"].lenient_tenant:
            tenant = account.home_tenant
        if tenant is not None:
            return Person(account=account, tenant=tenant)
        number = 500200 if asked in WORDS else 50020
        text = str(self.aadsts(number)["error_description"])
        return f"{text} User account: {account.email}. Application: {ask.client.client_id}."

    @staticmethod
    def _tenant_for(account: Account, asked: str) -> str | None:
        personal = account.home_tenant == CONSUMER_TENANT
        if asked in WORDS:
            welcome = asked == "common" or personal == (asked == "consumers")
            return account.home_tenant if welcome else None
        return asked if asked in (account.home_tenant, account.guest_of) else None

    def granted(self, ask: Ask, account: Account, ticked: Sequence[str]) -> tuple[str, ...]:
        """Give all that was asked for: Microsoft's consent is all or nothing."""
        del account, ticked
        return ask.scopes

    def offline(self, ask: Ask, granted: Sequence[str], *, fresh_consent: bool) -> bool:
        """Give a refresh token whenever offline_access was asked for."""
        del ask, fresh_consent
        return "offline_access" in granted

    def redirect_extras(self, ask: Ask, person: Person, granted: Sequence[str]) -> Answer:
        """Give session_state, and client_info if it was asked for."""
        del granted
        extras: Answer = {"session_state": guid(self._state.draw(16))}
        return extras | self._client_info(ask.params, person)

    def refreshed_scope(self, granted: str, asked: str, person: Person) -> str | None:
        """
        Give all that was ever consented to, if what is asked for is among it.

        A refresh that asks for some of Graph's scopes is answered with a token for all of them.
        """
        wanted = microsoft_scopes(asked) or tuple(granted.split())
        consents = set(granted.split()) | MICROSOFT_OPENID
        registration = self.registration()
        for who in (person.account.id, "*"):
            client_id = registration.client_id if registration else ""
            consents |= self._state.consented("microsoft", client_id, who)
        if not set(wanted) <= consents:
            return None
        return " ".join(dict.fromkeys((*wanted, *sorted(consents - MICROSOFT_OPENID))))

    def access_token(self, client_id: str, person: Person, scope: str) -> str:
        """Make an access token for Graph, a JWT that only Graph may read."""
        now = int(self._state.now())
        graph = [s for s in scope.split() if s not in MICROSOFT_OPENID]
        claims = {
            "aud": GRAPH_APP,
            "iss": f"https://sts.windows.net/{person.tenant}/",
            "iat": now,
            "nbf": now,
            "exp": now + self._state.settings["microsoft"].expires_in,
            "appid": client_id,
            "oid": person.account.oid(person.tenant),
            "tid": person.tenant,
            "scp": " ".join(graph),
            "uti": self._state.random_text(16),
            "ver": "1.0",
        }
        return sign(self._state.keys("microsoft")[-1], claims)

    def claims(self, client_id: str, person: Person, answer: Answer) -> Answer:
        """Give a v2.0 ID token's claims; `acct` is configured as an optional claim."""
        account, tenant = person.account, person.tenant
        scopes = answer["scope"].split()
        claims: Answer = {
            "iss": f"https://login.microsoftonline.com/{tenant}/v2.0",
            "aud": client_id,
            "tid": tenant,
            "sub": stable_guid(f"pairwise/{client_id}/{account.id}"),
            "acct": int(account.is_guest(tenant)),
            "uti": self._state.random_text(16),
            "ver": "2.0",
        }
        if "profile" in scopes:
            claims |= {"oid": account.oid(tenant), "name": account.name}
            claims |= {"preferred_username": account.upn}
        if "email" in scopes:
            claims["email"] = account.email
        if account.is_guest(tenant):
            claims["idp"] = f"https://sts.windows.net/{account.home_tenant}/"
        return claims | ({"roles": list(account.roles)} if account.roles else {})

    def proved(self, asked: str) -> Answer:
        """Give the authentication context that was asked for, if the person can prove it."""
        if not asked or not self._state.settings["microsoft"].second_factor:
            return {}
        wanted = json.loads(asked).get("id_token", {}).get("acrs", {}).get("value")
        return {"acrs": [wanted]} if wanted else {}

    def finish(self, answer: Answer, person: Person, form: Mapping[str, str]) -> Answer:
        """Give the answer with ext_expires_in and client_info; offline_access is not a scope."""
        shown = [scope for scope in answer["scope"].split() if scope != "offline_access"]
        if self._state.settings["microsoft"].full_scope_names:
            shown = [s if s in MICROSOFT_OPENID or ":" in s else f"{GRAPH}{s}" for s in shown]
        more: Answer = {"scope": " ".join(shown), "ext_expires_in": answer["expires_in"]}
        return answer | more | self._client_info(form, person)

    @staticmethod
    def _client_info(asked: Mapping[str, str], person: Person) -> Answer:
        if asked.get("client_info") != "1":
            return {}
        who = {"uid": person.account.oid(person.tenant), "utid": person.tenant}
        encoded = base64.urlsafe_b64encode(json.dumps(who).encode())
        return {"client_info": encoded.rstrip(b"=").decode()}
