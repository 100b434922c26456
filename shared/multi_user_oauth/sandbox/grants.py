"""The two OAuth grants that the sandbox speaks, with what Authlib leaves to its user."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from .faults import ANSWER_KINDS
from .house import Answer, Person, Problem
from .id_tokens import issue
from .records import Code, Token, digest

if TYPE_CHECKING:
    from .token_server import Client, TokenServer

TokenResponse = tuple[int, Answer, list[tuple[str, str]]]


class RefusedError(InvalidGrantError):
    """A request that is refused for a reason Authlib has no word for."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class S256Required(CodeChallenge):
    """PKCE for everybody: Authlib demands it of public clients only, and allows plain."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012  # reason: Authlib's own attribute

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:  # noqa: ANN401  # reason: Authlib's untyped grant
        """Refuse a request without challenge, or with the method plain."""
        sent = grant.request.payload.data
        if not sent.get("code_challenge") or not sent.get("code_challenge_method"):
            raise InvalidRequestError("Missing 'code_challenge'")
        super().validate_code_challenge(grant, redirect_uri)


class CodeGrant(AuthorizationCodeGrant):
    """Codes live ten minutes and work once; using one again kills what came out of it."""

    server: "TokenServer"

    @property
    def TOKEN_ENDPOINT_AUTH_METHODS(self) -> list[str]:  # noqa: N802  # reason: Authlib's own attribute
        """Give the ways in which an application may send its secret."""
        return list(self.server.house.client_auth_methods)

    def query_authorization_code(self, code: str, client: "Client") -> Code:
        """Give the code if it is still good."""
        state = self.server.state
        found = state.codes.get(digest(code))
        if found is None or found.client_id != client.client_id:
            raise RefusedError("code_unknown")
        if found.used:  # RFC 6749 section 4.1.2
            state.kill_grant(found.grant, "replayed")
            raise RefusedError("code_used")
        if state.now() >= found.expires_at:
            raise RefusedError("code_expired")
        return found

    def delete_authorization_code(self, code: Code) -> None:
        """Mark the code as used: a replay must be recognised."""
        self.server.state.codes[code.digest] = replace(code, used=True)

    def authenticate_user(self, code: Code) -> Person | None:
        """Give the person behind the code."""
        return person_of(self.server, code)

    def generate_token(self, **options: Any) -> Answer:  # noqa: ANN401  # reason: handed on to Authlib
        """Make tokens, with a refresh token only if the sign-in asked for one."""
        offline = self.request.authorization_code.offline
        answer: Answer = super().generate_token(**options | {"include_refresh_token": offline})
        return answer

    def create_token_response(self) -> TokenResponse:
        """Give the answer as the provider writes it."""
        status, answer, headers = super().create_token_response()
        code: Code = self.request.authorization_code
        return status, dressed(self.server, self.request, answer, code), headers


class RefreshGrant(RefreshTokenGrant):
    """Refresh in the mode that the provider's settings say."""

    server: "TokenServer"

    @property
    def TOKEN_ENDPOINT_AUTH_METHODS(self) -> list[str]:  # noqa: N802  # reason: Authlib's own attribute
        """Give the ways in which an application may send its secret."""
        return list(self.server.house.client_auth_methods)

    @property
    def INCLUDE_NEW_REFRESH_TOKEN(self) -> bool:  # noqa: N802  # reason: Authlib's own attribute
        """Tell whether a refresh answers with a new refresh token."""
        return self._mode != "static"

    @property
    def _mode(self) -> str:
        return self.server.state.settings[self.server.house.name].refresh_mode

    def authenticate_refresh_token(self, value: str) -> Token:
        """Give the refresh token if it is still good."""
        state = self.server.state
        token = state.find(value, "refresh")
        if token is None:
            raise RefusedError("refresh_unknown")
        if token.refused == "rotated" and self._mode == "strict":  # RFC 9700 section 4.14.2
            state.kill_grant(token.grant, "replayed")
        if token.refused:
            raise RefusedError("refresh_revoked")
        if state.now() >= token.expires_at:
            raise RefusedError("refresh_expired")
        settings = state.settings[self.server.house.name]
        if settings.claims_need_person and self.request.form.get("claims"):
            raise RefusedError("claims_unmet")
        return token

    def authenticate_user(self, token: Token) -> Person | None:
        """Give the person behind the refresh token."""
        return person_of(self.server, token)

    def _validate_token_scope(self, token: Token) -> None:
        asked = self.request.payload.scope or ""
        person = person_of(self.server, token)
        if person is None:
            raise RefusedError("refresh_revoked")
        scope = self.server.house.refreshed_scope(token.scope, asked, person)
        if scope is None:
            raise RefusedError(self.server.house.scope_problem)
        self._scope = scope

    def issue_token(self, user: Person, refresh_token: Token) -> Answer:
        """Make tokens for the scope that was found to be granted."""
        del refresh_token
        answer: Answer = self.generate_token(
            user=user,
            scope=self._scope,
            include_refresh_token=self.INCLUDE_NEW_REFRESH_TOKEN,
        )
        return answer

    def revoke_old_credential(self, token: Token) -> None:
        """Count the use, and retire the token where the mode says so."""
        rotated = "rotated" if self._mode in ("single", "strict") else ""
        self.server.state.keep(replace(token, uses=token.uses + 1, refused=rotated))

    def create_token_response(self) -> TokenResponse:
        """Give the answer as the provider writes it."""
        status, answer, headers = super().create_token_response()
        return status, dressed(self.server, self.request, answer, None), headers


def person_of(server: "TokenServer", origin: Code | Token) -> Person | None:
    """Give the person behind a code or a token, if the company still has them."""
    account = server.state.account(origin.account)
    return Person(account=account, tenant=origin.tenant) if account else None


def dressed(server: "TokenServer", request: Any, answer: Answer, code: Code | None) -> Answer:  # noqa: ANN401  # reason: Authlib's untyped request
    """Give the answer as the provider writes it: with ID token, spoilt by the fault that is due."""
    person: Person = request.user
    client_id: str = request.client.client_id
    house, state = server.house, server.state
    fault = state.faults.take(
        ANSWER_KINDS,
        provider=house.name,
        endpoint="token",
        names=frozenset({person.account.id, person.account.email}),
        grant_type=request.payload.grant_type,
    )
    if "openid" in answer["scope"].split():
        claims = house.claims(client_id, person, answer)
        if code and code.nonce:
            claims["nonce"] = code.nonce
        if code:
            claims |= house.proved(code.claims)
        answer["id_token"] = issue(state, house.name, claims, fault, kind="id_token")
    answer = house.finish(answer, person, request.form)
    return without(answer, fault.kind) if fault else answer


def without(answer: Answer, kind: str) -> Answer:
    """Give the answer without what a fault of this kind takes away."""
    gone = {
        "missing_id_token": "id_token",
        "missing_refresh_token": "refresh_token",
        "no_access_token": "access_token",
    }
    kept = {name: value for name, value in answer.items() if name != gone.get(kind)}
    if kind == "fewer_scopes":
        optional = [s for s in kept["scope"].split() if s not in ("openid", "profile", "email")]
        kept["scope"] = " ".join(s for s in kept["scope"].split() if s != optional[-1])
    return kept
