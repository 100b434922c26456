"""Mail in Gmail, by the Gmail API."""

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.gmail_places import SEND
from multi_user_oauth.connectors.gmail_reading import GmailReading
from multi_user_oauth.connectors.gmail_sending import GmailSending
from multi_user_oauth.model.mail import MailQuery, Message, OutgoingMail
from multi_user_oauth.model.paging import Paged
from multi_user_oauth.ports.connectors import ActingAs, Sending


class Gmail:
    """One for the process: whose it is comes with each call."""

    send_scopes: tuple[str, ...] = SEND

    def __init__(self, api: Api) -> None:
        self._api = api
        self._reading = GmailReading(api)

    def sending(self, person: ActingAs, mail: OutgoingMail, mark: str) -> Sending:
        """Return how this mail is sent; it is looked for afterwards where mails may be read."""
        return GmailSending(self._api, person, mail, mark)

    def messages(self, person: ActingAs, query: MailQuery) -> Paged[Message]:
        """Return a page, the newest first, without bodies; what was sent is among them."""
        return self._reading.messages(person, query)

    def message(self, person: ActingAs, message_id: str) -> Message:
        """Return one mail with its bodies; raise `ItemNotFoundError`."""
        return self._reading.message(person, message_id)
