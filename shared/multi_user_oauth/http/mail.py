"""Sending and reading mail as a person."""

from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from flask import Request, Response

from multi_user_oauth.http.acting import Acts, Asked, SaidInQuery
from multi_user_oauth.http.endpoint import Handler, Route
from multi_user_oauth.http.idempotency import fingerprint, idempotency_key, replayed
from multi_user_oauth.http.large_bodies import LargeBodies
from multi_user_oauth.http.links import Links
from multi_user_oauth.http.mail_answers import PARAMETERS, list_of, query_of, shown, shown_whole
from multi_user_oauth.http.mail_attachments import with_attachments
from multi_user_oauth.http.mail_body import SendEmail, outgoing
from multi_user_oauth.http.paths import CONNECTORS
from multi_user_oauth.http.reading import answer, json_body, query
from multi_user_oauth.model import Action
from multi_user_oauth.sending import SendOnce

MIB: Final = 1024 * 1024
LONGEST_BODY: Final = 32 * MIB
SMALL: Final = 1 * MIB
AT_ONCE: Final = 56 * MIB
"""The largest request, and the largest files that it can have fetched."""


class MailRoutes:
    """For persons and agents."""

    def __init__(self, *, acts: Acts, send_once: SendOnce, links: Links) -> None:
        self._acts = acts
        self._send_once = send_once
        self._links = links
        self._large = LargeBodies(small=SMALL, most=AT_ONCE)

    def routes(self) -> tuple[Route, ...]:
        """Return the routes."""
        one = "/messages/{message_id}"
        return (
            _route("POST", "/send_email", self.send),
            _route("GET", "/messages", self.messages),
            _route("GET", one, self.message),
        )

    def send(self, request: Request, connector_type: str) -> Response:
        """Send a mail, once for each `Idempotency-Key`."""
        with ExitStack() as held:

            def say(request: Request) -> SendEmail:
                query(request, ())
                held.enter_context(self._large.held(_length(request)))
                return json_body(request, SendEmail, longest=LONGEST_BODY)

            def work(asked: Asked, said: SendEmail) -> Response:
                return self._sent(request, asked, said, held)

            return self._acts.change(request, connector_type, Action.MAIL_SEND, say, work)

    def _sent(self, request: Request, asked: Asked, said: SendEmail, held: ExitStack) -> Response:
        key, bare = idempotency_key(request), outgoing(said)
        service = asked.services.mail
        # Checked and written down, also where the answer comes from a record.
        asked.person.token(*service.send_scopes)
        mail = with_attachments(bare, said, asked, self._large, held)
        sent = self._send_once.send(
            asked.caller,
            asked.key,
            idempotency_key=key,
            fingerprint=fingerprint("send_email", said),
            make=lambda mark: service.sending(asked.person, mail, mark),
        )
        named = {"message_id": sent.provider_id} if sent.provider_id else {}
        return replayed(answer({"status": "sent", **named}), sent)

    def messages(self, request: Request, connector_type: str) -> Response:
        """Answer a page of mails, the newest first."""

        def work(asked: Asked, said: SaidInQuery) -> Response:
            wanted = query_of(said.fields)
            name = list_of(wanted)
            cursor = self._links.cursor(
                asked.caller, asked.key, name, said.fields.get("page_token")
            )
            page = asked.services.mail.messages(asked.person, replace(wanted, cursor=cursor))
            body: dict[str, object] = {"messages": [shown(each) for each in page.items]}
            following = self._links.page_token(asked.caller, asked.key, name, page.cursor)
            if following is not None:
                body["next_page_token"] = following
            return answer(body)

        return self._acts.read(request, connector_type, Action.MAIL_READ, PARAMETERS, work)

    def message(self, request: Request, connector_type: str, message_id: str) -> Response:
        """Answer one mail with its bodies."""

        def work(asked: Asked, _: SaidInQuery) -> Response:
            return answer(shown_whole(asked.services.mail.message(asked.person, message_id)))

        return self._acts.read(request, connector_type, Action.MAIL_READ, (), work)


def _route(method: str, path: str, handler: Handler) -> Route:
    paths = (f"{CONNECTORS}{path}", f"/{{connector_type}}{path}")
    return Route(methods=(method,), paths=paths, handler=handler)


def _length(request: Request) -> int:
    """Return how long the body can become here: what is longer than we read is refused unread."""
    length = request.content_length
    if length is None:
        return LONGEST_BODY if "Transfer-Encoding" in request.headers else 0
    return length if length <= LONGEST_BODY else 0
