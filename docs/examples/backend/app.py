"""A back end of another origin: its people connect their account at the vault, and come back here."""

import argparse
import os
import secrets
from http import HTTPStatus

import requests
from flask import Flask, abort, redirect, render_template, request, session
from werkzeug import Response

CONNECTOR_TYPES = {"microsoft_teams": "Microsoft 365", "google_workspace": "Google Workspace"}
AUTHORIZE = "/api/v1/oauth/user/authorize"
FLOW = "/api/v1/oauth/flow/"
TIMEOUT = 10


def create_app(vault: str, origin: str) -> Flask:
    """Return the back end that lives at `origin`, which `RETURN_ORIGINS` of the vault must name."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),  # yours is kept, and is the same in all instances
        SESSION_COOKIE_NAME="backend",
        SESSION_COOKIE_SAMESITE="Lax",  # it comes along when the vault sends the person back
        SESSION_COOKIE_SECURE=origin.startswith("https://"),
    )

    @app.before_request
    def refuse_foreign_pages() -> None:
        if request.method == "POST" and request.headers.get("Origin") != origin:
            abort(HTTPStatus.FORBIDDEN)

    @app.get("/")
    def start() -> str:
        # The vault adds `connector_type` and `flow_handle` to this address. Anybody can write such a
        # link, so neither is read: what counts is which sign-ins this session began, and what the
        # vault itself says of them.
        flows = session.get("flows", {})
        outcomes = {kind: _outcome(vault, flow) for kind, flow in flows.items()}
        return render_template("page.html", titles=CONNECTOR_TYPES, outcomes=outcomes)

    @app.post("/login")
    def log_in() -> Response:
        # A STUB: it believes what is typed. Put your own login here; the e-mail is what it has proved.
        session.clear()
        session["user_email"] = request.form["user_email"]
        return redirect("/", HTTPStatus.SEE_OTHER)

    @app.post("/connect")
    def connect() -> Response:
        kind = request.form["connector_type"]
        if "user_email" not in session or kind not in CONNECTOR_TYPES:
            abort(HTTPStatus.FORBIDDEN)
        asked = {
            "connector_type": kind,
            "user_email": session["user_email"],  # from the session, never from the form
            "return_to": f"{origin}/",
        }
        begun = _begin(vault, asked)
        session["flows"] = {**session.get("flows", {}), kind: begun["flow_handle"]}
        # The whole browser goes there, by no script and in no frame: on the vault's own page the person
        # presses a button, and only that ties the sign-in to this browser.
        return redirect(begun["authorization_url"], HTTPStatus.SEE_OTHER)

    return app


def _begin(vault: str, asked: dict[str, str]) -> dict[str, str]:
    """Return the vault's link for the person, and by what one asks how it ended."""
    try:
        told = requests.post(vault + AUTHORIZE, json=asked, timeout=TIMEOUT)
    except requests.RequestException:
        abort(HTTPStatus.BAD_GATEWAY, "The vault does not answer.")
    if not told.ok:
        abort(HTTPStatus.BAD_GATEWAY, f"The vault refuses: {told.text}")
    begun: dict[str, str] = told.json()
    return begun


def _outcome(vault: str, flow: str) -> str:
    """Return `connected`, `pending`, `expired`, or why it failed, as the vault says it."""
    try:
        told = requests.get(vault + FLOW + flow, timeout=TIMEOUT)
        told.raise_for_status()
    except requests.RequestException:
        return "unknown: the vault does not answer"
    status = told.json()
    return f"failed: {status['code']}" if "code" in status else str(status["status"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    port = parser.parse_args().port
    vault_url = os.environ.get("VAULT_URL", "http://localhost:8084")
    # Flask's own server, for one's own machine.
    create_app(vault_url, f"http://127.0.0.1:{port}").run(port=port)
