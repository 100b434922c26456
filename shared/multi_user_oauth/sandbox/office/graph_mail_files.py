"""Files in Outlook's messages: read, or added at once to a draft."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, jsonify, make_response, request

from ..records import Attachment
from ..state import State
from . import graph_mail_query as query
from . import graph_mail_shapes as shapes
from .graph_mail_callers import READ_CONTENT, WRITE, caller
from .graph_mail_letter import enclosure, json_body
from .mail_items import Item
from .mail_letter import attached
from .mail_refusals import RefusedError

AT_ONCE: Final = 3 * 1024 * 1024


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def list(self, user: str, message: str) -> Response:
        who = caller(self._state, user, READ_CONTENT)
        query.check(request.args, frozenset({"$select", "$top", "$filter"}))
        item, select = who.item(message), request.args.get("$select")
        with_bytes = select is None or "contentBytes" in select.split(",")
        files = [self._file(item, part, with_bytes=with_bytes) for part in item.mail.attachments]
        known = (*files[0], "contentBytes") if files else tuple((select or "").split(","))
        context = f"{shapes.CONTEXT}users('{who.oid}')/messages('{item.id}')/attachments"
        value = [shapes.selected(file, select, known) for file in files]
        return jsonify({"@odata.context": context, "value": value})

    def get(self, user: str, message: str, attachment: str) -> Response:
        query.check(request.args, frozenset({"$select"}))
        item = caller(self._state, user, READ_CONTENT).item(message)
        answer = self._file(item, _part(item, attachment), with_bytes=True)
        return jsonify(shapes.selected(answer, request.args.get("$select"), tuple(answer)))

    def content(self, user: str, message: str, attachment: str) -> Response:
        item = caller(self._state, user, READ_CONTENT).item(message)
        part = _part(item, attachment)
        response = make_response(self._state.office.blobs.get(part.digest))
        response.headers["Content-Type"] = part.content_type
        return response

    def add(self, user: str, message: str) -> Response:
        draft = draft_of(caller(self._state, user, WRITE).item(message))
        file = enclosure(json_body())
        if len(file.content) >= AT_ONCE:
            text = "The attachment is too large: create an upload session."
            raise RefusedError(413, text, "RequestEntityTooLarge")
        (part,) = attached(self._state, [file])
        attach(self._state, draft.id, part)
        return make_response(shapes.file(part, self._state.now(), file.content), 201)

    def _file(self, item: Item, part: Attachment, *, with_bytes: bool) -> dict[str, object]:
        content = self._state.office.blobs.get(part.digest) if with_bytes else None
        return shapes.file(part, item.mail.sent_at, content)


def _part(item: Item, attachment: str) -> Attachment:
    for part in item.mail.attachments:
        if part.id == attachment:
            return part
    raise RefusedError(404, "The specified object was not found in the store.", "ErrorItemNotFound")


def draft_of(item: Item) -> Item:
    """Give a message that takes attachments. Raises RefusedError for any but a draft."""
    if item.folder != "drafts":
        raise RefusedError(400, "Only a draft takes attachments.", "ErrorInvalidRequest")
    return item


def attach(state: State, draft: str, part: Attachment) -> None:
    """Add a file to a draft."""
    drafts = state.office.mail.drafts
    drafts[draft] = replace(drafts[draft], attachments=(*drafts[draft].attachments, part))


def add_files(blueprint: Blueprint, state: State, base: str, given: Mapping[str, str]) -> None:
    """Add the routes of one person's attachments to a blueprint."""
    routes = _Routes(state)
    rule = f"{base}/messages/<message>/attachments"
    for method, more, view in (
        ("GET", "", routes.list),
        ("POST", "", routes.add),
        ("GET", "/<attachment>", routes.get),
        ("GET", "/<attachment>/$value", routes.content),
    ):
        name = f"{method} {base[-6:]} files {more}".replace(".", "")
        blueprint.add_url_rule(rule + more, name, view, methods=[method], defaults=dict(given))
