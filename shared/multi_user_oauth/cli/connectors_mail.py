"""send-email, messages: mail as a person, through the API."""

import sys
from datetime import datetime
from pathlib import Path

import click

from multi_user_oauth.cli.connectors_client import Acting, acting, fresh_key
from multi_user_oauth.cli.connectors_output import PAGE, at_most, print_table, refusals_told
from multi_user_oauth.cli.connectors_times import in_zone, minute, moment
from multi_user_oauth.cli.output import console, print_json

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command("send-email")
@acting
@click.option("--to", multiple=True, required=True, help="To whom; may stand several times.")
@click.option("--cc", multiple=True, help="A copy to; may stand several times.")
@click.option("--bcc", multiple=True, help="A copy to, unseen; may stand several times.")
@click.option("--reply-to", multiple=True, help="Where answers go.")
@click.option("--subject", required=True)
@click.option("--body", help="The text.  [default: standard input]")
@click.option("--body-file", type=FILE, help="A file with the text.")
@click.option("--html-file", type=FILE, help="A file with the HTML; beside the text or instead.")
@click.option("--attach", "attachments", multiple=True, type=FILE, help="May stand several times.")
@click.option("--idempotency-key", help="With the same one it is sent once.  [default: a new one]")
def send_email(
    here: Acting,
    body: str | None,
    body_file: Path | None,
    html_file: Path | None,
    *,
    to: tuple[str, ...],
    cc: tuple[str, ...],
    bcc: tuple[str, ...],
    reply_to: tuple[str, ...],
    subject: str,
    attachments: tuple[Path, ...],
    idempotency_key: str | None,
) -> None:
    """Send a mail as a person.

    Exit codes: 0 done; 1 refused; 2 wrong usage or configuration; 3 the person has to sign in; 4 try
    again later.
    """
    if body is not None and body_file is not None:
        raise click.UsageError("--body and --body-file are two texts: give one")
    key = idempotency_key or fresh_key()
    with refusals_told(as_json=here.as_json, key=key):
        api = here.connectors()
        html = _text(html_file) if html_file else None
        text = _text(body_file) if body_file else body
        if text is None and html is None:
            text = _typed()
        sent = api.send_email(
            *here.whose,
            to=to,
            cc=cc,
            bcc=bcc,
            reply_to=reply_to,
            subject=subject,
            body=text,
            html=html,
            attachments=attachments,
            idempotency_key=key,
            purpose=here.purpose,
        )
    if here.as_json:
        print_json(sent)
        return
    before = " by an earlier call with this key; nothing was sent now" if sent["replayed"] else ""
    console().print(f"Sent as {here.user_email}{before}.", markup=False, soft_wrap=True)


@click.command()
@acting
@click.option("--search", help="Words to look for, in the provider's search.")
@click.option("--since", type=moment, help="Received at or after it, such as 2026-05-01.")
@click.option(
    "--limit", type=click.IntRange(1), default=25, show_default=True, help="At most so many."
)
def messages(
    here: Acting,
    search: str | None,
    since: datetime | None,
    limit: int,
) -> None:
    """List a person's mails, the newest first.

    Exit codes: 0 done; 1 refused; 2 wrong usage or configuration; 3 the person has to sign in; 4 try
    again later.
    """
    with refusals_told(as_json=here.as_json):
        found = here.connectors().messages(
            *here.whose,
            search=search,
            since=in_zone(since) if since else None,
            page_size=min(limit, PAGE),
            purpose=here.purpose,
        )
        mails = at_most(found, limit)
    if here.as_json:
        print_json({"messages": mails})
    elif not mails:
        console().print("No mails.")
    else:
        rows = (
            (minute(m.get("received_at")), m.get("from", ""), m.get("subject", "")) for m in mails
        )
        print_table(("received (UTC)", "from", "subject"), rows, whole=1)


def _text(file: Path) -> str:
    from multi_user_oauth.errors import ConfigurationError

    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is no text in UTF-8") from None


def _typed() -> str:
    if sys.stdin.isatty():
        click.echo("The text of the mail; Ctrl-D on a line of its own ends it:", err=True)
    return sys.stdin.read()
