"""What the people of the records can connect, and who may act for them."""

from typing import Final

from multi_user_oauth.sandbox.company import (
    ADMIN,
    COMPANY_DOMAIN,
    COMPANY_TENANT,
    google_identity,
    microsoft_identity,
)
from tests.support.connectors import ACTIONS
from tests.support.functions import GOOGLE, MICROSOFT
from tests.support.installation import (
    AGENT,
    FINISHER,
    OPERATOR,
    PUSHER,
    REFRESHER,
    SARAHS_AGENT,
    SCHEDULER,
    SCOPE,
)
from tests.support.installation import GOOGLE as GOOGLE_APPLICATION
from tests.support.installation import MICROSOFT as MICROSOFT_APPLICATION

CALENDAR: Final = "microsoft_calendar"

CONNECTOR_TYPES: Final = f"""
{MICROSOFT}:
  provider: microsoft
  title: Microsoft 365
  client_id: {MICROSOFT_APPLICATION.client_id}
  client_secret: microsoft
  tenants: [{COMPANY_TENANT}]
  required_scopes: [User.Read, Mail.Send, Mail.ReadWrite]
  optional_scopes: [Files.ReadWrite]
  allowed_scopes: [Calendars.Read]
{CALENDAR}:
  provider: microsoft
  title: Calendar
  client_id: {MICROSOFT_APPLICATION.client_id}
  client_secret: microsoft
  tenants: [{COMPANY_TENANT}]
  required_scopes: [User.Read, Calendars.ReadWrite]
{GOOGLE}:
  provider: google
  title: Google Workspace
  client_id: {GOOGLE_APPLICATION.client_id}
  client_secret: google
  hosted_domains: [{COMPANY_DOMAIN}]
  required_scopes: [openid, {SCOPE}userinfo.email, {SCOPE}gmail.send]
  optional_scopes: [{SCOPE}drive.file]
"""

POLICY: Final = f"""
agents:
  {AGENT}:
    connector_types: [{MICROSOFT}, {CALENDAR}, {GOOGLE}]
    users: ['*@{COMPANY_DOMAIN}']
    actions: [token, {", ".join(ACTIONS)}]
  {SARAHS_AGENT}:
    connector_types: [{MICROSOFT}]
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
