"""The sandbox's values: what it is told at the start, and what it remembers of each sign-in."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from .company import ACCOUNTS, Account

Clock = Callable[[], datetime]
"""The time, aware of UTC."""
Sleep = Callable[[float], None]
Draw = Callable[[int], bytes]
"""So many random bytes."""

ProviderName = Literal["microsoft", "google"]
RefreshMode = Literal["lax", "static", "single", "strict"]

DROP = "multi_user_oauth.sandbox.drop"
"""In the WSGI environment: end the connection without an answer."""
DELAYS = "multi_user_oauth.sandbox.delays"
"""In the WSGI environment: a list, if the caller wants to know how many seconds faults waited."""

DAY = 86_400.0
REFRESH_TOKEN_LIFE = 90 * DAY
CODE_LIFE = 600.0


def digest(value: str) -> str:
    """Give the hexadecimal SHA-256 under which a token is kept: never the token itself."""
    return hashlib.sha256(value.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One application as it is registered at a provider."""

    client_id: str
    client_secrets: Sequence[str]
    redirect_uris: Sequence[str]
    name: str = "Multi-User OAuth"
    expired_secrets: Sequence[str] = ()
    certificates: Sequence[str] = ()
    """Microsoft: PEM, to check what the application signs in place of sending a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """All that a sandbox is told when it starts; a provider without registration knows no app."""

    microsoft: Registration | None = None
    google: Registration | None = None
    state_file: Path | None = None
    accounts: Sequence[Account] = ACCOUNTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one provider behaves until told otherwise."""

    refresh_mode: RefreshMode
    """lax: new token, the old one lives. static: no new one. single: the old one is refused.
    strict: using an old one again kills the whole grant."""
    expires_in: int = 3599
    refresh_token_life: float = REFRESH_TOKEN_LIFE
    lenient_tenant: bool = False
    """Microsoft: also sign in accounts that the authority's tenant would refuse."""
    second_factor: bool = True
    """Microsoft: whether people can prove an authentication context that is asked for."""
    claims_need_person: bool = False
    """Microsoft: refuse a refresh that brings a claims challenge: only the person can meet it."""
    full_scope_names: bool = False
    """Microsoft: answer `https://graph.microsoft.com/User.Read` where `User.Read` was asked."""
    send_iss: bool = False
    """Google: send `iss` in the authorization response (RFC 9207)."""
    refresh_token_expires_in: int | None = None
    """Google: name this end of the grant in answers, as with access that is limited in time."""


DEFAULT_SETTINGS = {
    "microsoft": Settings(refresh_mode="lax"),
    "google": Settings(refresh_mode="static"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One access or refresh token; Authlib asks it the question at the end."""

    digest: str
    kind: Literal["access", "refresh"]
    grant: str
    """Everything that came out of one sign-in shares it."""
    provider: ProviderName
    client_id: str
    account: str
    tenant: str
    scope: str
    issued_at: float
    expires_at: float
    parent: str | None = None
    """Digest of the refresh token that was traded for this one."""
    refused: str = ""
    """Why it is dead: rotated, revoked, replayed; empty while it lives."""
    uses: int = 0

    def check_client(self, client: Any) -> bool:  # noqa: ANN401  # reason: Authlib's untyped client
        """Tell whether `client` is the one the token was issued to."""
        return bool(client.client_id == self.client_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One authorization code; Authlib's PKCE check reads the challenge."""

    digest: str
    grant: str
    provider: ProviderName
    client_id: str
    account: str
    tenant: str
    scope: str
    redirect_uri: str
    nonce: str | None
    claims: str
    """The request's `claims` parameter (OpenID Connect Core, 5.5), as it was sent."""
    code_challenge: str
    code_challenge_method: str
    offline: bool
    """Whether a refresh token comes with the access token."""
    expires_at: float
    used: bool = False

    def get_redirect_uri(self) -> str:
        """Give the redirect URI of the authorization request."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Give the granted scopes, separated by spaces."""
        return self.scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file in a mail; its bytes lie in the office's blobs, under `digest`."""

    id: str
    name: str
    content_type: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail somebody sent through the sandbox."""

    id: str
    """In the mailbox of who sent it, at `provider`; others know their copies by other ids."""
    provider: ProviderName
    sender: str
    recipients: tuple[str, ...]
    """Who is named in To."""
    subject: str
    body: str
    """As plain text, also of a mail in HTML."""
    sent_at: float
    message_id: str = ""
    """RFC 5322's Message-ID, with its angle brackets."""
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    thread: str = ""
    """The id of the mail that began the conversation; empty for that mail itself."""
    kept: bool = True
    """Whether the sender has a copy among the sent mails."""

    @property
    def everybody(self) -> tuple[str, ...]:
        """Give all whom it is sent to."""
        return self.recipients + self.cc + self.bcc
