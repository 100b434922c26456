"""The applications' own credentials, as the file of client secrets holds them while functions run."""

import json
from pathlib import Path

import pytest
import yaml

from multi_user_oauth.sandbox.company import JOHN, SARAH
from tests.support.certificates import key_pair
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor, code
from tests.support.installation import GOOGLE as AT_GOOGLE
from tests.support.installation import MICROSOFT as AT_MICROSOFT

HOUR = 3600
NEW = "a-new-client-secret-of-the-tests"
PAIR = key_pair("vault")
KEY_VERSION = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
PROVIDERS = {MICROSOFT: "microsoft", GOOGLE: "google"}
OLD = {MICROSOFT: AT_MICROSOFT.client_secrets[0], GOOGLE: AT_GOOGLE.client_secrets[0]}


def stored(installation: Installation, **changes: object) -> None:
    """Put these into the file of client secrets, as an operator's editor does."""
    file = Path(installation.settings["CLIENT_SECRETS_FILE"])
    aside = file.with_suffix(".new")
    aside.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | changes))
    aside.chmod(0o600)
    aside.replace(file)


def assert_works(installation: Installation, connector_type: str) -> None:
    """Somebody new signs in, and the token of somebody connected is refreshed."""
    assert Visitor(installation).sign_in(connector_type, JOHN).status_code == 303
    installation.clock.advance(2 * HOUR)
    assert installation.agent().token(connector_type, SARAH.email).status_code == 200


@pytest.mark.parametrize("connector_type", PROVIDERS)
def test_a_secret_is_replaced_without_an_outage(
    installation: Installation, connector_type: str
) -> None:
    """Made at the provider, stored, the old one taken back there and here: each step of it works."""
    provider = PROVIDERS[connector_type]
    installation.connect(connector_type, SARAH)
    known = installation.sandbox.set_credentials
    known(provider, client_secrets=[OLD[connector_type], NEW])  # type: ignore[arg-type]  # reason: the sandbox's names
    assert_works(installation, connector_type)
    stored(installation, **{provider: [NEW, OLD[connector_type]]})
    assert_works(installation, connector_type)
    known(provider, client_secrets=[NEW])  # type: ignore[arg-type]  # reason: the sandbox's names
    assert_works(installation, connector_type)
    stored(installation, **{provider: NEW})
    assert_works(installation, connector_type)


def test_a_certificate_takes_the_place_of_a_secret(installation: Installation) -> None:
    """PEM as openssl writes it, in a block of the file; the secret is removed at Microsoft at last."""
    installation.connect(MICROSOFT, SARAH)
    stored(installation, microsoft=[PAIR.pem, OLD[MICROSOFT]])
    assert_works(installation, MICROSOFT)
    installation.sandbox.set_credentials(
        "microsoft", certificates=[PAIR.certificate], client_secrets=[]
    )
    assert_works(installation, MICROSOFT)
    stored(installation, microsoft=PAIR.pem)
    assert_works(installation, MICROSOFT)
    kinds = {secret["kind"] for secret in installation.sandbox.secrets()}
    assert "client_assertion" in kinds


def test_a_key_in_cloud_kms_needs_cloud_kms(installation: Installation) -> None:
    """The embedded back end goes on with the older one; alone it is 503, and nobody is disconnected."""
    in_kms = json.dumps({"certificate": PAIR.certificate, "cloud_kms_key_version": KEY_VERSION})
    installation.connect(MICROSOFT, SARAH)
    stored(installation, microsoft=[in_kms, OLD[MICROSOFT]])
    assert_works(installation, MICROSOFT)

    stored(installation, microsoft=in_kms)
    installation.clock.advance(2 * HOUR)
    response = installation.agent().token(MICROSOFT, SARAH.email)
    assert (response.status_code, code(response)) == (503, "keys_unavailable")
    stored(installation, microsoft=OLD[MICROSOFT])
    assert_works(installation, MICROSOFT)


def test_an_expired_secret_disconnects_nobody(installation: Installation) -> None:
    """503 until an operator stored another; then everything is as it was."""
    installation.connect(MICROSOFT, SARAH)
    installation.sandbox.set_credentials(
        "microsoft", client_secrets=[NEW], expired_secrets=[OLD[MICROSOFT]]
    )
    installation.clock.advance(2 * HOUR)
    response = installation.agent().token(MICROSOFT, SARAH.email)
    assert (response.status_code, code(response)) == (503, "provider_misconfigured")
    stored(installation, microsoft=NEW)
    installation.clock.advance(60)
    assert_works(installation, MICROSOFT)
