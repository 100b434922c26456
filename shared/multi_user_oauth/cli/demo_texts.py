"""What the demo prints when it is ready: addresses, accounts, lines to copy."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from multi_user_oauth.cli.output import console

if TYPE_CHECKING:
    from rich.console import Console

METADATA_HOST: Final = "metadata.google.internal"
IDENTITY: Final = f"/{METADATA_HOST}/computeMetadata/v1/instance/service-accounts/default/identity"
AGENT: Final = "email-agent@company-project.iam.gserviceaccount.com"
SARAHS_AGENT: Final = "sarah-agent@company-project.iam.gserviceaccount.com"
FILES_AGENT: Final = "files-agent@company-project.iam.gserviceaccount.com"
SARAH: Final = "sarah@company.com"
MAIL: Final = (
    f'{{"user_email": "{SARAH}", "to": "john@company.com", '
    '"subject": "Hello from an agent", "body": "Sent as Sarah, by an agent that has no token of hers."}'
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


def bearer(places: Places, agent: str = AGENT) -> str:
    """Return the part of a line by which an agent proves itself afresh."""
    who = "" if agent == AGENT else f"&account={agent}"
    identity = f"{places.sandbox_url}{IDENTITY}?audience={places.origin}{who}"
    return f"-H \"Authorization: Bearer $(curl -s -H 'Metadata-Flavor: Google' '{identity}')\""


def token_line(places: Places, account: str, path: str, agent: str = AGENT) -> str:
    """Return a line that fetches a person's token."""
    url = f"{places.origin}/api/v1/oauth/user/{path}/{account}/token"
    return f"curl -s {bearer(places, agent)} {url}"


def mail_line(places: Places, agent: str = AGENT) -> str:
    """Return a line that sends a mail as Sarah; the status ends the answer."""
    return (
        f"curl -s -w ' %{{http_code}}\\n' {bearer(places, agent)} "
        f"-H 'Content-Type: application/json' -d '{MAIL}' "
        f"{places.origin}/api/v1/connectors/microsoft_teams/send_email"
    )


def files_line(places: Places) -> str:
    """Return a line that lists Sarah's files."""
    url = f"{places.origin}/api/v1/connectors/microsoft_teams/files?user_email={SARAH}"
    return f"curl -s {bearer(places)} '{url}'"


def commands(places: Places) -> dict[str, str]:
    """Return the lines to copy, by what they do."""
    john = token_line(places, "john@company.com", "google_workspace", SARAHS_AGENT)
    return {
        "an agent fetches Sarah's token": token_line(places, SARAH, "microsoft_teams"),
        "it sends a mail as her, without any token of hers (200)": mail_line(places),
        "it lists her files": files_line(places),
        "an agent that may see files only is refused the mail (403)": mail_line(
            places, FILES_AGENT
        ),
        "an agent that is limited to Sarah asks for John's token (404)": john,
        "Sarah's connection ends; then the first three are refused (404)": (
            command_line(places, f"revoke microsoft_teams {SARAH}")
        ),
    }


def command_line(places: Places, words: str) -> str:
    """Return a line of our command line; it names this demo, in whatever folder it is typed."""
    started = Path(sys.argv[0])
    module = started.name == "__main__.py"
    program = f"{sys.executable} -m multi_user_oauth.cli" if module else str(started)
    return f"{program} {words} --env {shlex.quote(str(places.settings_file))}"


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
    _line(out, f"  who is connected: {command_line(places, 'users')}")
    _line(out, f"  is all well: {command_line(places, 'doctor')}")
    _line(out, f"  her files, to read: {command_line(places, f'files microsoft_teams {SARAH}')}")
    out.print()


def _section(out: "Console", heading: str) -> None:
    out.print()
    out.print(heading, style="bold")


def _line(out: "Console", text: str, style: str = "") -> None:
    # Never broken: it is there to be copied.
    out.print(text, style=style, markup=False, soft_wrap=True)
