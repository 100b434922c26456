"""How a mail is sent from Outlook: as a draft that is sent, which can be looked up, or all at once."""

from typing import Final

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.call import Call
from multi_user_oauth.connectors.item_ids import in_path, is_id
from multi_user_oauth.connectors.mime import message_id
from multi_user_oauth.connectors.outlook_files import attach
from multi_user_oauth.connectors.outlook_letter import letter
from multi_user_oauth.connectors.outlook_places import IMMUTABLE, ME, posted
from multi_user_oauth.errors import MultiUserOAuthError, ProviderUnavailableError
from multi_user_oauth.errors.connector import (
    ItemNotFoundError,
    NotSupportedError,
    OutcomeUnknownError,
)
from multi_user_oauth.model.mail import Attachment, OutgoingMail
from multi_user_oauth.ports.connectors import ActingAs, Found, Outcome

SEND: Final = ("Mail.Send",)
WRITE: Final = ("Mail.ReadWrite",)
WITHOUT_DRAFT: Final = "sendMail"
"""The handle where no draft was made. It is remembered, so that no later call takes it for nothing."""
UNKNOWN: Final = Found(outcome=Outcome.UNKNOWN)
NOT_SENT: Final = Found(outcome=Outcome.NOT_SENT)


class OutlookSending:
    """
    One mail of one person.

    A draft is there once, and sent once: Outlook moves it to the sent items. One that Outlook refuses to
    send stays among the person's drafts.
    """

    def __init__(self, api: Api, person: ActingAs, mail: OutgoingMail, mark: str) -> None:
        self._api = api
        self._person = person
        self._mail = mail
        self._mark = mark

    def prepare(self) -> str:
        """Make a draft and return its id; without `Mail.ReadWrite` there is none."""
        if self._may_write():
            return self._draft()
        self._small_enough(letter(self._mail))
        return WITHOUT_DRAFT

    def send(self, handle: str) -> str:
        """Send the draft, or all at once; return the mail's id, which only a draft tells."""
        if handle not in ("", WITHOUT_DRAFT):
            return self._send_draft(handle)
        whole = letter(self._mail)
        if whole is None and not handle and self._may_write():
            return self._send_draft(self._draft())
        body = b'{"message":' + self._small_enough(whole) + b"}"
        self._api.whole(self._person, posted(f"{ME}/sendMail", body, needs=SEND, sends=True))
        return ""

    def look_up(self, handle: str) -> Found:
        """Return whether the draft is one still; what was sent without one is not to be found."""
        if not handle:
            return NOT_SENT  # the handle is written down before anything is sent
        if handle == WITHOUT_DRAFT:
            return UNKNOWN
        call = Call(
            method="GET", url=f"{ME}/messages/{in_path(handle)}", needs=WRITE,
            query=(("$select", "isDraft"),), headers=IMMUTABLE,
        )  # fmt: skip
        try:
            is_draft = self._api.json(self._person, call).get("isDraft")
        except ItemNotFoundError:
            # The copy among the sent items can have an id of its own.
            return self._among_the_sent()
        if is_draft is True:
            return NOT_SENT
        return Found(outcome=Outcome.SENT, provider_id=handle) if is_draft is False else UNKNOWN

    def _may_write(self) -> bool:
        self._person.token(*SEND)
        return self._person.has(*WRITE)

    def _small_enough(self, whole: bytes | None) -> bytes:
        if whole is None:
            message = "together about 3 MB, unless the person grants Mail.ReadWrite"
            raise NotSupportedError(f"attachments: {message}", field="attachments")
        return whole

    def _draft(self) -> str:
        name = message_id(self._mark)
        files: tuple[Attachment, ...] = ()
        body = letter(self._mail, name)
        if body is None:
            body, files = letter(self._mail, name, with_files=False), self._mail.attachments
        if body is None:
            field = "html" if self._mail.html is not None else "body"
            raise NotSupportedError(f"{field}: Outlook takes at most 4 MB", field=field)
        answer = self._api.json(self._person, posted(f"{ME}/messages", body, needs=WRITE))
        draft = answer.get("id")
        if not isinstance(draft, str) or not is_id(draft):
            raise ProviderUnavailableError("Outlook's answer names no draft")
        try:
            for each in files:
                attach(self._api, self._person, draft, each, needs=WRITE)
        except MultiUserOAuthError:
            self._discard(draft)
            raise
        return draft

    def _discard(self, draft: str) -> None:
        url = f"{ME}/messages/{in_path(draft)}"
        try:
            self._api.whole(self._person, Call(method="DELETE", url=url, needs=WRITE))
        except MultiUserOAuthError:
            return  # it stays among the drafts, where the person can see it

    def _send_draft(self, draft: str) -> str:
        url = f"{ME}/messages/{in_path(draft)}/send"
        call = Call(method="POST", url=url, needs=SEND, headers=IMMUTABLE, sends=True)
        try:
            self._api.whole(self._person, call)
        except ItemNotFoundError:
            # Deleted by the person, or sent by a call that we took for lost.
            raise OutcomeUnknownError("the draft is not there any more") from None
        return draft

    def _among_the_sent(self) -> Found:
        wanted = f"internetMessageId eq '{message_id(self._mark)}'"
        call = Call(
            method="GET", url=f"{ME}/mailFolders/sentitems/messages", needs=WRITE,
            query=(("$filter", wanted), ("$select", "id"), ("$top", "1")), headers=IMMUTABLE,
        )  # fmt: skip
        found = self._api.json(self._person, call).get("value")
        for each in found if isinstance(found, list) else ():
            if isinstance(each, dict) and is_id(each.get("id")):
                return Found(outcome=Outcome.SENT, provider_id=str(each["id"]))
        return UNKNOWN
