"""A person's chats, teams and channels in Microsoft Teams."""

from collections.abc import Iterator

from multi_user_oauth.client.area import Area, Item, path_of, query_of


class Chats(Area):
    """
    Lists them and writes there; Google's connector types have none: `ApiError` with `not_supported`.

    With the same `idempotency_key` a message is written once within 24 hours. `replayed` says that it was
    before; where nobody can tell whether it was, it is `OutcomeUnknownError` and nothing is written.
    """

    def chats(self, connector_type: str, user_email: str, *, purpose: str = "") -> Iterator[Item]:
        """Yield the person's chats, with their members."""
        path = path_of(connector_type, "chats")
        return self._pages(path, "chats", query_of(user_email, purpose))

    def teams(self, connector_type: str, user_email: str, *, purpose: str = "") -> Iterator[Item]:
        """Yield the teams that the person joined."""
        path = path_of(connector_type, "teams")
        return self._pages(path, "teams", query_of(user_email, purpose))

    def channels(
        self, connector_type: str, user_email: str, team_id: str, *, purpose: str = ""
    ) -> Iterator[Item]:
        """Yield the channels of a team."""
        path = path_of(connector_type, "teams", team_id, "channels")
        return self._pages(path, "channels", query_of(user_email, purpose))

    def send_chat_message(
        self,
        connector_type: str,
        user_email: str,
        chat_id: str,
        *,
        body: str,
        idempotency_key: str | None = None,
        purpose: str = "",
    ) -> Item:
        """Write plain text into a chat; return `status`, `message_id` and `replayed`."""
        path = path_of(connector_type, "chats", chat_id, "messages")
        return self._written(path, user_email, body, idempotency_key, purpose)

    def post_in_channel(
        self,
        connector_type: str,
        user_email: str,
        team_id: str,
        channel_id: str,
        *,
        body: str,
        idempotency_key: str | None = None,
        purpose: str = "",
    ) -> Item:
        """Write plain text into a channel of a team; return `status`, `message_id` and `replayed`."""
        path = path_of(connector_type, "teams", team_id, "channels", channel_id, "messages")
        return self._written(path, user_email, body, idempotency_key, purpose)

    def _written(
        self, path: str, user_email: str, body: str, key: str | None, purpose: str
    ) -> Item:
        message = {"user_email": user_email, "body": body, "purpose": purpose or None}
        return self._sent(path, message, key)
