"""What the tests of the mail routes have in common."""

from typing import Any, Final

from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import JOHN, SARAH, Account
from tests.support.connectors import CONNECTORS
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor
from tests.support.installation import SCOPE

BOTH: Final = (MICROSOFT, GOOGLE)
KINDS: Final = {MICROSOFT: ("microsoft", "graph"), GOOGLE: ("google", "gmail")}
SENDING_ALONE: Final[dict[str, Any]] = {
    "microsoft": ("User.Read", "Mail.Send"),
    "google": ("openid", f"{SCOPE}userinfo.email", f"{SCOPE}gmail.send"),
}
LETTER: Final = {"to": "john@company.com", "subject": "Report", "body": "It is ready."}

__all__ = ["BOTH", "JOHN", "LETTER", "SARAH", "fault", "get", "mails", "send", "sends"]


def send(
    visitor: Visitor,
    connector_type: str,
    key: str | None = None,
    **changes: Any,  # noqa: ANN401  # reason: any JSON
) -> TestResponse:
    """Send a mail as Sarah."""
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"user_email": SARAH.email, **LETTER, **changes}
    body = {name: value for name, value in body.items() if value is not ...}
    path = f"{CONNECTORS}/{connector_type}/send_email"
    return visitor.call("connectors", "POST", path, json=body, headers=headers)


def get(
    visitor: Visitor,
    connector_type: str,
    path: str = "messages",
    account: Account = SARAH,
    **query: Any,  # noqa: ANN401  # reason: any value
) -> TestResponse:
    """Read mail."""
    asked = {"user_email": account.email, **query}
    return visitor.call(
        "connectors", "GET", f"{CONNECTORS}/{connector_type}/{path}", query_string=asked
    )


def mails(installation: Installation) -> list[str]:
    """Return the subjects of all mails that were sent."""
    return [each.subject for each in installation.sandbox.mailbox()]


def fault(installation: Installation, connector_type: str, **how: Any) -> None:  # noqa: ANN401  # reason: the sandbox's
    """Let the mail API fail."""
    provider, endpoint = KINDS[connector_type]
    installation.sandbox.add_fault(provider=provider, endpoint=endpoint, **how)


def sends(installation: Installation, connector_type: str) -> int:
    """Return how many requests the provider saw that send."""
    provider, endpoint = KINDS[connector_type]
    return sum(
        each["provider"] == provider
        and each["endpoint"] == endpoint
        and each["method"] == "POST"
        and str(each["path"]).casefold().endswith(("/send", "/sendmail"))
        for each in installation.sandbox.requests()
    )
