"""audit: whether the records are whole, and what they say: who did what as whom, when and why."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import click

from multi_user_oauth.cli.arguments import connector_type_argument, user_email_argument
from multi_user_oauth.cli.audit_tables import (
    audit_row,
    finding_row,
    finding_sentence,
    print_rows,
    read_row,
    use_row,
)
from multi_user_oauth.cli.completing import connector_types, user_emails
from multi_user_oauth.cli.connections import env_option
from multi_user_oauth.cli.leavers import operating
from multi_user_oauth.cli.output import Exit, console, failed, json_option, print_json
from multi_user_oauth.cli.progress import Amount, progress

if TYPE_CHECKING:
    from datetime import datetime

    from multi_user_oauth.auditing.followed import Finding
    from multi_user_oauth.auditing.verify import VerifyAudit
    from multi_user_oauth.ports import Anchor, Erasing, KeptRead

AT_ONCE = 300

anchors_option = click.option(
    "--anchors",
    "logs",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="A log of ours, JSON lines; - for standard input. Give it again for another.",
)


@click.group()
def audit() -> None:
    """Verify and read the audit.

    Every change of a connection leaves a record that is bound to the one before.
    """


@audit.command()
@anchors_option
@click.option("--connector-type", shell_complete=connector_types, help="Only this one.")
@click.option("--user", shell_complete=user_emails, help="Only this person's connections.")
@env_option
@json_option
def verify(
    logs: tuple[str, ...],
    connector_type: str | None,
    user: str | None,
    env_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Name every record that is altered, missing or out of order.

    Whoever rewrites a whole chain makes it fit itself again: the anchors in the functions' log, kept
    where its writer can not reach it, tell. Chains that the log says were erased are counted.

    Exit codes: 0 whole; 1 broken; 2 wrong usage or configuration; 4 try again later.
    """
    from multi_user_oauth.auditing.part import Part
    from multi_user_oauth.errors import ConfigurationError
    from multi_user_oauth.model import normalise_email
    from multi_user_oauth.wiring.auditing import verifying

    findings: list[Finding] = []
    walk: VerifyAudit | None = None

    def says() -> str:
        return f"{walk.records} records" if walk else "reading the log"

    with (
        operating(env_file, as_json=as_json) as parts,
        progress("Verifying", of=Amount.UNKNOWN, says=says),
    ):
        part = Part(
            connector_type=connector_type, user_email=normalise_email(user) if user else None
        )
        with verifying(parts, part, _anchors(logs)) as (verified, anchors):
            if logs and not anchors:
                raise ConfigurationError(f"There is no anchor to verify in {', '.join(logs)}")
            walk = verified
            findings.extend(verified.findings())
    if not as_json:
        for finding in findings:
            click.echo(finding_sentence(finding))
    _tell(verified, anchors, findings, as_json=as_json)


@audit.command()
@connector_type_argument
@user_email_argument
@click.option("--usage", is_flag=True, help="Who used it last instead, and what for.")
@env_option
@json_option
def show(
    connector_type: str, user_email: str, env_file: Path | None, *, usage: bool, as_json: bool
) -> None:
    """Show what happened to a connection.

    Exit codes: 0 done; 1 there is none; 2 wrong usage or configuration; 4 try again later.
    """
    from multi_user_oauth.errors import NotConnectedError
    from multi_user_oauth.http.paths import key_of

    with operating(env_file, as_json=as_json) as parts:
        key = key_of(connector_type, user_email)
        records = parts.main.audit(key)
        if not records and parts.main.read(key) is None:
            raise NotConnectedError(str(key))
        rows = (
            [use_row(use) for use in parts.activity.uses(key)]
            if usage
            else [audit_row(record) for record in records]
        )
    if as_json:
        print_json({"usage" if usage else "records": rows})
    else:
        print_rows(rows, nothing="Nobody used it." if usage else "There is no record.")


@audit.command()
@connector_type_argument
@user_email_argument
@click.option("--since", type=click.DateTime(), help="Only from this time on (UTC).")
@env_option
@json_option
def reads(
    connector_type: str,
    user_email: str,
    since: "datetime | None",
    env_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Show each use of a connection's token, where they are kept.

    DURABLE_READS=yes keeps them, for READS_RETENTION_DAYS.

    Exit codes: 0 done; 2 wrong usage or configuration; 4 try again later.
    """
    from multi_user_oauth.http.paths import key_of
    from multi_user_oauth.ports import read_id

    with operating(env_file, as_json=as_json) as parts:
        key = key_of(connector_type, user_email)
        after = read_id(key, since.replace(tzinfo=UTC)) if since else None
        rows: list[dict[str, object]] = []
        page: tuple[KeptRead, ...] | None = None
        while page is None or len(page) == AT_ONCE:
            page = parts.activity.kept_reads(key, after=after, limit=AT_ONCE)
            rows += [read_row(read) for read in page]
            after = page[-1].document_id if page else None
    if as_json:
        print_json({"reads": rows})
    else:
        print_rows(rows, nothing="None is kept. DURABLE_READS=yes keeps them from now on.")


def _tell(
    verified: "VerifyAudit", anchors: int, findings: "list[Finding]", *, as_json: bool
) -> None:
    facts = {
        "records": verified.records,
        "connections": verified.connections,
        "anchors": anchors,
        "erased": verified.erased,
        "findings": [finding_row(finding) for finding in findings],
    }
    seen = f"Records: {verified.records}, connections: {verified.connections}, anchors: {anchors}"
    seen += f", erased: {verified.erased}." if verified.erased else "."
    if findings:
        message = f"Broken: {len(findings)}. {seen}"
        raise failed(Exit.FAILED, message, as_json=as_json, whole=False, **facts)
    if as_json:
        print_json({"whole": True, **facts})
    else:
        console().print(f"Whole. {seen}", markup=False, soft_wrap=True)


def _anchors(logs: tuple[str, ...]) -> "Iterator[Anchor | Erasing]":
    from multi_user_oauth.auditing.anchors import anchors_in

    for name in logs:
        with click.open_file(name, encoding="utf-8", errors="replace") as lines:
            yield from anchors_in(lines, name)
