"""Faults that happen before a request is served: errors, rubbish, slowness, silence."""

import base64
import json
from typing import Any

from flask import Response, make_response

from .aadsts import status_of
from .apis import google_error, graph_error
from .faults import Fault
from .microsoft import MicrosoftHouse
from .state import State

TOO_MANY = 429
REFUSED = 400
SERVER_ERROR = 500
HTML = "<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
CLAIMS = {"access_token": {"nbf": {"essential": True, "value": "1700000000"}}}
"""The challenge of Continuous Access Evaluation (facts: one retry with these claims)."""


def outage(state: State, fault: Fault, endpoint: str, *, done: Response | None = None) -> Response:
    """Give the answer that `fault` puts in the place of the right one, which may be `done` already."""
    if done is not None and (fault.status or REFUSED) < REFUSED:
        response = done
        response.status_code = fault.status or response.status_code
    elif fault.kind == "html":
        response = make_response(HTML, fault.status or 502)
        response.headers["Content-Type"] = "text/html; charset=utf-8"
    elif fault.kind == "insufficient_claims":
        response = _challenge()
    elif endpoint in ("graph", "onedrive_bytes"):
        response = graph_error(fault.status or 503, "Asked for by a fault.", fault.error or "")
    elif endpoint in ("gmail", "drive", "google_calendar", "userinfo"):
        response = google_error(fault.status or 503, "Asked for by a fault.")
    elif fault.provider == "microsoft":
        response = _microsoft(state, fault)
    else:
        response = _google(fault)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def _challenge() -> Response:
    response = graph_error(401, "Continuous access evaluation resulted in challenge.")
    claims = base64.b64encode(json.dumps(CLAIMS).encode()).decode()
    challenge = f'Bearer realm="", error="insufficient_claims", claims="{claims}"'
    response.headers["WWW-Authenticate"] = challenge
    return response


def _microsoft(state: State, fault: Fault) -> Response:
    status = fault.status or 0
    guess = 90055 if status == TOO_MANY else 90033 if status >= SERVER_ERROR else 50173
    told = (fault.aadsts, *fault.error_codes)
    answer = MicrosoftHouse(state).aadsts(next((number for number in told if number), guess))
    if fault.error and not any(told):
        answer.pop("suberror", None)
    answer |= _told(fault, "error", "error_description", "suberror")
    return make_response(answer, fault.status or status_of(answer))


def _google(fault: Fault) -> Response:
    status = fault.status or (401 if fault.error == "invalid_client" else 400)
    answer = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    if status == TOO_MANY:
        answer = {"error": "rate_limit_exceeded", "error_description": "Rate Limit Exceeded"}
    elif status >= SERVER_ERROR:
        answer = {"error": "internal_failure", "error_description": "Backend Error"}
    answer |= _told(fault, "error", "error_description", "error_subtype")
    return make_response(answer, status)


def _told(fault: Fault, *names: str) -> dict[str, Any]:
    return {name: getattr(fault, name) for name in names if getattr(fault, name) is not None}
