"""Whether the connector types ask for what agents may do, and for nothing that can not be granted."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.findings import Finding, Status, Theme
from multi_user_oauth.model import Action, ConnectorType, Provider

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench

CHECK: Final = "scopes"
GOOGLE: Final = "https://www.googleapis.com/auth/"
GRAPH: Final = "https://graph.microsoft.com/"
GOOGLES_OTHER_NAMES: Final = frozenset({"openid", "email", "profile", "https://mail.google.com/"})
BY_ADMINS: Final = frozenset(
    {
        "Calendars.ReadBasic", "ChannelMessage.Read.All", "Directory.AccessAsUser.All",
        "Directory.Read.All", "Directory.ReadWrite.All", "Group.Read.All", "Group.ReadWrite.All",
        "TeamSettings.Read.All", "TeamSettings.ReadWrite.All", "User.Read.All",
        "User.ReadWrite.All", "User.RevokeSessions.All",
    }
)  # fmt: skip
"""What people can not grant for themselves ("Microsoft Graph permissions reference", delegated)."""
TABLE: Final = "docs/connector-types.md#which-call-needs-which-scope"

Needs = Mapping[Action, tuple[str, ...]]


def scope_findings(bench: "Bench") -> Iterator[Finding]:
    """Yield what is to be said of each type's scopes, by the file alone."""
    for each in bench.types:
        theme = Theme(CHECK, each.name)
        wrong = [*_misspelt(theme, each), *_unasked(bench, theme, each)]
        yield from wrong
        yield from _for_admins(bench, theme, each)
        if not any(finding.status is Status.WRONG for finding in wrong):
            asked = len(each.required_scopes) + len(each.optional_scopes)
            yield theme.ok(f"{asked} are asked for, {len(each.allowed_scopes)} more may be")


def _all(connector_type: ConnectorType) -> tuple[str, ...]:
    kind = connector_type
    return (*kind.required_scopes, *kind.optional_scopes, *kind.allowed_scopes)


def _misspelt(theme: Theme, connector_type: ConnectorType) -> Iterator[Finding]:
    for scope in _all(connector_type):
        if connector_type.provider is Provider.GOOGLE:
            if not scope.startswith(GOOGLE) and scope not in GOOGLES_OTHER_NAMES:
                mend = f"Write it whole, as {GOOGLE}{scope.rpartition('/')[2]}."
                yield theme.bad(f"{scope} is no scope of Google's", mend)
        elif scope.endswith("/.default") or scope == ".default":
            mend = "Name the permissions one by one: what is granted is compared with them."
            yield theme.bad(f"{scope} names no permission", mend)
        elif scope.startswith(GRAPH):
            mend = f"Write {scope.removeprefix(GRAPH)}: it is compared with what is granted by that name."
            yield theme.bad(f"{scope} is not the name that is granted", mend)
        elif "/" in scope:
            mend = "Take it out: a token is for one API, and this system's are for Microsoft Graph."
            yield theme.bad(f"{scope} belongs to another API than Microsoft Graph", mend)


def _unasked(bench: "Bench", theme: Theme, connector_type: ConnectorType) -> Iterator[Finding]:
    """Yield what some agent may do by the policy, and nobody is asked to allow."""
    rules = bench.policy.agents.values() if bench.policy else ()
    actions = {
        action
        for rule in rules
        if connector_type.name in rule.connector_types
        for action in rule.actions
    }
    can = {scope.lower() for scope in _all(connector_type)}
    for action, any_of in sorted(needs(connector_type.provider).items()):
        if action in actions and can.isdisjoint(scope.lower() for scope in any_of):
            what = f"agents may {action}, and no scope for it is asked for"
            mend = (
                f"Add {any_of[0]} to optional_scopes of {connector_type.name}, or take {action} from the "
                f"agents: {TABLE}"
            )
            yield theme.bad(what, mend, status=Status.WARNING)


def _for_admins(bench: "Bench", theme: Theme, connector_type: ConnectorType) -> Iterator[Finding]:
    found = sorted(BY_ADMINS.intersection(_all(connector_type)))
    if connector_type.provider is Provider.MICROSOFT and found:
        from multi_user_oauth.wiring.outside import Outside

        url = Outside(bench.parts(), with_secrets=False).approval_url(connector_type.name)
        what = f"only an administrator can grant {', '.join(found)}"
        mend = f"Let one open this page and accept, or take these scopes out: {url}"
        yield theme.bad(what, mend, status=Status.BY_HAND)


def needs(provider: Provider) -> Needs:
    """Return for each action the scopes of which one is enough, as the connectors themselves say it."""
    from multi_user_oauth.connectors import (
        drive,
        gmail_places,
        google_calendar,
        onedrive,
        outlook_calendar,
        outlook_reading,
        outlook_sending,
        teams,
    )

    if provider is Provider.GOOGLE:
        return {
            Action.MAIL_READ: gmail_places.LIST,
            Action.MAIL_SEND: gmail_places.SEND,
            Action.FILES_READ: drive.READ,
            Action.FILES_WRITE: drive.WRITE,
            Action.CALENDAR_READ: google_calendar.READ,
            Action.CALENDAR_WRITE: google_calendar.WRITE,
        }
    return {
        Action.MAIL_READ: outlook_reading.LIST,
        Action.MAIL_SEND: outlook_sending.SEND,
        Action.FILES_READ: onedrive.READ,
        Action.FILES_WRITE: onedrive.WRITE,
        Action.CALENDAR_READ: outlook_calendar.READ,
        Action.CALENDAR_WRITE: outlook_calendar.WRITE,
        Action.CHAT_READ: teams.READ_CHATS,
        Action.CHAT_SEND: (*teams.SEND_TO_CHAT, *teams.SEND_TO_CHANNEL),
    }
