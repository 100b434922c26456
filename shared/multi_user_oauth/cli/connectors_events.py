"""events: a person's calendar, through the API."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from multi_user_oauth.cli.connectors_client import Acting, acting, fresh_key
from multi_user_oauth.cli.connectors_group import ListingGroup
from multi_user_oauth.cli.connectors_output import PAGE, at_most, print_table, refusals_told
from multi_user_oauth.cli.connectors_times import in_zone, minute, moment
from multi_user_oauth.cli.output import console, print_json

WEEK: Final = timedelta(days=7)
zone_option: Final = click.option("--time-zone", help="Such as Europe/Berlin.  [default: UTC]")


@click.group("events", cls=ListingGroup)
def event_commands() -> None:
    """List and make events in a person's calendar.

    `events CONNECTOR_TYPE USER_EMAIL` lists them.
    """


@event_commands.command("list")
@acting
@click.option("--from", "begins", type=moment, help="From this time on.  [default: now]")
@click.option("--to", "ends", type=moment, help="Before it.  [default: 7 days later]")
@zone_option
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many."
)
def list_events(
    here: Acting,
    begins: datetime | None,
    ends: datetime | None,
    time_zone: str | None,
    limit: int,
) -> None:
    """List what happens between two times.

    A time such as 2026-05-01 or 2026-05-01T09:00 is one of the time zone.

    Exit codes: 0 done; 1 refused; 2 wrong usage or configuration; 3 the person has to sign in; 4 try
    again later.
    """
    with refusals_told(as_json=here.as_json):
        first = in_zone(begins or datetime.now(UTC), time_zone)
        found = here.connectors().events(
            *here.whose,
            begins=first,
            ends=in_zone(ends, time_zone) if ends else first + WEEK,
            time_zone=time_zone,
            page_size=min(limit, PAGE),
            purpose=here.purpose,
        )
        items = at_most(found, limit)
    if here.as_json:
        print_json({"events": items})
    elif not items:
        console().print("No events.")
    else:
        print_table(
            (f"from ({(time_zone or 'UTC').rpartition('/')[2]})", "to", "subject", "with"),
            map(_row, items),
            whole=2,
        )


@event_commands.command()
@acting
@click.option("--subject", required=True)
@click.option("--from", "begins", type=moment, required=True, help="Such as 2026-05-01T09:00.")
@click.option("--to", "ends", type=moment, required=True)
@zone_option
@click.option("--attendee", "attendees", multiple=True, help="May stand several times.")
@click.option("--location")
@click.option("--body", help="What it is about.")
@click.option("--idempotency-key", help="With the same one it is made once.  [default: a new one]")
def create(
    here: Acting,
    begins: datetime,
    ends: datetime,
    time_zone: str | None,
    *,
    subject: str,
    attendees: tuple[str, ...],
    location: str | None,
    body: str | None,
    idempotency_key: str | None,
) -> None:
    """Make an event as a person.

    The provider invites the attendees.

    Exit codes: 0 done; 1 refused; 2 wrong usage or configuration; 3 the person has to sign in; 4 try
    again later.
    """
    key = idempotency_key or fresh_key()
    with refusals_told(as_json=here.as_json, key=key):
        made = here.connectors().create_event(
            *here.whose,
            begins=in_zone(begins, time_zone),
            ends=in_zone(ends, time_zone),
            time_zone=time_zone,
            purpose=here.purpose,
            subject=subject,
            attendees=attendees,
            location=location,
            body=body,
            idempotency_key=key,
        )
    if here.as_json:
        print_json(made)
        return
    before = " by an earlier call with this key; nothing was made now" if made["replayed"] else ""
    when = minute(made.get("from"), utc=False)
    text = f"Made as {here.user_email}{before}: {when} {made.get('subject', '')}"
    console().print(text, markup=False, soft_wrap=True)


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    begins, ends = (minute(item.get(name), utc=False) for name in ("from", "to"))
    if begins[:10] == ends[:10]:
        ends = ends[11:]
    return begins, ends, str(item.get("subject", "")), ", ".join(item.get("attendees") or ())
