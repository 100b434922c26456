"""What the demo prints when it is ready: addresses, accounts, lines to copy."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from multi_user_oauth.cli.output import console
from multi_user_oauth.cli.settings_file import DEMO

if TYPE_CHECKING:
    from rich.console import Console

IDENTITY: Final = (
    "/metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity"
)
AGENT: Final = "email-agent@company-project.iam.gserviceaccount.com"
SARAHS_AGENT: Final = "sarah-agent@company-project.iam.gserviceaccount.com"
MAIL: Final = (
    '{"message": {"subject": "Hello from an agent", "body": {"contentType": "Text", '
    '"content": "Sent as Sarah, with her own token."}, '
    '"toRecipients": [{"emailAddress": {"address": "john@company.com"}}]}}'
)
ACCOUNTS: Final = {
    "sarah@company.com": "Microsoft and Google",
    "john@company.com": "Microsoft and Google",
    "maria@company.com": "Microsoft and Google",
    "admin@company.com": "an admin: sees and revokes everybody",
    "pat.lee@company.com": "signs in at Microsoft as plee@company.com",
}
REFUSED: Final = "a guest, a stranger, a private account"


class Places(Protocol):
    """Where everything is."""

    @property
    def origin(self) -> str:
        """Our address."""

    @property
    def sandbox_url(self) -> str:
        """The sandbox's address."""

    @property
    def sweep_every(self) -> int | None:
        """Seconds from one sweep to the next."""

    @property
    def directory(self) -> Path:
        """The folder of everything that is kept."""

    @property
    def settings_file(self) -> Path:
        """The settings that the functions run with."""

    @property
    def log_file(self) -> Path:
        """The functions' log."""


def token_line(places: Places, account: str, path: str, agent: str | None = None) -> str:
    """Return a line that fetches a person's token as an agent that proves itself afresh."""
    who = f"&account={agent}" if agent else ""
    identity = f"{places.sandbox_url}{IDENTITY}?audience={places.origin}{who}"
    bearer = f"$(curl -s -H 'Metadata-Flavor: Google' '{identity}')"
    url = f"{places.origin}/api/v1/oauth/user/{path}/{account}/token"
    return f'curl -s -H "Authorization: Bearer {bearer}" {url}'


def mail_line(places: Places) -> str:
    """Return a line that sends a mail as Sarah, with her token."""
    token = token_line(places, "sarah@company.com", "microsoft_teams")
    extract = """sed -n 's/.*"access_token": *"\\([^"]*\\)".*/\\1/p'"""
    return (
        f'curl -s -w "%{{http_code}}\\n" -H "Authorization: Bearer $({token} | {extract})" '
        f"-H 'Content-Type: application/json' -d '{MAIL}' "
        f"{places.sandbox_url}/graph.microsoft.com/v1.0/me/sendMail"
    )


def commands(places: Places) -> dict[str, str]:
    """Return the lines to copy, by what they do."""
    john = token_line(places, "john@company.com", "google_workspace", SARAHS_AGENT)
    return {
        "an agent fetches Sarah's token": token_line(
            places, "sarah@company.com", "microsoft_teams"
        ),
        "it sends a mail as her (202: sent)": mail_line(places),
        "an agent that is limited to Sarah asks for John's token (404)": john,
    }


def users_line(places: Places) -> str:
    """Return the line that lists who is connected."""
    found_alone = places.settings_file == DEMO.resolve()
    return f"{sys.argv[0]} users" + ("" if found_alone else f" --env {places.settings_file}")


def as_document(places: Places) -> dict[str, object]:
    """Return the same for programs."""
    return {
        "url": places.origin,
        "sandbox_url": places.sandbox_url,
        "mailbox_url": f"{places.sandbox_url}/mailbox",
        "sweep_every": places.sweep_every,
        "settings": str(places.settings_file),
        "log": str(places.log_file),
        "accounts": list(ACCOUNTS),
        "commands": commands(places),
    }


def print_welcome(places: Places, *, kept: bool) -> None:
    """Print it; `kept` tells whether what is connected outlives the demo."""
    out = console()
    out.print()
    fate = "stays" if kept else "is forgotten then"
    out.print(
        f"[bold]Multi-User OAuth is running.[/bold] Ctrl-C stops it; what is connected {fate}."
    )
    out.print(f"Every {places.sweep_every} seconds it refreshes by itself what is due.")
    _section(out, "Open")
    _line(out, f"  {places.origin}", style="bold cyan")
    out.print("  Type one of these e-mails and sign in; the sandbox asks for no password:")
    for account, note in ACCOUNTS.items():
        out.print(f"  [green]{account:<22}[/green] {note}")
    out.print(f"  It also knows whom to refuse: {REFUSED}.")
    _section(out, "Once Sarah has signed in with Microsoft, in another terminal")
    for purpose, line in commands(places).items():
        out.print(f"  # {purpose}", style="green")
        _line(out, line)
        out.print()
    _line(out, f"  The mail is here: {places.sandbox_url}/mailbox")
    _section(out, "Where things are")
    _line(out, f"  settings  {places.settings_file}")
    _line(out, f"  full log  {places.log_file}")
    _line(out, f"  who is connected: {users_line(places)}")
    out.print()


def _section(out: "Console", heading: str) -> None:
    out.print()
    out.print(heading, style="bold")


def _line(out: "Console", text: str, style: str = "") -> None:
    # Never broken: it is there to be copied.
    out.print(text, style=style, markup=False, soft_wrap=True)
