"""An installation whose people granted all that connectors can do; agents that may do one thing each."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from multi_user_oauth.sandbox.company import (
    AGENT_PROJECT,
    COMPANY_DOMAIN,
    COMPANY_TENANT,
    Account,
)
from tests.support.api_descriptions import Described, granted_by
from tests.support.functions import GOOGLE, MICROSOFT, Installation
from tests.support.installation import AGENT, SCOPE
from tests.support.installation import GOOGLE as GOOGLE_APPLICATION
from tests.support.installation import MICROSOFT as MICROSOFT_APPLICATION

CONNECTORS: Final = "/api/v1/connectors"
MICROSOFT_SCOPES: Final = (
    *("User.Read", "Mail.Send", "Mail.ReadWrite", "Files.ReadWrite", "Calendars.ReadWrite"),
    *("Chat.ReadWrite", "Team.ReadBasic.All", "Channel.ReadBasic.All", "ChannelMessage.Send"),
)
GOOGLE_SCOPES: Final = (
    *("openid", f"{SCOPE}userinfo.email", f"{SCOPE}gmail.send", f"{SCOPE}gmail.readonly"),
    *(f"{SCOPE}drive", f"{SCOPE}calendar.events"),
)
ACTIONS: Final = (
    *("mail.send", "mail.read", "files.read", "files.write", "calendar.read", "calendar.write"),
    *("chat.read", "chat.send", "proxy"),
)


def agent_for(action: str) -> str:
    """Return the name of the agent whose rule allows this action alone, for everybody."""
    return f"{action.replace('.', '-')}@{AGENT_PROJECT}.iam.gserviceaccount.com"


def wide(
    directory: Path,
    keys: Mapping[str, str],
    *,
    microsoft: Iterable[str] = MICROSOFT_SCOPES,
    google: Iterable[str] = GOOGLE_SCOPES,
    policy: str = "",
    changes: Mapping[str, str] | None = None,
    described: bool = True,
) -> Installation:
    """
    Return an installation whose connector types ask for these scopes; `policy` is added to its own.

    Unless it is not `described`, each call to a provider's API is held against its description.
    """
    types = f"""
{MICROSOFT}:
  provider: microsoft
  title: Microsoft 365
  client_id: {MICROSOFT_APPLICATION.client_id}
  client_secret: microsoft
  tenants: [{COMPANY_TENANT}]
  required_scopes: [{", ".join(microsoft)}]
  allowed_scopes: [{", ".join(MICROSOFT_SCOPES)}]
{GOOGLE}:
  provider: google
  title: Google Workspace
  client_id: {GOOGLE_APPLICATION.client_id}
  client_secret: google
  hosted_domains: [{COMPANY_DOMAIN}]
  required_scopes: [{", ".join(google)}]
  allowed_scopes: [{", ".join(GOOGLE_SCOPES)}]
"""
    rules = "".join(
        f"""
  {name}:
    connector_types: [{MICROSOFT}, {GOOGLE}]
    users: ['*@{COMPANY_DOMAIN}']
    actions: [{actions}]
"""
        for name, actions in {
            AGENT: ", ".join(ACTIONS),
            **{agent_for(action): action for action in ACTIONS},
        }.items()
    )
    types_file, policy_file = directory / "wide_types.yaml", directory / "wide_policy.yaml"
    types_file.write_text(types, "utf-8")
    policy_file.write_text(f"agents:{rules}\n{REFRESHERS}{policy}", "utf-8")
    files = {"CONNECTOR_TYPES_FILE": str(types_file), "POLICY_FILE": str(policy_file)}
    made = Installation(directory, keys, files | dict(changes or {}))
    if not described:
        return made
    inner = made.world.adapter
    assert inner is not None
    made.world = replace(made.world, adapter=Described(inner, granted_by(made.sandbox)))
    return made


REFRESHERS: Final = f"refresh_callers:\n  one: [{AGENT}]\n"


def connected(installation: Installation, *people: Account) -> Installation:
    """Connect each of these people to both connector types."""
    for account in people:
        for connector_type in (MICROSOFT, GOOGLE):
            installation.connect(connector_type, account)
    return installation
