"""gmail.googleapis.com: enough of Gmail to prove that a token works."""

import base64
import binascii
from email import message_from_bytes, policy
from email.utils import getaddresses

from flask import Blueprint, Response, jsonify, request

from .apis import bearer, google_error
from .company import Account
from .records import Mail
from .scopes import GOOGLE
from .state import State

ALL_MAIL = "https://mail.google.com/"
SEND = (ALL_MAIL, f"{GOOGLE}gmail.send", f"{GOOGLE}gmail.modify", f"{GOOGLE}gmail.compose")
READ = (ALL_MAIL, f"{GOOGLE}gmail.readonly", f"{GOOGLE}gmail.modify", f"{GOOGLE}gmail.metadata")
PROFILE = (*SEND, *READ)


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def profile(self, user: str) -> Response:
        account = self._caller(user, PROFILE)
        if isinstance(account, Response):
            return account
        mine = [m for m in self._state.mailbox if account.email in (m.sender, *m.recipients)]
        total = len(mine)
        return jsonify(
            emailAddress=account.email, messagesTotal=total, threadsTotal=total, historyId="1"
        )

    def send(self, user: str) -> Response:
        account = self._caller(user, SEND)
        if isinstance(account, Response):
            return account
        body = request.get_json(silent=True)
        mail = self._mail(account, str(body.get("raw", "")) if isinstance(body, dict) else "")
        if mail is None:
            return google_error(400, "Recipient address required")
        self._state.deliver(mail)
        return jsonify(id=mail.id, threadId=mail.id, labelIds=["SENT"])

    def _caller(self, user: str, scopes: tuple[str, ...]) -> Account | Response:
        token = bearer(self._state, "google")
        account = self._state.account(token.account) if token else None
        if token is None or account is None:
            return google_error(401, "Request had invalid authentication credentials.")
        if not set(scopes) & set(token.scope.split()):
            return google_error(403, "Request had insufficient authentication scopes.")
        if user not in ("me", account.email):
            return google_error(403, f"Delegation denied for {account.email}")
        return account

    def _mail(self, sender: Account, raw: str) -> Mail | None:
        try:
            content = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
        except (binascii.Error, ValueError):
            return None
        message = message_from_bytes(content, policy=policy.default)
        fields = [str(value) for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])]
        recipients = tuple(address.casefold() for _, address in getaddresses(fields) if address)
        if not recipients:
            return None
        part = message.get_body(("plain", "html"))
        return Mail(
            id=self._state.random_text(12),
            provider="google",
            sender=sender.email,
            recipients=recipients,
            subject=str(message.get("Subject", "")),
            body=str(part.get_content()) if part else "",
            sent_at=self._state.now(),
        )


def gmail_blueprint(state: State) -> Blueprint:
    """Give the routes of gmail.googleapis.com, also under the older host."""
    routes = _Routes(state)
    blueprint = Blueprint("gmail", __name__)
    for number, host in enumerate(("gmail.googleapis.com", "www.googleapis.com")):
        base = f"/{host}/gmail/v1/users/<user>"
        blueprint.add_url_rule(f"{base}/profile", f"profile{number}", routes.profile)
        send = f"{base}/messages/send"
        blueprint.add_url_rule(send, f"send{number}", routes.send, methods=["POST"])
    return blueprint
