"""Until when Secret Manager keeps the secrets, and whether the newest version can be read."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.findings import (
    LATER,
    NOT_ALLOWED,
    Check,
    Finding,
    Status,
    Theme,
    is_denied,
)
from multi_user_oauth.model import ENDS_SOON

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench
    from multi_user_oauth.cli.doctor.deployed.addresses import Addresses

CHECK: Final = "secrets"
PATIENCE: Final = 4.0  # seconds for one call, of two
RIGHT: Final = "To look needs roles/secretmanager.viewer on the secret; it opens none."
ENDING: Final = (
    "Secret Manager deletes it with all its versions. `gcloud secrets update {name} --project={project} "
    "--remove-expiration` takes that back."
)
DISABLED: Final = (
    "`latest` is what functions mount, whatever its state: the next one does not start. Enable it, or "
    "add another: gcloud secrets versions add {name} --project={project} --data-file=FILE"
)
MISSING: Final = "Make it: `terraform -chdir=infra apply`, then give it a value (infra/README.md)."


def secret_checks(bench: "Bench", addresses: "Addresses") -> Iterator[Check]:
    """Yield one check for each secret that the settings or Terraform name."""
    settings = bench.settings
    if settings.backend != "gcp":
        return
    of_applications = {each.client_secret_name for each in bench.types}
    if settings.aws_secrets_region is not None:
        of_applications = set()
    for name in sorted({*of_applications, *addresses.outputs.secrets}):
        theme = Theme(CHECK, name)
        yield Check(theme, partial(_secret, bench, theme, name))


def _secret(bench: "Bench", theme: Theme, name: str) -> Iterator[Finding]:
    try:
        from multi_user_oauth.cli.doctor.deployed.secret_manager import kept
    except ModuleNotFoundError:
        mend = "Install the extra: pip install 'multi-user-oauth[secret-manager]'"
        yield theme.bad("Google's library for Secret Manager is not installed", mend)
        return
    project, place = bench.settings.google_cloud_project, bench.settings.local_cloud
    found = kept(project, name, place, seconds=PATIENCE)
    if isinstance(found, str):
        yield _trouble(theme, found)
        return
    left = None if found.expires is None else found.expires - bench.world.now()
    if left is None:
        yield theme.ok("Secret Manager keeps it without an end")
    else:
        mend = ENDING.format(name=name, project=project)
        what = f"Secret Manager deletes it on {found.expires:%Y-%m-%d}, in {left.days} days"
        status = Status.WRONG if left <= timedelta() else Status.WARNING
        yield theme.bad(what, mend, status=status) if left <= ENDS_SOON else theme.ok(what)
    if found.newest != "ENABLED":
        what = (
            f"its newest version is {found.newest.lower()}" if found.newest else "it has no version"
        )
        yield theme.bad(what, DISABLED.format(name=name, project=project))


def _trouble(theme: Theme, kind: str) -> Finding:
    what = f"Secret Manager says {kind}"
    if kind == "NotFound":
        return theme.bad("it is not there", MISSING)
    if is_denied(kind):
        return theme.bad(what, f"{NOT_ALLOWED} {RIGHT}", status=Status.BY_HAND)
    if kind == "MethodNotImplemented":
        what = "what plays Secret Manager here does not say until when it keeps secrets"
        return theme.bad(what, "Look at a deployment.", status=Status.BY_HAND)
    return theme.bad(what, LATER, status=Status.UNKNOWN)
