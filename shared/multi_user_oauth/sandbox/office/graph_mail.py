"""Mail in Outlook, as graph.microsoft.com serves it."""

from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, Response, jsonify, make_response, request
from werkzeug.exceptions import RequestEntityTooLarge

from ..apis import graph_error
from ..records import Mail
from ..state import State
from . import graph_mail_query as query
from . import graph_mail_shapes as shapes
from .graph_mail_callers import READ, READ_CONTENT, SEND, WRITE, Caller, caller
from .graph_mail_files import add_files
from .graph_mail_letter import json_body, json_letter, mime_letter, small_enough
from .graph_mail_uploads import add_upload_host, add_uploads
from .mail_items import Item, items
from .mail_letter import Letter, LetterError, made_mail
from .mail_refusals import RefusedError

FOLDERS: Final = ("inbox", "sentitems", "drafts")
MOST_RECIPIENTS: Final = 500


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def send_mail(self, user: str) -> Response:
        who = caller(self._state, user, SEND)
        kept = True
        if request.mimetype == "text/plain":
            letter = mime_letter()
        else:
            body = json_body()
            letter = json_letter(body.get("message"), who.account)
            kept = body.get("saveToSentItems") is not False
        mail = self._mail(who, letter)
        self._deliver(replace(mail, kept=kept))
        return make_response(b"", 202)

    def create(self, user: str) -> Response:
        who = caller(self._state, user, WRITE)
        mime = request.mimetype == "text/plain"
        letter = mime_letter() if mime else json_letter(json_body(), who.account)
        draft = self._mail(who, letter)
        self._state.office.mail.drafts[draft.id] = draft
        response = self._one(who, who.item(draft.id), None)
        response.status_code = 201
        return response

    def send_draft(self, user: str, message: str) -> Response:
        who = caller(self._state, user, SEND)
        item = who.item(message)
        small_enough()
        if item.folder != "drafts":
            raise RefusedError(400, "The message is no draft.", "ErrorInvalidRequest")
        self._deliver(replace(item.mail, sent_at=self._state.now()))
        self._state.office.mail.forget_draft(item.id)
        return make_response(b"", 202)

    def delete(self, user: str, message: str) -> Response:
        item = caller(self._state, user, WRITE).item(message)
        self._state.office.mail.deleted.add(item.id)
        self._state.office.mail.forget_draft(item.id)
        return make_response(b"", 204)

    def list(self, user: str, folder: str | None = None) -> Response:
        who = caller(self._state, user, READ)
        if folder not in (None, *FOLDERS):
            raise RefusedError(404, "The specified folder could not be found.", "ErrorItemNotFound")
        asked = dict(request.args.items())
        query.check(asked)
        if "$search" in asked and not who.may(READ_CONTENT):
            text = "Access is denied. Check credentials and try again."
            raise RefusedError(403, text, "ErrorAccessDenied")
        mine = items(self._state, who.account, "microsoft")
        found = query.chosen([it for it in mine if folder in (None, it.folder)], asked)
        path = request.path.removeprefix("/graph.microsoft.com")
        part, following = query.page(found, asked, path)
        answer: dict[str, Any] = {"@odata.context": f"{shapes.CONTEXT}users('{who.oid}')/messages"}
        if asked.get("$count") == "true":
            answer["@odata.count"] = len(found)
        if following:
            answer["@odata.nextLink"] = following
        answer["value"] = [self._shape(who, item, asked.get("$select")) for item in part]
        return _preferred(jsonify(answer))

    def get(self, user: str, message: str) -> Response:
        who = caller(self._state, user, READ)
        query.check(request.args, frozenset({"$select"}))
        return self._one(who, who.item(message), request.args.get("$select"))

    def _mail(self, who: Caller, letter: Letter) -> Mail:
        name = f"AAkALgAA{self._state.random_text(24)}"
        if letter.sender and letter.sender not in who.addresses:
            text = "The user account which was used to submit this request does not have the right."
            raise RefusedError(403, text, "ErrorSendAsDenied")
        return made_mail(self._state, who.account, "microsoft", letter, mail_id=name)

    def _deliver(self, mail: Mail) -> None:
        if not 1 <= len(mail.everybody) <= MOST_RECIPIENTS:
            text = "At least one recipient is not valid."
            raise RefusedError(400, text, "ErrorInvalidRecipients")
        self._state.deliver(mail)

    def _one(self, who: Caller, item: Item, select: str | None) -> Response:
        context = {"@odata.context": f"{shapes.CONTEXT}users('{who.oid}')/messages/$entity"}
        return _preferred(jsonify(context | self._shape(who, item, select)))

    def _shape(self, who: Caller, item: Item, select: str | None) -> dict[str, Any]:
        answer = shapes.message(self._state, who.account, item, text=_plain())
        chosen = shapes.selected(answer, select, (*answer, "uniqueBody"))
        if who.may(READ_CONTENT):
            return chosen
        return {name: value for name, value in chosen.items() if name not in shapes.CONTENT}


def _prefers(what: str) -> bool:
    # RFC 7240: several preferences in one header, or several headers.
    sent = ",".join(request.headers.getlist("Prefer")).casefold().replace(" ", "")
    return what.casefold() in sent.replace('"', "").replace(";", ",").split(",")


def _plain() -> bool:
    return _prefers("outlook.body-content-type=text")


def _preferred(response: Response) -> Response:
    for name, value in (("outlook.body-content-type", "text"), ("IdType", "ImmutableId")):
        if _prefers(f"{name}={value}"):
            response.headers.add("Preference-Applied", f'{name}="{value}"')
    return response


def _refused(refused: RefusedError) -> Response:
    return graph_error(refused.status, refused.text, refused.code)


def _wrong_letter(wrong: LetterError) -> Response:
    if wrong.fault == "recipient":
        return graph_error(400, "At least one recipient is not valid.", "ErrorInvalidRecipients")
    return graph_error(400, "A property of the message is not valid.", "ErrorInvalidProperty")


def _too_large(_: RequestEntityTooLarge) -> Response:
    # The gate asks for the form once more, for its log.
    request.max_content_length = request.content_length
    return graph_error(413, "The request is too large.", "RequestEntityTooLarge")


def graph_mail_blueprint(state: State) -> Blueprint:
    """Give the routes, also of the address under which files are attached."""
    routes = _Routes(state)
    blueprint = Blueprint("graph_mail", __name__)
    blueprint.register_error_handler(RefusedError, _refused)
    blueprint.register_error_handler(LetterError, _wrong_letter)
    blueprint.register_error_handler(RequestEntityTooLarge, _too_large)
    # What a person is called is told twice: `me`, or by name; others than oneself are refused.
    for person, given in (("me", {"user": "me"}), ("users/<user>", {})):
        base = f"/graph.microsoft.com/v1.0/{person}"
        for method, rule, view in (
            ("POST", "/sendMail", routes.send_mail),
            ("GET", "/messages", routes.list),
            ("POST", "/messages", routes.create),
            ("GET", "/messages/<message>", routes.get),
            ("DELETE", "/messages/<message>", routes.delete),
            ("POST", "/messages/<message>/send", routes.send_draft),
            ("GET", "/mailFolders/<folder>/messages", routes.list),
        ):
            name = f"{method} {person} {rule}"
            blueprint.add_url_rule(base + rule, name, view, methods=[method], defaults=given)
        add_files(blueprint, state, base, given)
        add_uploads(blueprint, state, base, given)
    add_upload_host(blueprint, state)
    return blueprint
