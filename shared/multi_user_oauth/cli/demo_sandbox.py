"""What the demo's sandbox knows of us, and the scheduler that it plays."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.files import sandbox_secrets

if TYPE_CHECKING:
    from multi_user_oauth.sandbox.records import SandboxConfig
    from multi_user_oauth.sandbox.scheduler import Scheduler
    from multi_user_oauth.sandbox.server import Sandbox

SCHEDULER: Final = "scheduler@company-project.iam.gserviceaccount.com"
"""The service account that calls for a sweep; the demo's policy admits it."""
SWEEP: Final = "/refresh/sweep"


def sandbox_config(settings: Mapping[str, str], state_file: Path | None) -> "SandboxConfig":
    """Return a sandbox at which the applications of these settings are registered."""
    from multi_user_oauth.http.paths import admin_consent_uri, redirect_uri
    from multi_user_oauth.model import Provider
    from multi_user_oauth.sandbox.records import Registration, SandboxConfig
    from multi_user_oauth.settings import Settings
    from multi_user_oauth.settings.files import load_connector_types

    known = Settings(settings)
    secrets = sandbox_secrets(known.client_secrets_file)
    registrations = {
        connector_type.provider: Registration(
            client_id=connector_type.client_id,
            client_secrets=secrets.get(connector_type.client_secret_name, []),
            redirect_uris=[
                redirect_uri(known.public_origin, connector_type.provider),
                admin_consent_uri(known.public_origin),
            ],
        )
        for connector_type in load_connector_types(known.connector_types_file).values()
    }
    return SandboxConfig(
        microsoft=registrations.get(Provider.MICROSOFT),
        google=registrations.get(Provider.GOOGLE),
        state_file=state_file,
    )


def scheduler(sandbox: "Sandbox", origin: str, every: float | None) -> "Scheduler":
    """Return what calls for a sweep every so many seconds, proving itself as Cloud Scheduler does."""
    from multi_user_oauth.sandbox.scheduler import Scheduler

    def token() -> str:
        return sandbox.identity_token(origin, SCHEDULER)

    return Scheduler(f"{origin}{SWEEP}", token, every=every)
