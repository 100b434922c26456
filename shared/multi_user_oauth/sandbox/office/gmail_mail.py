"""Mail in Gmail, as gmail.googleapis.com serves it."""

from typing import Any, Final, get_args

import msgspec
from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from ..apis import bearer, google_error
from ..company import Account
from ..scopes import GOOGLE
from ..state import State
from . import gmail_query, gmail_shapes
from .gmail_sending import handed_in, sent
from .mail_items import Item, find, items
from .mail_letter import LetterError
from .mail_refusals import RefusedError

ALL_MAIL: Final = "https://mail.google.com/"
METADATA: Final = f"{GOOGLE}gmail.metadata"
SEND: Final = (ALL_MAIL, f"{GOOGLE}gmail.modify", f"{GOOGLE}gmail.compose", f"{GOOGLE}gmail.send")
CONTENT: Final = (ALL_MAIL, f"{GOOGLE}gmail.modify", f"{GOOGLE}gmail.readonly")
READ: Final = (*CONTENT, METADATA)
COMMON: Final = frozenset({"alt", "fields", "prettyPrint", "quotaUser", "key", "$.xgafv"})
"""Parameters that every method of every Google API knows."""


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def send(self, user: str) -> Response:
        account = self._caller(user, SEND)
        mail = sent(self._state, account, *handed_in())
        item = find(self._state, account, "google", mail.id)
        conversation = item.conversation if item else mail.id
        return jsonify(id=mail.id, threadId=conversation, labelIds=["SENT"])

    def list(self, user: str) -> Response:
        account = self._caller(user, READ)
        asked = _asked("includeSpamTrash", "labelIds", "maxResults", "pageToken", "q")
        if asked.get("q") and not self._may(CONTENT):
            raise RefusedError(403, "Metadata scope does not support 'q' parameter", "forbidden")
        found = items(self._state, account, "google")
        found = gmail_query.searched(found, asked.get("q", ""))
        found = gmail_query.labelled(found, request.args.getlist("labelIds"))
        size = asked.get("maxResults", str(gmail_query.USUAL_PAGE))
        chosen, token = gmail_query.page(found, asked.get("pageToken", ""), size)
        answer: dict[str, Any] = {}
        if chosen:  # as at the real one: nothing found, no list
            answer["messages"] = [{"id": it.id, "threadId": it.conversation} for it in chosen]
        if token:
            answer["nextPageToken"] = token
        return jsonify(answer | {"resultSizeEstimate": len(found)})

    def get(self, user: str, message: str) -> Response:
        account = self._caller(user, READ)
        asked = _asked("format", "metadataHeaders")
        try:
            wanted = msgspec.convert(asked.get("format", "full").lower(), gmail_shapes.Format)
        except msgspec.ValidationError as unknown:
            known = ", ".join(get_args(gmail_shapes.Format))
            raise RefusedError(400, f"Invalid format: not {known}", "invalidArgument") from unknown
        content = self._may(CONTENT)
        if wanted in ("full", "raw") and not content:
            text = f"Metadata scope doesn't allow format {wanted.upper()}"
            raise RefusedError(403, text, "forbidden")
        only = frozenset(name.lower() for name in request.args.getlist("metadataHeaders"))
        item = self._item(account, message)
        blobs = self._state.office.blobs
        return jsonify(gmail_shapes.message(item, wanted, blobs, only=only, snippet=content))

    def attachment(self, user: str, message: str, attachment: str) -> Response:
        account = self._caller(user, CONTENT)
        _asked()
        for part in self._item(account, message).mail.attachments:
            if part.id == attachment:
                content = self._state.office.blobs.get(part.digest)
                return jsonify(size=part.size, data=gmail_shapes.encoded(content))
        raise RefusedError(400, "Invalid attachment token", "invalidArgument")

    def _caller(self, user: str, scopes: tuple[str, ...]) -> Account:
        token = bearer(self._state, "google")
        account = self._state.account(token.account) if token else None
        if account is None:
            raise RefusedError(401, "Request had invalid authentication credentials.")
        if not self._may(scopes):
            text = "Request had insufficient authentication scopes."
            raise RefusedError(403, text, scopes=scopes)
        if user not in ("me", account.email):
            raise RefusedError(403, f"Delegation denied for {account.email}", "forbidden")
        return account

    def _may(self, scopes: tuple[str, ...]) -> bool:
        token = bearer(self._state, "google")
        return token is not None and not set(scopes).isdisjoint(token.scope.split())

    def _item(self, account: Account, message: str) -> Item:
        item = find(self._state, account, "google", message)
        if item is None:
            raise RefusedError(404, "Requested entity was not found.")
        return item


def _asked(*known: str) -> dict[str, str]:
    """Give the query's parameters. Raises RefusedError for one that the method does not have."""
    for name in request.args:
        if name not in COMMON and name not in known:
            text = f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
            raise RefusedError(400, text, "invalidArgument")
    return dict(request.args.items())


def _refused(refused: RefusedError) -> Response:
    return google_error(
        refused.status, refused.text, refused.code, scope_insufficient=refused.scopes
    )


def _wrong_letter(wrong: LetterError) -> Response:
    texts = {"recipient": "Invalid To header", "header": "Invalid header"}
    return google_error(400, texts.get(wrong.fault, "Invalid message"), "invalidArgument")


def _too_large(_: RequestEntityTooLarge) -> Response:
    # The gate asks for the form once more, for its log.
    request.max_content_length = request.content_length
    return google_error(413, "Request is too large.", "uploadTooLarge")


def gmail_mail_blueprint(state: State) -> Blueprint:
    """Give the routes, also under the older host."""
    routes = _Routes(state)
    blueprint = Blueprint("gmail_mail", __name__)
    blueprint.register_error_handler(RefusedError, _refused)
    blueprint.register_error_handler(LetterError, _wrong_letter)
    blueprint.register_error_handler(RequestEntityTooLarge, _too_large)
    for number, host in enumerate(("gmail.googleapis.com", "www.googleapis.com")):
        base = f"/{host}/gmail/v1/users/<user>/messages"
        for place, way in (
            (base, "plain"),
            (base.replace("/gmail/", "/upload/gmail/", 1), "upload"),
        ):
            name = f"send_{way}{number}"
            blueprint.add_url_rule(f"{place}/send", name, routes.send, methods=["POST"])
        blueprint.add_url_rule(base, f"list{number}", routes.list)
        one = f"{base}/<message>"
        blueprint.add_url_rule(one, f"get{number}", routes.get)
        files = f"{one}/attachments/<attachment>"
        blueprint.add_url_rule(files, f"attachment{number}", routes.attachment)
    return blueprint
