"""What an installation of the functions is made of in tests: the sandbox, the files, the settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from multi_user_oauth.sandbox.company import (
    ADMIN,
    AGENT_PROJECT,
    COMPANY_DOMAIN,
    COMPANY_TENANT,
    DEFAULT_AGENT,
    google_identity,
    microsoft_identity,
)
from multi_user_oauth.sandbox.records import Registration, SandboxConfig
from tests.architecture.catalogue import ROOT

ORIGIN: Final = "http://localhost:8084"
DEPLOYMENT_ID: Final = "0c5f9c1e-6a0f-4a3c-9a55-2f5b7f5f3f10"
CALLBACK: Final = f"{ORIGIN}/api/v1/oauth/callback"
SCOPE: Final = "https://www.googleapis.com/auth/"

AGENT: Final = DEFAULT_AGENT
SARAHS_AGENT: Final = f"sarahs-agent@{AGENT_PROJECT}.iam.gserviceaccount.com"
UNLISTED_AGENT: Final = f"unlisted-agent@{AGENT_PROJECT}.iam.gserviceaccount.com"
REFRESHER: Final = f"access-token@{AGENT_PROJECT}.iam.gserviceaccount.com"
FINISHER: Final = f"revoke@{AGENT_PROJECT}.iam.gserviceaccount.com"
SCHEDULER: Final = f"scheduler@{AGENT_PROJECT}.iam.gserviceaccount.com"
PUSHER: Final = f"pubsub-push@{AGENT_PROJECT}.iam.gserviceaccount.com"
OPERATOR: Final = f"operator@{AGENT_PROJECT}.iam.gserviceaccount.com"

MICROSOFT: Final = Registration(
    client_id="8a3f2c57-1f0e-4c39-9d0b-6f2f5f0f9a11",
    client_secrets=("microsoft-client-secret-of-the-tests",),
    redirect_uris=(f"{CALLBACK}/microsoft", f"{CALLBACK}/microsoft/admin-consent"),
)
GOOGLE: Final = Registration(
    client_id="1234-tests.apps.googleusercontent.com",
    client_secrets=("google-client-secret-of-the-tests",),
    redirect_uris=(f"{CALLBACK}/google",),
)
SANDBOX: Final = SandboxConfig(microsoft=MICROSOFT, google=GOOGLE)

CONNECTOR_TYPES: Final = f"""
microsoft_teams:
  provider: microsoft
  title: Microsoft 365
  client_id: {MICROSOFT.client_id}
  client_secret: microsoft
  tenants: [{COMPANY_TENANT}]
  required_scopes: [User.Read, Mail.Send]
  optional_scopes: [Files.Read]
  allowed_scopes: [Calendars.Read]
google_workspace:
  provider: google
  title: Google Workspace
  client_id: {GOOGLE.client_id}
  client_secret: google
  hosted_domains: [{COMPANY_DOMAIN}]
  required_scopes: [openid, {SCOPE}userinfo.email, {SCOPE}gmail.send]
  optional_scopes: [{SCOPE}drive.file]
"""
POLICY: Final = f"""
agents:
  {AGENT}:
    connector_types: [microsoft_teams, google_workspace]
    users: ['*@{COMPANY_DOMAIN}']
  {SARAHS_AGENT}:
    connector_types: [microsoft_teams]
    users: [sarah@{COMPANY_DOMAIN}]
admins: ['{microsoft_identity(ADMIN)}', '{google_identity(ADMIN)}']
refresh_callers:
  one: [{REFRESHER}, {AGENT}]
  finish: [{FINISHER}, {AGENT}]
  rewrap: [{OPERATOR}]
  import: [{OPERATOR}]
  sweep: [{SCHEDULER}]
  shard: [{PUSHER}]
"""
CLIENT_SECRETS: Final = f"""
microsoft: {MICROSOFT.client_secrets[0]}
google: {GOOGLE.client_secrets[0]}
"""


def write_settings(directory: Path, keys: Mapping[str, str], sandbox_url: str) -> dict[str, str]:
    """Write the files into `directory` and return the settings, with these keys (of `provision`)."""
    files = {
        "CONNECTOR_TYPES_FILE": ("connector_types.yaml", CONNECTOR_TYPES),
        "POLICY_FILE": ("policy.yaml", POLICY),
        "CLIENT_SECRETS_FILE": ("client_secrets.yaml", CLIENT_SECRETS),
    }
    for name, text in files.values():
        (directory / name).write_text(text, "utf-8")
        (directory / name).chmod(0o600)
    return {
        **keys,
        **{setting: str(directory / name) for setting, (name, _) in files.items()},
        "DATA_DIR": str(directory),
        "PUBLIC_ORIGIN": ORIGIN,
        "DEPLOYMENT_ID": DEPLOYMENT_ID,
        # A test asks more in a second than anybody may in a minute.
        **dict.fromkeys(
            ("RATE_PER_ADDRESS", "RATE_PER_CALLER", "RATE_PER_PERSON"), "99999999/minute"
        ),
        "SANDBOX_URL": sandbox_url,
        "WEB_DIR": str(ROOT / "functions/web"),
    }
