"""login.microsoftonline.com: sign-in, tokens, discovery, keys, admin consent."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, jsonify, make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from .aadsts import status_of
from .microsoft import WORDS, MicrosoftHouse
from .scopes import in_words, microsoft_scopes
from .sign_in import EVERYBODY, SignIn
from .signing import public_jwk
from .state import State
from .token_server import TokenServer

ORIGIN: Final = "https://login.microsoftonline.com"
UNKNOWN_TENANT: Final = 90002


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._house = MicrosoftHouse(state)
        self._server = TokenServer(state, self._house)
        self._sign_in = SignIn(self._server)

    def authorize(self, tenant: str) -> BaseResponse:
        if self._house.resolved(tenant) is None:
            text = self._house.aadsts(UNKNOWN_TENANT)["error_description"]
            return self._trouble(text)
        return self._sign_in.answer(tenant)

    def token(self, tenant: str) -> Response:
        self._known(tenant)
        response: Response = self._server.create_token_response()
        return response

    def discovery(self, tenant: str) -> Response:
        known = self._known(tenant)
        issuer = "{tenantid}" if known in WORDS else known
        base = f"{ORIGIN}/{tenant}"
        return jsonify(
            issuer=f"{ORIGIN}/{issuer}/v2.0",
            authorization_endpoint=f"{base}/oauth2/v2.0/authorize",
            token_endpoint=f"{base}/oauth2/v2.0/token",
            end_session_endpoint=f"{base}/oauth2/v2.0/logout",
            jwks_uri=f"{base}/discovery/v2.0/keys",
            userinfo_endpoint="https://graph.microsoft.com/oidc/userinfo",
            token_endpoint_auth_methods_supported=list(self._house.client_auth_methods),
            response_modes_supported=["query", "form_post"],
            response_types_supported=["code"],
            subject_types_supported=["pairwise"],
            id_token_signing_alg_values_supported=["RS256"],
            scopes_supported=["openid", "profile", "email", "offline_access"],
            request_uri_parameter_supported=False,
            http_logout_supported=True,
            frontchannel_logout_supported=True,
            tenant_region_scope="EU",
            cloud_instance_name="microsoftonline.com",
            cloud_graph_host_name="graph.windows.net",
            msgraph_host="graph.microsoft.com",
        )

    def keys(self, tenant: str) -> Response:
        known = self._known(tenant)
        issuer = f"{ORIGIN}/{'{tenantid}' if known in WORDS else known}/v2.0"
        keys = self._state.keys("microsoft")
        return jsonify(keys=[public_jwk(key) | {"issuer": issuer} for key in keys])

    def instance(self) -> Response:
        known = self._known("common")
        aliases = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com"]
        network = {"preferred_network": aliases[0], "preferred_cache": aliases[1]}
        answer: dict[str, Any] = {
            "api-version": "1.1",
            "metadata": [{**network, "aliases": aliases}],
        }
        answer["tenant_discovery_endpoint"] = (
            f"{ORIGIN}/{known}/v2.0/.well-known/openid-configuration"
        )
        return jsonify(answer)

    def logout(self, tenant: str) -> Response:
        self._known(tenant)
        response = self._sign_in.page("signed_out.html")
        response.delete_cookie("sandbox_microsoft")
        return response

    def admin_consent(self, tenant: str) -> BaseResponse:
        client = self._house.registration()
        back = request.args.get("redirect_uri", "")
        if client is None or request.args.get("client_id") != client.client_id:
            return self._trouble(self._house.error_page("client_unknown")["text"])
        if back not in client.redirect_uris:
            return self._trouble(self._house.error_page("redirect_uri_unknown")["text"])
        scopes = microsoft_scopes(request.args.get("scope", ""))
        decision = request.form.get("decision")
        if not decision:
            admin = next(account for account in self._state.config.accounts if account.admin)
            worded = [(scope, in_words(scope)) for scope in scopes]
            return self._sign_in.page(
                "consent.html", account=admin, scopes=worded, app=client.name, everyone="yes"
            )
        answer = {"admin_consent": "True", "state": request.args.get("state", "")}
        if decision == "accept":
            self._state.consented("microsoft", client.client_id, EVERYBODY).update(scopes)
            answer |= {"tenant": self._known(tenant), "scope": " ".join(scopes)}
        else:
            answer |= {"error": "permission_denied"}
            answer |= {"error_description": "The admin canceled the request"}
        return redirect(f"{back}?{urlencode(answer)}", 302)

    def _trouble(self, text: str) -> Response:
        page = {**self._house.error_page("unavailable"), "text": text}
        return self._sign_in.page("error.html", 400, **page)

    def _known(self, tenant: str) -> str:
        known = self._house.resolved(tenant)
        if known is None:
            answer = self._house.aadsts(UNKNOWN_TENANT)
            abort(make_response(answer, status_of(answer)))
        return known


def microsoft_blueprint(state: State) -> Blueprint:
    """Give the routes of login.microsoftonline.com."""
    routes = _Routes(state)
    blueprint = Blueprint("microsoft", __name__, url_prefix="/login.microsoftonline.com")

    def add(rule: str, view: Callable[..., BaseResponse], *methods: str) -> None:
        blueprint.add_url_rule(rule, view.__name__, view, methods=methods or ("GET",))

    add("/<tenant>/oauth2/v2.0/authorize", routes.authorize, "GET", "POST")
    add("/<tenant>/oauth2/v2.0/token", routes.token, "POST")
    add("/<tenant>/oauth2/v2.0/logout", routes.logout)
    add("/<tenant>/v2.0/.well-known/openid-configuration", routes.discovery)
    add("/<tenant>/discovery/v2.0/keys", routes.keys)
    add("/<tenant>/v2.0/adminconsent", routes.admin_consent, "GET", "POST")
    add("/common/discovery/instance", routes.instance)
    return blueprint
