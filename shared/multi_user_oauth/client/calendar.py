"""A person's calendar."""

from collections.abc import Iterator, Sequence

from multi_user_oauth.client.area import Area, Item, When, path_of, query_of, time_of


class Calendar(Area):
    """Lists events and makes them."""

    def events(
        self,
        connector_type: str,
        user_email: str,
        *,
        begins: When,
        ends: When,
        time_zone: str | None = None,
        page_size: int | None = None,
        purpose: str = "",
    ) -> Iterator[Item]:
        """Yield what happens from `begins` on and before `ends`, told in this zone (IANA; else UTC)."""
        params = query_of(
            user_email,
            purpose,
            **{"from": time_of(begins), "to": time_of(ends)},
            time_zone=time_zone,
            limit=page_size,
        )
        return self._pages(path_of(connector_type, "calendar", "events"), "events", params)

    def create_event(
        self,
        connector_type: str,
        user_email: str,
        *,
        subject: str,
        begins: When,
        ends: When,
        time_zone: str | None = None,
        body: str | None = None,
        location: str | None = None,
        attendees: Sequence[str] = (),
        idempotency_key: str | None = None,
        purpose: str = "",
    ) -> Item:
        """Make an event and return it, with `replayed`; the provider invites the attendees."""
        event = {
            "user_email": user_email,
            "subject": subject,
            "from": time_of(begins),
            "to": time_of(ends),
            "time_zone": time_zone,
            "body": body,
            "location": location,
            "attendees": list(attendees),
            "purpose": purpose or None,
        }
        return self._sent(path_of(connector_type, "calendar", "events"), event, idempotency_key)
