"""What several parts of the history do."""

from io import BytesIO
from typing import Final

from werkzeug.test import TestResponse

from multi_user_oauth.ports.backup import BackupKind
from multi_user_oauth.sandbox.company import JOHN, PAT, SARAH
from multi_user_oauth.stores.file_backup import BackupWriter
from multi_user_oauth.wiring.backup import heading, taking
from tests.support.connectors import CONNECTORS
from tests.support.functions import MICROSOFT
from tests.upgrade.places import Place

ACCOUNT: Final = "/api/v1/account"
AN_HOUR: Final = 3600  # seconds
PATS_OTHER_NAME: Final = PAT.upn


def send_mail(place: Place, key: str) -> TestResponse:
    """Send Sarah's mail under this key."""
    body = {"to": JOHN.email, "subject": key, "body": "It is ready.", "user_email": SARAH.email}
    path = f"{CONNECTORS}/{MICROSOFT}/send_email"
    headers = {"Idempotency-Key": key}
    return place.agent().call("connectors", "POST", path, json=body, headers=headers)


def backed_up(place: Place, kind: BackupKind = BackupKind.WHOLE) -> bytes:
    """Return a backup as it is written to a file."""
    stream = BytesIO()
    writer = BackupWriter(stream, heading(place.parts, kind))
    use_case = taking(place.parts)
    (use_case.take if kind is BackupKind.WHOLE else use_case.take_ledger)(writer)
    writer.end()
    return stream.getvalue()


def done(response: TestResponse, status: int) -> None:
    """Fail unless this was answered."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
