"""graph.microsoft.com: enough of Microsoft Graph to prove that a token works."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request

from .apis import bearer, graph_error
from .company import Account
from .house import Person
from .records import Mail
from .state import State

READ_MAIL = ("Mail.Read", "Mail.ReadWrite", "Mail.ReadBasic")


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def me(self) -> Response:
        person = self._caller("User.Read", "User.ReadWrite")
        if isinstance(person, Response):
            return person
        account = person.account
        return jsonify(
            id=account.oid(person.tenant),
            displayName=account.name,
            mail=account.email,
            userPrincipalName=account.upn_in(person.tenant),
        )

    def send_mail(self) -> Response:
        person = self._caller("Mail.Send")
        if isinstance(person, Response):
            return person
        body = request.get_json(silent=True)
        mail = self._mail(person.account, body.get("message") if isinstance(body, dict) else None)
        if mail is None:
            return graph_error(400, "The message has no recipient.", "ErrorInvalidRecipients")
        self._state.deliver(mail)
        return make_response(b"", 202)

    def messages(self) -> Response:
        person = self._caller(*READ_MAIL)
        if isinstance(person, Response):
            return person
        mine = [m for m in self._state.mailbox if person.account.email in m.recipients]
        top = max(0, request.args.get("$top", default=10, type=int))
        return jsonify(value=[as_graph(mail) for mail in reversed(mine)][:top])

    def _caller(self, *scopes: str) -> Person | Response:
        token = bearer(self._state, "microsoft")
        account = self._state.account(token.account) if token else None
        if token is None or account is None:
            return graph_error(401, "Access token has expired or is not yet valid.")
        if not set(scopes) & set(token.scope.split()):
            return graph_error(403, "Access is denied. Check credentials and try again.")
        return Person(account=account, tenant=token.tenant)

    def _mail(self, sender: Account, message: Any) -> Mail | None:  # noqa: ANN401  # reason: a caller's JSON
        try:
            recipients = tuple(
                str(to["emailAddress"]["address"]).casefold() for to in message["toRecipients"]
            )
            body = str(message.get("body", {}).get("content", ""))
            subject = str(message.get("subject", ""))
        except (AttributeError, KeyError, TypeError):
            return None
        if not recipients:
            return None
        return Mail(
            id=self._state.random_text(24),
            provider="microsoft",
            sender=sender.email,
            recipients=recipients,
            subject=subject,
            body=body,
            sent_at=self._state.now(),
        )


def as_graph(mail: Mail) -> dict[str, Any]:
    """Give a mail as Graph lists it."""
    return {
        "id": mail.id,
        "subject": mail.subject,
        "receivedDateTime": datetime.fromtimestamp(mail.sent_at, UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        ),
        "from": {"emailAddress": {"address": mail.sender}},
        "toRecipients": [{"emailAddress": {"address": to}} for to in mail.recipients],
        "bodyPreview": mail.body[:255],
        "body": {"contentType": "text", "content": mail.body},
    }


def graph_blueprint(state: State) -> Blueprint:
    """Give the routes of graph.microsoft.com."""
    routes = _Routes(state)
    blueprint = Blueprint("graph", __name__, url_prefix="/graph.microsoft.com/v1.0")
    blueprint.add_url_rule("/me", view_func=routes.me)
    blueprint.add_url_rule("/me/sendMail", view_func=routes.send_mail, methods=["POST"])
    blueprint.add_url_rule("/me/messages", view_func=routes.messages)
    return blueprint
