"""Whether the settings are in order, by themselves and with each other."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.findings import Finding, Status, Theme
from multi_user_oauth.cli.settings_file import documented
from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.settings.origins import is_loopback

if TYPE_CHECKING:
    from multi_user_oauth.settings import Settings

CHECK: Final = "settings"
ALWAYS: Final = ("PUBLIC_ORIGIN", "DEPLOYMENT_ID", "CONNECTOR_TYPES_FILE", "POLICY_FILE")
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "embedded": ("DATA_DIR", "CLIENT_SECRETS_FILE"),
    "gcp": ("GOOGLE_CLOUD_PROJECT", "ACCESS_KEY", "REFRESH_KEY"),
}
IN_CLOUD_RUN_ONLY: Final = frozenset({"BEHIND_IAM"})
"""Refused anywhere else, and so not read here."""
ALIKE: Final = 0.8


def settings_findings(values: Mapping[str, str], settings: "Settings") -> Iterator[Finding]:
    """Yield what is to be said of the settings; nothing is asked of anybody."""
    known = documented()
    wrong = [*_malformed(values, settings, known), *_misspelt(values, known)]
    wrong += [*_origins(settings)] if not wrong else []
    yield from wrong
    if not any(finding.status is Status.WRONG for finding in wrong):
        read = len(known.keys() & values.keys())
        yield Theme(CHECK, "all").ok(f"{read} settings are read, none of them malformed")


def _malformed(
    values: Mapping[str, str], settings: "Settings", known: Mapping[str, list[str]]
) -> Iterator[Finding]:
    backend = values.get("BACKEND") or "embedded"
    needed = (*ALWAYS, *NEEDED.get(backend, ()))
    looked_at = [
        name
        for name in known
        if (name in needed or values.get(name)) and name not in IN_CLOUD_RUN_ONLY
    ]
    reads: list[Callable[[], object]] = [
        *(partial(getattr, settings, name.lower()) for name in looked_at),
        settings.require_safe_transport,
        settings.require_own_host,
    ]
    # One setting may be read for the sake of another: each mistake is told once.
    for said in dict.fromkeys(text for read in reads for text in _refusal(read)):
        name = said.split(" ", 1)[0]
        meaning = " ".join(known.get(name, ["a setting to take out"])).split(": ", 1)[-1]
        yield Theme(CHECK, name).bad(said, f"{name} is {meaning}")


def _refusal(read: Callable[[], object]) -> Iterator[str]:
    try:
        read()
    except ConfigurationError as error:
        yield str(error)


def _misspelt(values: Mapping[str, str], known: Mapping[str, list[str]]) -> Iterator[Finding]:
    for name in sorted(values.keys() - known.keys()):
        meant = get_close_matches(name, known, n=1, cutoff=ALIKE)
        if meant:
            what, mend = f"nothing reads {name}", f"Write {meant[0]}, if that is what you mean."
            yield Theme(CHECK, name).bad(what, mend, status=Status.WARNING)


def _origins(settings: "Settings") -> Iterator[Finding]:
    here = is_loopback(settings.public_origin)
    where = "on this machine" if here else "by https"
    yield Theme(CHECK, "PUBLIC_ORIGIN").ok(f"{settings.public_origin}, {where}")
    for name, listed in (
        ("RETURN_ORIGINS", settings.return_origins),
        ("CORS_ORIGINS", settings.cors_origins),
    ):
        local = sorted(origin for origin in listed if is_loopback(origin))
        if local and not here:
            what = f"{', '.join(local)}: whatever runs on a visitor's machine is trusted there"
            mend = f"Take what is on localhost out of {name} of a deployment."
            yield Theme(CHECK, name).bad(what, mend, status=Status.WARNING)
    if settings.trial_on_shared_host:
        what = "sessions are on a host that other functions share"
        mend = "After the trial give PUBLIC_ORIGIN a name of your own, and take this setting out."
        yield Theme(CHECK, "TRIAL_ON_SHARED_HOST").bad(what, mend, status=Status.WARNING)
    if settings.sandbox_url:
        what = f"{settings.sandbox_url} plays Microsoft and Google: neither is asked anything"
        yield Theme(CHECK, "SANDBOX_URL").ok(what)
