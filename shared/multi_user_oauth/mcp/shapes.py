"""What the tools answer: the items of docs/openapi.yaml, from which clients are told their schemas."""

from typing import NotRequired

from typing_extensions import TypedDict  # below Python 3.12 pydantic reads no other


class Attachment(TypedDict):
    """What hangs on a mail; `size` is in bytes."""

    name: str
    size: int


Message = TypedDict(
    "Message",
    {
        "id": str,
        "from": str,
        "to": list[str],
        "cc": NotRequired[list[str]],
        "subject": str,
        "received_at": str,
        "preview": NotRequired[str],
        "body": NotRequired[str],
        "html": NotRequired[str],
        "attachments": NotRequired[list[Attachment]],
        "cut": NotRequired[bool],
    },
)
"""`cut` says that there was more text than is shown."""


class MessageList(TypedDict):
    """Mails, the newest first."""

    messages: list[Message]


class Sent(TypedDict):
    """What was sent; `replayed`: by an earlier call with the same key, and nothing was sent now."""

    status: str
    message_id: NotRequired[str]
    replayed: bool
    idempotency_key: str


class File(TypedDict):
    """A file or folder; `size` is in bytes, null for what has none."""

    id: str
    name: str
    folder: bool
    size: NotRequired[int | None]
    content_type: NotRequired[str]
    modified_at: NotRequired[str]
    web_url: NotRequired[str]


class FileList(TypedDict):
    """Files and folders."""

    files: list[File]


class FileContent(TypedDict):
    """A file; `text` where it is text, else the bytes are beside it as an image or a resource."""

    file: File
    text: NotRequired[str]


Event = TypedDict(
    "Event",
    {
        "id": str,
        "subject": str,
        "from": str,
        "to": str,
        "time_zone": NotRequired[str],
        "all_day": NotRequired[bool],
        "location": NotRequired[str],
        "attendees": NotRequired[list[str]],
        "web_url": NotRequired[str],
    },
)


class CreatedEvent(TypedDict):
    """The event; `replayed`: made by an earlier call with the same key, and none was made now."""

    event: Event
    replayed: bool
    idempotency_key: str


class EventList(TypedDict):
    """Events of a calendar."""

    events: list[Event]


class Chat(TypedDict):
    """A chat; most have no topic."""

    id: str
    topic: NotRequired[str]
    members: NotRequired[list[str]]


class ChatList(TypedDict):
    """Chats with their members."""

    chats: list[Chat]


class Place(TypedDict):
    """A team, or a channel of one."""

    id: str
    name: str


class TeamList(TypedDict):
    """Teams."""

    teams: list[Place]


class ChannelList(TypedDict):
    """Channels of a team."""

    channels: list[Place]
