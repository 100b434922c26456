"""One provider's token endpoint: Authlib's server over the sandbox's memory."""

import hmac
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, cast

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from flask import Response, jsonify

from .client_assertions import METHOD, ClientAssertions
from .grants import CodeGrant, RefreshGrant, RefusedError, S256Required
from .house import House, Person, Problem
from .records import Code, Registration, Token, digest
from .state import State

_PROBLEMS: Final[dict[tuple[str, str], Problem]] = {
    ("invalid_client", "exist"): "client_unknown",
    ("invalid_client", "Missing"): "parameter_missing",
    ("invalid_client", ""): "client_wrong",
    ("unsupported_grant_type", ""): "grant_type_unknown",
    ("unsupported_response_type", ""): "response_type_unknown",
    ("invalid_request", "Redirect URI"): "redirect_uri_unknown",
    ("invalid_request", "code_challenge"): "challenge_missing",
    ("invalid_request", "code_verifier"): "verifier_missing",
    ("invalid_grant", "redirect_uri"): "redirect_uri_differs",
    ("invalid_grant", "challenge"): "verifier_wrong",
    ("invalid_grant", "'code'"): "code_unknown",
    ("invalid_grant", ""): "refresh_unknown",
    ("invalid_scope", ""): "scope_invalid",
}


def problem_of(error: OAuth2Error) -> Problem:
    """Say in the sandbox's words what Authlib refused."""
    if isinstance(error, RefusedError):
        return error.problem
    text = str(error.get_error_description() or "")
    for (name, part), problem in _PROBLEMS.items():
        if error.error == name and part in text:
            return problem
    return "parameter_missing"


class Client:
    """A registration as Authlib asks about it."""

    def __init__(self, registration: Registration, methods: tuple[str, ...]) -> None:
        self.registration = registration
        self.client_id = registration.client_id
        self._methods = methods

    def get_default_redirect_uri(self) -> None:
        """Demand that the request names its redirect URI."""

    def get_allowed_scope(self, scope: str | None) -> str:
        """Allow every scope: what a person may give is decided on the consent page."""
        return scope or ""

    def check_redirect_uri(self, uri: str) -> bool:
        """Compare exactly, as both providers do (RFC 9700 section 4.1.3)."""
        return uri in self.registration.redirect_uris

    def check_client_secret(self, secret: str) -> bool:
        """Tell whether it is one of the registered secrets: two while one is replaced."""
        if _among(secret, self.registration.expired_secrets):
            raise RefusedError("client_expired")
        return _among(secret, self.registration.client_secrets)

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Tell whether the provider takes the secret this way."""
        return method in self._methods

    def check_response_type(self, response_type: str) -> bool:
        """Allow the code flow only."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Allow the two grants of a web application."""
        return grant_type in ("authorization_code", "refresh_token")


def _among(secret: str, known: Sequence[str]) -> bool:
    return any(hmac.compare_digest(secret.encode(), each.encode()) for each in known)


class TokenServer(AuthorizationServer):
    """One provider's Authlib server over the sandbox's state."""

    def __init__(self, state: State, house: House) -> None:
        super().__init__()
        self.state = state
        self.house = house
        self.register_token_generator(
            "default",
            BearerTokenGenerator(self._new_access, self._new_refresh, self._expires_in),
        )
        self.register_client_auth_method(METHOD, ClientAssertions(state))
        self.register_grant(CodeGrant, [S256Required(required=True)])
        self.register_grant(RefreshGrant)

    def query_client(self, client_id: str) -> Client | None:
        """Give the application with this id."""
        known = self.house.registration()
        if known is None or known.client_id != client_id:
            return None
        return Client(known, self.house.client_auth_methods)

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> Response:
        """Answer with the error as the provider writes it."""
        del request
        answer, status = self.house.refusal(problem_of(error))
        response = jsonify(answer)
        response.status_code = status
        response.headers["Cache-Control"] = "no-store"
        return response

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Keep the digests of the tokens in `token`, as descendants of what was traded."""
        origin = cast("Code | Token", request.authorization_code or request.refresh_token)
        settings = self.state.settings[self.house.name]
        now = self.state.now()
        common = Token(
            digest=digest(token["access_token"]),
            kind="access",
            grant=origin.grant,
            provider=origin.provider,
            client_id=origin.client_id,
            account=origin.account,
            tenant=origin.tenant,
            scope=token.get("scope", ""),
            issued_at=now,
            expires_at=now + token["expires_in"],
            parent=origin.digest if isinstance(origin, Token) else None,
        )
        self.state.keep(common)
        if "refresh_token" in token:
            end = now + settings.refresh_token_life
            kept = replace(common, digest=digest(token["refresh_token"]), kind="refresh")
            self.state.keep(replace(kept, scope=origin.scope, expires_at=end))

    def _new_access(self, client: Client, grant_type: str, user: Person, scope: str) -> str:
        del grant_type
        token = self.house.access_token(client.client_id, user, scope)
        self.state.secrets.add("access_token", token)
        return token

    def _new_refresh(self, client: Client, grant_type: str, user: Person, scope: str) -> str:
        del client, grant_type, user, scope
        return self.state.new_secret("refresh_token", self.house.refresh_token_prefix, 72)

    def _expires_in(self, client: Client, grant_type: str) -> int:
        del client, grant_type
        return self.state.settings[self.house.name].expires_in
