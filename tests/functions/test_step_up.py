"""Admins prove more, and lately, before they change what is another's."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from multi_user_oauth.model import ConnectionStatus
from multi_user_oauth.sandbox.company import (
    ADMIN,
    COMPANY_TENANT,
    SARAH,
    google_identity,
    microsoft_identity,
)
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor, code
from tests.support.installation import POLICY

STEP_UP = {"intent": "step_up"}


@pytest.fixture
def installation(tmp_path: Path, keys: Mapping[str, str]) -> Installation:
    """A policy that asks for `c1`, and Sarah connected."""
    file = tmp_path / "strict.yaml"
    roles = f"auditors: ['role:{COMPANY_TENANT}:Admin']\n"
    file.write_text(POLICY + roles + "step_up: {context: c1, max_age_minutes: 15}\n", "utf-8")
    file.chmod(0o600)
    installation = Installation(tmp_path, keys, {"POLICY_FILE": str(file)})
    installation.connect(MICROSOFT, SARAH)
    return installation


@pytest.fixture
def admin(installation: Installation) -> Visitor:
    """An admin who signed in as everybody does."""
    visitor = Visitor(installation)
    signed_in = visitor.sign_in(MICROSOFT, ADMIN, fields={"intent": "sign_in"})
    assert signed_in.status_code == 303
    return visitor


def test_an_admin_without_more_proof_sees_and_ends_nothing(
    installation: Installation, admin: Visitor
) -> None:
    """403 with the page where more can be proved; the connection is as it was."""
    assert len((admin.users().json or {})["users"]) == 1
    refused = admin.revoke(MICROSOFT, SARAH.email)
    assert (refused.status_code, code(refused)) == (403, "step_up_required")
    link = urlsplit((refused.json or {})["step_up_url"])
    assert link.path == "/connect"
    assert parse_qs(link.query) == {"intent": ["step_up"], "user_email": [ADMIN.email]}
    assert installation.status(MICROSOFT, SARAH.email) is ConnectionStatus.ACTIVE


def test_an_admin_who_proved_more_lately_ends_it(
    installation: Installation, admin: Visitor
) -> None:
    """Microsoft is asked for the context and for a fresh sign-in; its `acrs` claim is what counts."""
    away = admin.leave(MICROSOFT, ADMIN.email, **STEP_UP)
    asked = parse_qs(urlsplit(away.location or "").query)
    assert asked["prompt"] == ["login"]
    assert '"acrs": {"essential": true, "value": "c1"}' in asked["claims"][0]
    back = admin.at_provider(away.location or "", ADMIN)
    assert admin.call("callback_microsoft", "GET", back).status_code == 303
    assert admin.revoke(MICROSOFT, SARAH.email).status_code == 200
    assert installation.status(MICROSOFT, ADMIN.email) is None


def test_the_proof_grows_old(installation: Installation, admin: Visitor) -> None:
    """After a quarter of an hour it has to be given again."""
    assert admin.sign_in(MICROSOFT, ADMIN, fields=STEP_UP).status_code == 303
    installation.clock.advance(15 * 60 + 1)
    assert code(admin.revoke(MICROSOFT, SARAH.email)) == "step_up_required"


def test_a_sign_in_that_did_not_prove_it_is_refused(
    installation: Installation, admin: Visitor
) -> None:
    """Whatever was asked for: without the claim there is no new session."""
    installation.sandbox.set("microsoft", second_factor=False)
    before = admin.session
    refused = admin.sign_in(MICROSOFT, ADMIN, fields=STEP_UP)
    assert refused.status_code == 403
    assert "More proof is needed" in refused.text
    assert admin.session == before
    assert code(admin.revoke(MICROSOFT, SARAH.email)) == "step_up_required"


def test_google_has_nothing_to_step_up_to(installation: Installation) -> None:
    """Said at once; and an admin by a Google identity ends nothing of others."""
    refused = Visitor(installation).leave(GOOGLE, ADMIN.email, **STEP_UP)
    assert refused.status_code == 400
    admin = installation.person(google_identity(ADMIN), email=ADMIN.email)
    assert code(admin.revoke(MICROSOFT, SARAH.email)) == "step_up_required"


def test_a_person_ends_their_own_connection_without(installation: Installation) -> None:
    """More proof is asked only for what is another's."""
    sarah = installation.person(microsoft_identity(SARAH))
    assert sarah.revoke(MICROSOFT, SARAH.email).status_code == 200


def test_an_app_role_counts_as_the_verified_id_token_named_it(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    """Of the tenant that assigned it; who has it not is nobody special."""
    file = tmp_path / "roles.yaml"
    file.write_text(f"admins: ['role:{COMPANY_TENANT}:Admin']\n", "utf-8")
    installation = Installation(tmp_path, keys, {"POLICY_FILE": str(file)})
    installation.connect(MICROSOFT, SARAH)
    for account, kind in ((ADMIN, "admin"), (SARAH, "person")):
        visitor = Visitor(installation)
        visitor.sign_in(MICROSOFT, account, fields={"intent": "sign_in"})
        assert (visitor.users().json or {})["as"]["kind"] == kind


def test_without_a_policy_for_it_nobody_can_step_up(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    """There is nothing to ask the provider for."""
    installation = Installation(tmp_path, keys)
    refused = Visitor(installation).leave(MICROSOFT, ADMIN.email, **STEP_UP)
    assert refused.status_code == 400
