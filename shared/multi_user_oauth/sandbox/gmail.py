"""gmail.googleapis.com: whose mailbox a token opens."""

from flask import Blueprint, Response, jsonify

from .apis import bearer, google_error
from .company import Account
from .office.mail_items import items
from .scopes import GOOGLE
from .state import State

ALL_MAIL = "https://mail.google.com/"
READ = (ALL_MAIL, f"{GOOGLE}gmail.readonly", f"{GOOGLE}gmail.modify", f"{GOOGLE}gmail.metadata")
PROFILE = (*READ, f"{GOOGLE}gmail.compose")
"""Not with gmail.send alone, as the discovery document has it."""


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def profile(self, user: str) -> Response:
        account = self._caller(user, PROFILE)
        if isinstance(account, Response):
            return account
        mine = items(self._state, account, "google")
        return jsonify(
            emailAddress=account.email,
            messagesTotal=len(mine),
            threadsTotal=len({item.conversation for item in mine}),
            historyId="1",
        )

    def _caller(self, user: str, scopes: tuple[str, ...]) -> Account | Response:
        token = bearer(self._state, "google")
        account = self._state.account(token.account) if token else None
        if token is None or account is None:
            return google_error(401, "Request had invalid authentication credentials.")
        if not set(scopes) & set(token.scope.split()):
            text = "Request had insufficient authentication scopes."
            return google_error(403, text, scope_insufficient=scopes)
        if user not in ("me", account.email):
            return google_error(403, f"Delegation denied for {account.email}")
        return account


def gmail_blueprint(state: State) -> Blueprint:
    """Give the routes of gmail.googleapis.com, also under the older host."""
    routes = _Routes(state)
    blueprint = Blueprint("gmail", __name__)
    for number, host in enumerate(("gmail.googleapis.com", "www.googleapis.com")):
        base = f"/{host}/gmail/v1/users/<user>"
        blueprint.add_url_rule(f"{base}/profile", f"profile{number}", routes.profile)
    return blueprint
