"""Traps of the providers' own pages: seen by what happened to connections, else looked at by hand."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.findings import Check, Finding, Status, Theme
from multi_user_oauth.model import Connection, ConnectionStatus, ConnectorType, Provider

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench

CHECK: Final = "consent screen"
WEEK: Final = timedelta(days=7, hours=1)
MOST: Final = 500
"""Connections of a type that are looked at."""
PAGE_SIZE: Final = 100
TESTING: Final = (
    "Google Cloud console, Google Auth Platform, Audience: choose Internal where all are people of your "
    "own Workspace, else Publish app. People then connect once more: grants given before keep their end."
)
SESSION_CONTROL: Final = (
    "Google Admin console, Security, Access and data control, Google Cloud session control: exempt "
    "trusted apps, and trust the application under API controls; then these people connect once more."
)
BLOCKED: Final = (
    "Entra admin center, Sign-in logs, the person: it names the policy. Most often: Enterprise "
    "applications, the application, Properties, Assignment required; or Conditional Access."
)
CONSENT: Final = (
    "Entra admin center, Enterprise applications, Consent and permissions. Where they may not, or to "
    "verified publishers only, an administrator grants consent under API permissions of the application."
)
ASSIGNED: Final = (
    "Entra admin center, Enterprise applications, the application, Properties: Assignment required; if "
    "Yes, assign people under Users and groups."
)
RESTRICTED: Final = frozenset(
    {
        "https://mail.google.com/",
        *(
            f"https://www.googleapis.com/auth/gmail.{name}"
            for name in ("readonly", "metadata", "modify", "insert", "compose", "settings.basic",
                         "settings.sharing")
        ),
        *(
            f"https://www.googleapis.com/auth/drive{name}"
            for name in ("", ".readonly", ".metadata", ".metadata.readonly", ".activity", ".scripts")
        ),
    }
)  # fmt: skip
"""Scopes for which Google verifies an External application, each year anew ("Restricted scopes")."""


def consent_checks(bench: "Bench") -> Iterator[Check]:
    """Yield one check for each type: what its connections tell."""
    for each in bench.types:
        yield Check(Theme(CHECK, each.name), partial(_from_connections, bench, each))


def consent_findings(bench: "Bench") -> Iterator[Finding]:
    """Yield what no program can see."""
    if bench.sandboxed:
        what = "the sandbox has none; the real providers' have traps, which doctor names there"
        yield Theme(CHECK, "all").ok(what)
        return
    for each in bench.types:
        pages = _google(each) if each.provider is Provider.GOOGLE else _microsoft()
        for what, mend in pages:
            yield Theme(CHECK, each.name).bad(what, mend, status=Status.BY_HAND)


def _google(connector_type: ConnectorType) -> Iterator[tuple[str, str]]:
    scopes = (*connector_type.required_scopes, *connector_type.optional_scopes)
    restricted = sorted(RESTRICTED.intersection((*scopes, *connector_type.allowed_scopes)))
    yield (
        "with Audience External and status Testing each grant ends after 7 days",
        TESTING,
    )
    if restricted:
        short = ", ".join(
            each.removeprefix("https://www.googleapis.com/auth/") for each in restricted
        )
        yield (
            f"restricted scopes: {short}. An External application needs Google's verification for them",
            "With Audience Internal none is needed. Else: Google Auth Platform, Verification centre.",
        )
    yield (
        "an API that is not enabled refuses every call, whatever was granted",
        "Google Cloud console, APIs & Services, Library: enable Gmail, Drive and Calendar, if used.",
    )


def _microsoft() -> Iterator[tuple[str, str]]:
    yield "whether people may consent for themselves", CONSENT
    yield "whether only assigned people may sign in", ASSIGNED


def _from_connections(bench: "Bench", connector_type: ConnectorType) -> Iterator[Finding]:
    if _is_new(bench):
        return
    theme = Theme(CHECK, connector_type.name)
    found = list(islice(_connections(bench, connector_type.name), MOST))
    yield from _weekly(theme, found) if connector_type.provider is Provider.GOOGLE else ()
    for reason, what, mend in (
        ("session_control", "had to sign in again because of your session length", SESSION_CONTROL),
        ("admin_blocked", "are kept out by an administrator's rule", BLOCKED),
    ):
        if number := sum(each.reason == reason for each in found):
            yield theme.bad(f"{number} people {what}", mend, status=Status.WARNING)


def _is_new(bench: "Bench") -> bool:
    """Return whether there is no database yet: to look would make it."""
    settings = bench.settings
    return settings.backend == "embedded" and not (settings.data_dir / "main.db").exists()


def _connections(bench: "Bench", name: str) -> Iterator[Connection]:
    store, after = bench.parts().main, None
    while True:
        page = store.page(connector_type=name, status=None, after=after, limit=PAGE_SIZE)
        yield from (
            each for each in page.connections if each.status is not ConnectionStatus.REVOKED
        )
        after = page.next_after
        if after is None:
            return


def _weekly(theme: Theme, found: Sequence[Connection]) -> Iterator[Finding]:
    """Yield whether the grants end a week after they were given, as they do in Testing."""
    if not found:
        return
    ending = [
        each
        for each in found
        if each.refresh_token_expires_at is not None
        and each.refresh_token_expires_at - each.connected_at <= WEEK
    ]
    if len(ending) == len(found):
        what = (
            f"each of {len(found)} grants ends within 7 days: the application is in status Testing"
        )
        yield theme.bad(what, TESTING)
    elif ending:
        what = (
            f"{len(ending)} of {len(found)} grants end within 7 days: people can choose that, or "
        )
        what += "connected while the application was in status Testing"
        yield theme.bad(what, TESTING, status=Status.WARNING)
    else:
        yield theme.ok(f"of {len(found)} grants none ends after 7 days")
