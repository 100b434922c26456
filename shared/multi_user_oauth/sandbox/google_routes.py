"""Google's hosts: sign-in, tokens, revocation, discovery, keys, userinfo."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID
from flask import Blueprint, Response, jsonify, make_response, request
from joserfc.jwk import RSAKey
from werkzeug.wrappers import Response as BaseResponse

from .apis import bearer, google_error
from .google import ISSUER, GoogleHouse, about
from .sign_in import SignIn
from .signing import public_jwk
from .state import State
from .token_server import TokenServer

KEY_CACHE: Final = "public, max-age=19800"


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._house = GoogleHouse(state)
        self._server = TokenServer(state, self._house)
        self._sign_in = SignIn(self._server)

    def authorize(self) -> BaseResponse:
        return self._sign_in.answer()

    def token(self) -> Response:
        response: Response = self._server.create_token_response()
        return response

    def revoke(self) -> Response:
        """Kill all that the person gave to the project, whichever token is named."""
        value = request.values.get("token")
        if not value:
            answer = {"error": "invalid_request", "error_description": "Missing token"}
            return make_response(answer, 400)
        token = self._state.find(value)
        if token is None or token.provider != "google" or not self._state.alive(token):
            answer = {"error": "invalid_token", "error_description": "Token expired or revoked"}
            return make_response(answer, 400)
        self._state.kill_person("google", token.account)
        return make_response({}, 200)

    def discovery(self) -> Response:
        return jsonify(
            issuer=ISSUER,
            authorization_endpoint="https://accounts.google.com/o/oauth2/v2/auth",
            token_endpoint="https://oauth2.googleapis.com/token",
            userinfo_endpoint="https://openidconnect.googleapis.com/v1/userinfo",
            revocation_endpoint="https://oauth2.googleapis.com/revoke",
            jwks_uri="https://www.googleapis.com/oauth2/v3/certs",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            scopes_supported=["openid", "email", "profile"],
            token_endpoint_auth_methods_supported=["client_secret_post", "client_secret_basic"],
            code_challenge_methods_supported=["S256"],
            grant_types_supported=["authorization_code", "refresh_token"],
        )

    def keys(self) -> Response:
        response = jsonify(keys=[public_jwk(key) for key in self._state.keys("google")])
        response.headers["Cache-Control"] = KEY_CACHE
        return response

    def certificates(self) -> Response:
        response = jsonify({key.kid: certificate(key) for key in self._state.keys("google")})
        response.headers["Cache-Control"] = KEY_CACHE
        return response

    def userinfo(self) -> Response:
        token = bearer(self._state, "google")
        account = self._state.account(token.account) if token else None
        if token is None or account is None:
            return google_error(401, "Invalid Credentials")
        return jsonify(about(account, token.scope.split()))


def certificate(key: RSAKey) -> str:
    """Give a self-signed certificate of a key: the old form in which google-auth asks for it."""
    private = cast("RSAPrivateKey", key.private_key)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
    )
    signed = built.sign(private, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def google_blueprint(state: State) -> Blueprint:
    """Give the routes of Google's sign-in hosts."""
    routes = _Routes(state)
    blueprint = Blueprint("google", __name__)

    def add(rule: str, view: Callable[..., BaseResponse], *methods: str, name: str = "") -> None:
        endpoint = name or view.__name__
        blueprint.add_url_rule(rule, endpoint, view, methods=methods or ("GET",))

    add("/accounts.google.com/o/oauth2/v2/auth", routes.authorize, "GET", "POST")
    add("/oauth2.googleapis.com/token", routes.token, "POST")
    add("/oauth2.googleapis.com/revoke", routes.revoke, "POST")
    add("/accounts.google.com/.well-known/openid-configuration", routes.discovery)
    add("/www.googleapis.com/oauth2/v3/certs", routes.keys)
    add("/www.googleapis.com/oauth2/v1/certs", routes.certificates, name="keys_v1")
    add("/openidconnect.googleapis.com/v1/userinfo", routes.userinfo)
    return blueprint
