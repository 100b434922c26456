"""The connectors of the API as methods."""

from multi_user_oauth.client.calendar import Calendar
from multi_user_oauth.client.chats import Chats
from multi_user_oauth.client.files import Files
from multi_user_oauth.client.mail import Mail


class Connectors(Mail, Files, Calendar, Chats):
    """
    Acts as the person whose connection is named, as far as the policy lets this program.

    Every method raises `ApiError` with the API's own `code`, of it `NoAnswerError` where nobody answers,
    and `NoIdentityError`. What changes nothing is asked again a few times, after no answer, 429 and 503;
    what sends something only with an `idempotency_key`, which lets the API do it once, and then after no
    answer, 503 and `send_in_progress`. `purpose` stands in the audit. Items are as in docs/openapi.yaml.
    """

    @property
    def origin(self) -> str:
        """The API's origin, such as https://connect.company.com."""
        return self._transport.origin
