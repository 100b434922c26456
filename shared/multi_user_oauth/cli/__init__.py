"""The command line `multi-user-oauth`. A command imports what it needs when it runs."""

import sys

try:
    import click
except ModuleNotFoundError:  # an agent's installation: the client alone
    sys.stderr.write("The command line is an extra: pip install 'multi-user-oauth[cli]'\n")
    raise SystemExit(2) from None

from multi_user_oauth.cli.audit import audit
from multi_user_oauth.cli.backup import backup
from multi_user_oauth.cli.completion import completion
from multi_user_oauth.cli.connections import revoke, token, users
from multi_user_oauth.cli.connectors_events import event_commands
from multi_user_oauth.cli.connectors_files import file_commands
from multi_user_oauth.cli.connectors_mail import messages, send_email
from multi_user_oauth.cli.demo import demo
from multi_user_oauth.cli.doctor import doctor
from multi_user_oauth.cli.erase import erase
from multi_user_oauth.cli.import_tokens import import_tokens
from multi_user_oauth.cli.keys import keys
from multi_user_oauth.cli.mcp import mcp
from multi_user_oauth.cli.offboard import offboard
from multi_user_oauth.cli.policy import policy
from multi_user_oauth.cli.program import Program
from multi_user_oauth.cli.restore import restore
from multi_user_oauth.cli.serve import serve
from multi_user_oauth.cli.tour import tour

__all__ = ["main"]


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done; 1 refused or failed; 2 wrong usage or configuration; "
    "3 the person has to sign in; 4 try again later; 5 still needed; "
    "130 interrupted.",
)
def main() -> None:
    """Every person signs in once; services and agents act as that person."""


for command in (
    demo,
    tour,
    serve,
    users,
    token,
    send_email,
    messages,
    file_commands,
    event_commands,
    mcp,
    revoke,
    offboard,
    erase,
    import_tokens,
    keys,
    backup,
    restore,
    audit,
    policy,
    doctor,
    completion,
):
    main.add_command(command)
