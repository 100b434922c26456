"""The browser's side of both providers: choose an account, consent, go back with a code."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from flask import Response, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from .company import Account
from .faults import ANSWER_KINDS, Fault
from .house import Answer, Ask, Person, Problem
from .records import CODE_LIFE, Code, digest
from .scopes import in_words
from .token_server import TokenServer, problem_of

EVERYBODY = "*"
"""Stands for all accounts in what an administrator consented to."""
WHATEVER = ".default"
"""Microsoft's word for all the permissions that the application is registered with."""


class SignIn:
    """One provider's pages over its token server."""

    def __init__(self, server: TokenServer) -> None:
        self._server = server
        self._house = server.house
        self._state = server.state

    def answer(self, tenant: str = "") -> BaseResponse:
        """Answer whatever step of an authorization request the browser is at."""
        self._state.secrets.add("state", request.args.get("state"))
        self._state.secrets.add("nonce", request.args.get("nonce"))
        try:
            grant = self._server.get_consent_grant()
        except OAuth2Error as error:
            return self._refused(error)
        ask = self._ask(grant, tenant)
        fault: Fault | None = g.get("fault")
        if fault:
            text = fault.error_description or "Asked for by a fault."
            name = fault.error or "temporarily_unavailable"
            return self._back(ask, {"error": name, "error_description": text})
        if "none" in ask.prompts:
            return self._silently(ask)
        account = self._state.account(request.form.get("account"))
        if account is None:
            return self._chooser(ask)
        person = self._house.person(ask, account)
        if isinstance(person, str):
            return self.page("error.html", 400, code="", headline="Sign in", text=person)
        return self._signed_in(ask, person)

    def page(self, name: str, status: int = 200, **values: object) -> Response:
        """Give one of the sandbox's pages in this provider's dress."""
        house = self._house
        body = render_template(name, house=house.name, title=house.title, **values)
        response = make_response(body, status)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _ask(self, grant: Any, tenant: str) -> Ask:  # noqa: ANN401  # reason: Authlib's untyped grant
        return Ask(
            client=grant.client.registration,
            redirect_uri=grant.redirect_uri,
            scopes=self._house.scopes(request.args.get("scope", "")),
            params=request.args.to_dict(),
            tenant=tenant,
        )

    def _refused(self, error: OAuth2Error) -> BaseResponse:
        problem = problem_of(error)
        if not error.redirect_uri:
            return self.page("error.html", 400, **self._house.error_page(problem))
        answer = self._house.redirect_error(problem)
        return self._send(error.redirect_uri, answer, request.args.to_dict())

    def _silently(self, ask: Ask) -> BaseResponse:
        account = self._state.account(request.cookies.get(self._cookie))
        person = account and self._house.person(ask, account)
        problem: Problem = "consent_required"
        if not isinstance(person, Person):
            problem = "login_required"
        elif not self._consent_needed(ask, person.account):
            return self._with_code(ask, person, ticked=None)
        return self._back(ask, self._house.redirect_error(problem))

    def _chooser(self, ask: Ask) -> Response:
        everybody = self._state.config.accounts
        if "other" in request.form:
            return self.page("chooser.html", accounts=everybody, hinted=None, everybody=True)
        listed = self._house.listed(ask)
        hinted = self._state.account(ask.params.get("login_hint"))
        if hinted and "select_account" not in ask.prompts:
            return self.page("chooser.html", accounts=[hinted], hinted=hinted, everybody=False)
        whole = len(listed) == len(everybody)
        return self.page("chooser.html", accounts=listed, hinted=hinted, everybody=whole)

    def _signed_in(self, ask: Ask, person: Person) -> BaseResponse:
        decision = request.form.get("decision")
        if decision == "accept":
            response = self._with_code(ask, person, ticked=request.form.getlist("granted"))
        elif decision:
            response = self._back(ask, self._house.redirect_error("denied"), person)
        elif self._consent_needed(ask, person.account):
            response = self._consent(ask, person.account)
        else:
            response = self._with_code(ask, person, ticked=None)
        response.set_cookie(self._cookie, person.account.id, httponly=True, samesite="Lax")
        return response

    @property
    def _cookie(self) -> str:
        return f"sandbox_{self._house.name}"

    def _consent_needed(self, ask: Ask, account: Account) -> bool:
        by_admin = self._consents(ask, EVERYBODY)
        covered = WHATEVER in by_admin or self._consents(ask, account.id) | by_admin >= {
            *ask.scopes
        }
        return "consent" in ask.prompts or not covered

    def _consents(self, ask: Ask, account: str) -> set[str]:
        return self._state.consented(self._house.name, ask.client.client_id, account)

    def _consent(self, ask: Ask, account: Account) -> Response:
        scopes = [(scope, in_words(scope)) for scope in ask.scopes]
        name = ask.client.name
        return self.page("consent.html", account=account, scopes=scopes, app=name, everyone="")

    def _with_code(self, ask: Ask, person: Person, ticked: Sequence[str] | None) -> BaseResponse:
        account = person.account
        wanted = ask.scopes if ticked is None else ticked
        granted = self._house.granted(ask, account, wanted)
        self._consents(ask, account.id).update(granted)
        offline = self._house.offline(ask, granted, fresh_consent=ticked is not None)
        value = self._state.new_secret("code", self._house.code_prefix, 60)
        code = Code(
            digest=digest(value),
            grant=digest(f"grant {value}"),
            provider=self._house.name,
            client_id=ask.client.client_id,
            account=account.id,
            tenant=person.tenant,
            scope=" ".join(granted),
            redirect_uri=ask.redirect_uri,
            nonce=ask.params.get("nonce"),
            claims=ask.params.get("claims", ""),
            code_challenge=ask.params["code_challenge"],
            code_challenge_method=ask.params["code_challenge_method"],
            offline=offline,
            expires_at=self._state.now() + CODE_LIFE,
        )
        self._state.codes[code.digest] = code
        extras = self._house.redirect_extras(ask, person, granted)
        return self._back(ask, {"code": value, **extras}, person)

    def _back(self, ask: Ask, answer: Answer, person: Person | None = None) -> BaseResponse:
        names = {person.account.id, person.account.email} if person else set()
        fault = self._state.faults.take(
            ANSWER_KINDS,
            provider=self._house.name,
            endpoint="authorize",
            names=frozenset(names),
        )
        return self._send(ask.redirect_uri, answer, ask.params, fault.kind if fault else "")

    def _send(
        self, uri: str, answer: Answer, params: Mapping[str, str], fault: str = ""
    ) -> BaseResponse:
        fields = answer | ({"state": params["state"]} if params.get("state") else {})
        if fault == "wrong_state":
            fields["state"] = "not-the-state-you-sent"
        if fault == "wrong_iss":
            fields["iss"] = "https://accounts.evil.example"
        gone = {"missing_state": "state", "missing_code": "code"}.get(fault)
        fields = {name: value for name, value in fields.items() if name != gone}
        if params.get("response_mode") == "form_post":
            return self.page("form_post.html", uri=uri, fields=fields)
        return redirect(f"{uri}{'&' if '?' in uri else '?'}{urlencode(fields)}", 302)
