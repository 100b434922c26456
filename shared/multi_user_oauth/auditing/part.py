"""Which connections are looked at: all, one type's, one person's, or one; and their ids read back."""

from dataclasses import dataclass
from urllib.parse import unquote

from multi_user_oauth.model import ConnectionKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """None stands for any; the e-mail is normalised."""

    connector_type: str | None = None
    user_email: str | None = None

    @property
    def begins(self) -> str:
        """What the ids of all these connections, and of their records, begin with."""
        if self.connector_type is None:
            return ""
        return ConnectionKey(self.connector_type, self.user_email or "").document_id

    def includes(self, key: ConnectionKey) -> bool:
        """Return whether the connection is one of them."""
        types, emails = (None, key.connector_type), (None, key.user_email)
        return self.connector_type in types and self.user_email in emails

    def has_connection(self, name: str) -> bool:
        """Return whether the connection of this id is one of them."""
        return self.includes(key_of_id(name))

    def has_record(self, name: str) -> bool:
        """Return whether the record of this id is one of theirs."""
        return self.includes(key_of_id(place_of(name)[0]))


def key_of_id(document_id: str) -> ConnectionKey:
    """Return the key whose `document_id` this is."""
    connector_type, _, user_email = document_id.partition(":")
    return ConnectionKey(connector_type, unquote(user_email))


def place_of(record_id: str) -> tuple[str, int]:
    """Return a record's connection, by its id, and its sequence; zero for an id that tells none."""
    connection_id, _, number = record_id.rpartition("-")
    digits = number.isascii() and number.isdecimal()
    return (connection_id, int(number)) if connection_id and digits else (record_id, 0)


def key_named(name: str) -> ConnectionKey:
    """Return the key whose name in a log this is."""
    connector_type, _, user_email = name.partition("/")
    return ConnectionKey(connector_type, user_email)
