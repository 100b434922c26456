"""Acting as a person at a provider's API: what the routes need of a service, of either provider."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from multi_user_oauth.model import AccessToken, Secret
from multi_user_oauth.model.calendar import Event, EventQuery, NewEvent
from multi_user_oauth.model.chat import Channel, Chat, Team
from multi_user_oauth.model.files import ByteRange, File, FileQuery, NewFile
from multi_user_oauth.model.mail import MailQuery, Message, OutgoingMail
from multi_user_oauth.model.paging import Paged
from multi_user_oauth.model.proxy_target import ProxyCall


class ActingAs(Protocol):
    """One person, for one call of one caller; each token taken from it was written down before."""

    def token(self, *needs: str) -> AccessToken:
        """Return the person's token if it has any of these scopes; raise `InsufficientScopeError`."""

    def has(self, *needs: str) -> bool:
        """Return whether the person granted, and the caller is left, any of these scopes."""

    def renewed(self, *needs: str, claims: str | None) -> AccessToken:
        """Return another token, for an API refused the last; `claims` is what that API asks for."""


class Outcome(Enum):
    """What the provider knows of something that may have been sent."""

    SENT = auto()
    NOT_SENT = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look brought; `provider_id` is empty unless it was sent."""

    outcome: Outcome
    provider_id: str = ""


class Sending(Protocol):
    """One thing that is sent once, in one provider's way."""

    def prepare(self) -> str:
        """Do what is not yet sending (make a draft); return what to remember of it, or nothing."""

    def send(self, handle: str) -> str:
        """
        Send it and return the provider's id for it, empty where it names none.

        `handle` is what `prepare` gave, empty where nothing was prepared. Raise `OutcomeUnknownError` if
        it may have been sent; with any other error it was not.
        """

    def look_up(self, handle: str) -> Found:
        """Return what the provider knows of it; UNKNOWN where it can not be asked."""


class Mail(Protocol):
    """Somebody's mail; any of `send_scopes` lets it be sent."""

    send_scopes: tuple[str, ...]

    def sending(self, person: ActingAs, mail: OutgoingMail, mark: str) -> Sending:
        """Return how this mail is sent; `mark` makes its Message-ID (RFC 5322, 3.6.4)."""

    def messages(self, person: ActingAs, query: MailQuery) -> Paged[Message]:
        """Return a page, the newest first, without bodies."""

    def message(self, person: ActingAs, message_id: str) -> Message:
        """Return one mail with its bodies; raise `ItemNotFoundError`."""


class Download(Protocol):
    """Bytes on their way; `close` ends it, whether all were read or not."""

    content_type: str
    total: int
    first: int
    last: int

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from `first` to `last`; raise if fewer come."""

    def close(self) -> None:
        """Give the connection back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSession:
    """An upload at the provider. Whoever knows the address may write there: it is a secret."""

    url: Secret
    next_offset: int


class Stream(Protocol):
    """A request's body: so many bytes, read in order."""

    def __len__(self) -> int:
        """Return how many bytes it has."""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, nothing at the end."""


class Files(Protocol):
    """Somebody's files; any of `write_scopes` lets them be stored."""

    write_scopes: tuple[str, ...]

    def files(self, person: ActingAs, query: FileQuery) -> Paged[File]:
        """Return a page of a folder, or of what a search finds."""

    def file(self, person: ActingAs, file_id: str) -> File:
        """Return one file without its bytes; raise `ItemNotFoundError`."""

    def download(self, person: ActingAs, file_id: str, wanted: ByteRange | None) -> Download:
        """Return its bytes, of at most this range; raise `RangeNotSatisfiableError`."""

    def upload(self, person: ActingAs, new: NewFile, content: bytes) -> File:
        """Store a small file; raise `ItemExistsError`."""

    def start_upload(self, person: ActingAs, new: NewFile) -> UploadSession:
        """Begin to store a large file; raise `ItemExistsError`."""

    def send_chunk(self, url: Secret, first: int, total: int, content: Stream) -> File | int:
        """Send the bytes from `first` on; return the file once it is whole, else the next offset."""

    def next_offset(self, url: Secret, total: int) -> File | int:
        """Return how far an upload is; raise `ItemNotFoundError` if it has ended or is gone."""


class Calendar(Protocol):
    """Somebody's own calendar; any of `write_scopes` lets events be made."""

    write_scopes: tuple[str, ...]

    def events(self, person: ActingAs, query: EventQuery) -> Paged[Event]:
        """Return a page of what happens between two times, in order, series as single events."""

    def event(self, person: ActingAs, event_id: str, time_zone: str) -> Event:
        """Return one event; raise `ItemNotFoundError`."""

    def making(self, person: ActingAs, new: NewEvent, mark: str) -> Sending:
        """Return how this event is made; the provider knows it by `mark`."""


class Chats(Protocol):
    """Somebody's chats and teams; Microsoft alone has them. The scopes let one write there."""

    chat_scopes: tuple[str, ...]
    channel_scopes: tuple[str, ...]

    def chats(self, person: ActingAs, cursor: str | None) -> Paged[Chat]:
        """Return a page of chats."""

    def teams(self, person: ActingAs, cursor: str | None) -> Paged[Team]:
        """Return a page of the teams that the person joined."""

    def channels(self, person: ActingAs, team_id: str, cursor: str | None) -> Paged[Channel]:
        """Return a page of a team's channels."""

    def sending(self, person: ActingAs, place: "Place", text: str) -> Sending:
        """Return how this is written there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A chat, or a channel of a team."""

    chat_id: str = ""
    team_id: str = ""
    channel_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What one provider has."""

    mail: Mail
    files: Files
    calendar: Calendar
    chats: Chats | None = None


class Passed(Protocol):
    """The provider's own answer, of its headers those that may be passed on; `close` ends it."""

    status: int
    headers: Mapping[str, str]

    def chunks(self) -> Iterator[bytes]:
        """Yield the body; raise `ProviderUnavailableError` if it is too large or too late."""

    def close(self) -> None:
        """Give the connection back."""


class PassThrough(Protocol):
    """Passing calls on to a provider's API."""

    def passed(self, person: ActingAs, call: ProxyCall) -> Passed:
        """
        Send it with the person's token and return what comes back, refusals too.

        Raise `ProviderThrottledError`, `ProviderRejectedError` where a fresh token is refused,
        `ProviderAnswerRefusedError` for what is no answer to pass on, `ProviderUnavailableError`, and
        `OutcomeUnknownError` where it may have been done and must not be done again.
        """
