"""With Google Cloud behind it, too, nothing secret is said, however much is switched on."""

import base64
import json

import pytest

from tests.plugins.watch import Watch
from tests.support.google_cloud import CloudInstallation
from tests.support.loud import found, journey, loud


def test_with_everything_at_debug_nothing_secret_is_said(
    installed: CloudInstallation, capfd: pytest.CaptureFixture[str]
) -> None:
    """N57: Firestore by gRPC, Cloud KMS and Secret Manager by google-auth, all at DEBUG and printing."""
    with loud() as written:
        journey(installed)
    printed = capfd.readouterr()
    assert found(installed, written.getvalue(), installed.log.getvalue(), *printed) == []


def test_what_firestore_holds_opens_for_nobody_without_the_keys(
    installed: CloudInstallation,
) -> None:
    """N54: no secret in any document of both databases, in any spelling."""
    journey(installed)
    watch = Watch()
    for secret in installed.sandbox.secrets():
        watch.know(secret["kind"], secret["value"])
    for path, document in installed.documents().items():
        watch.hear(path, json.dumps(document, default=_shown))
    assert watch.found() == []


def _shown(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
