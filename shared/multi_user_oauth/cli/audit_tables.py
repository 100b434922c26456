"""What `audit` shows: rows as JSON has them, and lines for people."""

from typing import TYPE_CHECKING

import click

from multi_user_oauth.cli.output import utc_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from multi_user_oauth.auditing.followed import Finding
    from multi_user_oauth.model import AuditRecord
    from multi_user_oauth.ports import KeptRead, LastUse

Row = dict[str, object]

FOR_PROGRAMS = frozenset({"hash", "min_ttl"})
"""What people are not shown: a line is long enough."""


def audit_row(record: "AuditRecord") -> Row:
    """Return a record of the chain."""
    return {
        "sequence": record.sequence,
        "at": utc_text(record.at),
        "event": record.action,
        "actor": record.actor,
        "outcome": record.outcome,
        "reason": record.reason,
        "hash": record.hash,
    }


def use_row(use: "LastUse") -> Row:
    """Return an agent's last use."""
    return {
        "agent": use.agent,
        "last_used_at": utc_text(use.at),
        "action": use.action,
        "purpose": use.purpose,
    }


def read_row(read: "KeptRead") -> Row:
    """Return a use of a token that was kept."""
    return {
        "at": utc_text(read.at),
        "actor": read.use.actor,
        "action": read.use.action.value,
        "outcome": read.use.outcome,
        "purpose": read.use.purpose,
        "scopes": list(read.use.scopes),
        "min_ttl": read.use.min_ttl,
    }


def finding_row(finding: "Finding") -> Row:
    """Return what is wrong somewhere."""
    return {
        "connection": finding.connection,
        "sequence": finding.sequence,
        "trouble": finding.trouble.value,
        "meaning": finding.trouble.meaning,
    }


def finding_sentence(finding: "Finding") -> str:
    """Return the same for people."""
    what = f"record {finding.sequence}" if finding.sequence else "it"
    return f"{finding.connection}: {what} {finding.trouble.meaning}."


def print_rows(rows: "Sequence[Row]", *, nothing: str) -> None:
    """Print a line for each row, in columns that are as wide as they must be; or this sentence."""
    if not rows:
        click.echo(nothing)
        return
    names = [name for name in rows[0] if name not in FOR_PROGRAMS]
    lines = [[name.replace("_", " ") for name in names]]
    lines += [[_cell(row[name]) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _cell(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
