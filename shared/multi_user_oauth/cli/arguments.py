"""The arguments that many commands share; the Tab key completes them."""

from typing import Final

import click

from multi_user_oauth.cli.completing import connector_types, user_emails

connector_type_argument: Final = click.argument("connector_type", shell_complete=connector_types)
user_email_argument: Final = click.argument("user_email", shell_complete=user_emails)
