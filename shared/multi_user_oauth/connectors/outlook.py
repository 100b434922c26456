"""Mail in Outlook, by Microsoft Graph."""

from multi_user_oauth.connectors.api import Api
from multi_user_oauth.connectors.outlook_reading import OutlookReading
from multi_user_oauth.connectors.outlook_sending import SEND, OutlookSending
from multi_user_oauth.model.mail import MailQuery, Message, OutgoingMail
from multi_user_oauth.model.paging import Paged
from multi_user_oauth.ports.connectors import ActingAs, Sending


class Outlook:
    """One for the process: whose it is comes with each call."""

    send_scopes: tuple[str, ...] = SEND

    def __init__(self, api: Api) -> None:
        self._api = api
        self._reading = OutlookReading(api)

    def sending(self, person: ActingAs, mail: OutgoingMail, mark: str) -> Sending:
        """Return how this mail is sent: by way of a draft where the person granted that."""
        return OutlookSending(self._api, person, mail, mark)

    def messages(self, person: ActingAs, query: MailQuery) -> Paged[Message]:
        """Return a page, the newest first, without bodies; drafts and what was sent are among them."""
        return self._reading.messages(person, query)

    def message(self, person: ActingAs, message_id: str) -> Message:
        """Return one mail with its body, text or HTML as it was written; raise `ItemNotFoundError`."""
        return self._reading.message(person, message_id)
