"""How a mail is sent from Gmail: at once, and looked for by its Message-ID where that may be done."""

import base64
from typing import Final

import msgspec

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.call import Call
from multi_user_oauth.connectors.gmail_places import MESSAGES, READ, SEND, UPLOADS
from multi_user_oauth.connectors.item_ids import is_id
from multi_user_oauth.connectors.mime import message_id, written
from multi_user_oauth.errors.connector import NotSupportedError
from multi_user_oauth.model.mail import OutgoingMail
from multi_user_oauth.ports.connectors import ActingAs, Found, Outcome

IN_JSON: Final = (
    4 * 1024 * 1024
)  # bytes; what is larger goes as an upload, without base64 around it
LARGEST: Final = 36_700_160
"""Bytes of a message that Gmail takes (discovery document, `users.messages.send`)."""
UNKNOWN: Final = Found(outcome=Outcome.UNKNOWN)


class GmailSending:
    """One mail of one person. Gmail has no draft that is sent without a right to read all mail."""

    def __init__(self, api: Api, person: ActingAs, mail: OutgoingMail, mark: str) -> None:
        self._api = api
        self._person = person
        self._mail = mail
        self._mark = mark

    def prepare(self) -> str:
        """Prepare nothing: there is nothing that could be found later."""
        return ""

    def send(self, handle: str) -> str:
        """Send it and return Gmail's id for it; `handle` is empty here."""
        del handle
        answer = self._api.json(self._person, self._call(written(self._mail, self._mark)))
        found = answer.get("id")
        return found if isinstance(found, str) and is_id(found) else ""

    def look_up(self, handle: str) -> Found:
        """Return SENT if it is found, else UNKNOWN: an index may lag, an id may have been rewritten."""
        del handle
        self._person.token(*SEND)
        if not self._person.has(*READ):
            return UNKNOWN
        wanted = f"in:sent rfc822msgid:{message_id(self._mark).strip('<>')}"
        query = (("q", wanted), ("maxResults", "1"), ("fields", "messages(id)"))
        call = Call(method="GET", url=MESSAGES, needs=READ, query=query)
        found = self._api.json(self._person, call).get("messages")
        for each in found if isinstance(found, list) else ():
            if isinstance(each, dict) and is_id(each.get("id")):
                return Found(outcome=Outcome.SENT, provider_id=str(each["id"]))
        return UNKNOWN

    def _call(self, raw: bytes) -> Call:
        if len(raw) > LARGEST:
            message = "attachments: the whole mail may hold 35 MiB, as it is encoded"
            raise NotSupportedError(message, field="attachments")
        if len(raw) > IN_JSON:
            return Call(
                method="POST", url=f"{UPLOADS}/send", needs=SEND, sends=True, body=raw,
                query=(("uploadType", "media"),), headers={"Content-Type": "message/rfc822"},
            )  # fmt: skip
        encoded = base64.urlsafe_b64encode(raw).decode()
        return Call(
            method="POST", url=f"{MESSAGES}/send", needs=SEND, sends=True,
            headers={"Content-Type": "application/json"}, body=msgspec.json.encode({"raw": encoded}),
        )  # fmt: skip
