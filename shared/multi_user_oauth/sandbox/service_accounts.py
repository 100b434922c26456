"""metadata.google.internal: OIDC tokens of service accounts, as Google signs them."""

from flask import Blueprint, Response, make_response, request

from .company import DEFAULT_AGENT, google_digits
from .faults import ANSWER_KINDS
from .google import ISSUER
from .id_tokens import issue
from .state import State

DOMAIN = ".iam.gserviceaccount.com"
BASE = "/metadata.google.internal/computeMetadata/v1/instance/service-accounts"


def identity_token(state: State, audience: str, email: str = DEFAULT_AGENT) -> str:
    """
    Give the OIDC token by which `email` proves itself to `audience`, good for one hour.

    Nothing, if the fault `no_token` is due.
    """
    sub = google_digits(f"service/{email}")
    claims = {
        "iss": ISSUER,
        "aud": audience,
        "azp": sub,
        "sub": sub,
        "email": email,
        "email_verified": True,
    }
    fault = state.faults.take(
        ANSWER_KINDS, provider="google", endpoint="identity", names=frozenset({email})
    )
    if fault is not None and fault.kind == "no_token":
        return ""
    return issue(state, "google", claims, fault, kind="service_account_token")


def service_accounts_blueprint(state: State) -> Blueprint:
    """Give the metadata server's route; the path, or `account` beside `default`, chooses who it is."""
    blueprint = Blueprint("service_accounts", __name__)

    def identity(name: str) -> Response:
        audience = request.args.get("audience", "")
        email = request.args.get("account", DEFAULT_AGENT) if name == "default" else name
        if request.headers.get("Metadata-Flavor") != "Google":
            return _text("Missing Metadata-Flavor:Google header.", 403)
        if not audience:
            return _text("non-empty audience parameter required", 400)
        if not email.endswith(DOMAIN):
            return _text("service account not found", 404)
        return _text(identity_token(state, audience, email), 200)

    blueprint.add_url_rule(f"{BASE}/<name>/identity", view_func=identity)
    return blueprint


def _text(body: str, status: int) -> Response:
    response = make_response(body, status)
    response.headers["Content-Type"] = "text/plain; charset=utf-8"
    response.headers["Metadata-Flavor"] = "Google"
    return response
