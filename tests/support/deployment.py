"""The files of a deployment of the small company, and how the sandbox knows its applications."""

from multi_user_oauth.sandbox.company import (
    ADMIN,
    COMPANY_DOMAIN,
    COMPANY_TENANT,
    DEFAULT_AGENT,
    microsoft_identity,
)
from multi_user_oauth.sandbox.records import Registration, SandboxConfig

MICROSOFT_CLIENT = "5f0c7f3e-0d1b-4a55-9d43-2f1a7c9be001"
GOOGLE_CLIENT = "1234-tests.apps.googleusercontent.com"
GOOGLE_SCOPE = "https://www.googleapis.com/auth/"
CONNECTOR_TYPES = {
    "microsoft_teams": {
        "provider": "microsoft",
        "title": "Microsoft 365",
        "client_id": MICROSOFT_CLIENT,
        "client_secret": "microsoft",
        "tenants": [COMPANY_TENANT],
        "required_scopes": ["User.Read", "Mail.Send"],
        "optional_scopes": ["Mail.Read", "Files.Read", "Calendars.ReadWrite"],
    },
    "google_workspace": {
        "provider": "google",
        "title": "Google Workspace",
        "client_id": GOOGLE_CLIENT,
        "client_secret": "google",
        "hosted_domains": [COMPANY_DOMAIN],
        "required_scopes": [f"{GOOGLE_SCOPE}gmail.send"],
        "optional_scopes": [f"{GOOGLE_SCOPE}drive.readonly", f"{GOOGLE_SCOPE}calendar.events"],
    },
}
SECRETS = {"microsoft": "microsoft-secret-of-the-tests", "google": "GOCSPX-secret-of-the-tests"}
POLICY = {
    "agents": {
        DEFAULT_AGENT: {
            "connector_types": list(CONNECTOR_TYPES),
            "users": [f"*@{COMPANY_DOMAIN}"],
        }
    },
    "admins": [microsoft_identity(ADMIN)],
}


def sandbox_config(origin: str) -> SandboxConfig:
    """Return what a sandbox must know of us, at this origin."""
    callback = f"{origin}/api/v1/oauth/callback"
    return SandboxConfig(
        microsoft=Registration(
            client_id=MICROSOFT_CLIENT,
            client_secrets=[SECRETS["microsoft"]],
            redirect_uris=[f"{callback}/microsoft"],
        ),
        google=Registration(
            client_id=GOOGLE_CLIENT,
            client_secrets=[SECRETS["google"]],
            redirect_uris=[f"{callback}/google"],
        ),
    )
