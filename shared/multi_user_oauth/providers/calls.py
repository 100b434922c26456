"""One exchange and one refresh, the same at both providers: send, classify, read, prove."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from multi_user_oauth.errors import ConfigurationError, StateMismatchError
from multi_user_oauth.model import (
    ConnectorType,
    Identity,
    ProvedPerson,
    Provider,
    Secret,
    SignedIn,
    TokenSet,
)
from multi_user_oauth.ports import ClientSecrets, Clock
from multi_user_oauth.providers.answers import code_refused, refresh_refused
from multi_user_oauth.providers.claims import Proof, check_refreshed
from multi_user_oauth.providers.error_answer import RefusedError
from multi_user_oauth.providers.http_answer import Json
from multi_user_oauth.providers.token_answer import id_token_of, token_set

T = TypeVar("T")
Scopes = tuple[str, ...]
Transaction = Mapping[str, str]


class Client(Protocol):
    """A provider's library with one client secret, ready for one send; raises `RefusedError`."""

    def exchange(self, code: Secret, redirect_uri: str, transaction: Transaction) -> Json:
        """Return the answer to the code."""

    def refresh(self, refresh_token: Secret) -> Json:
        """Return the answer to the refresh token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeExchange:
    """
    The port's `Exchange`: the clients are tried in turn, and the answer is proved before it is used.

    `spelled` writes scopes as the connector types do; `more_emails`, where there is one, asks the
    provider what else the person is called.
    """

    provider: Provider
    clients: Sequence[Client]
    redirect_uri: str
    now: Clock
    spelled: Callable[[Scopes], Scopes]
    prove: Callable[[Proof], ProvedPerson]
    more_emails: Callable[[Secret, ProvedPerson], Scopes] | None = None

    def __call__(
        self, *, code: Secret, transaction: Transaction, user_email: str | None
    ) -> SignedIn:
        """As the port; whether a refresh token had to come is the asker's to judge."""
        carried(transaction, "nonce", "code_verifier", "scope")
        sent_at = self.now()
        try:
            answer = first_accepted(
                self.clients, lambda client: client.exchange(code, self.redirect_uri, transaction)
            )
        except RefusedError as refused:
            raise code_refused(self.provider, refused.answer) from None
        tokens = token_set(answer, sent_at=sent_at, asked=tuple(transaction["scope"].split()))
        proof = Proof(
            unverified_id_token=id_token_of(answer), nonce=transaction["nonce"], now=self.now()
        )
        person = self.prove(proof)
        if self.more_emails and user_email is not None and user_email not in person.emails:
            person = replace(person, emails=self.more_emails(tokens.access_token, person))
        return SignedIn(tokens=replace(tokens, scopes=self.spelled(tokens.scopes)), person=person)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefresh:
    """The port's `RefreshCall`."""

    connector_type: ConnectorType
    clients: Sequence[Client]
    now: Clock
    spelled: Callable[[Scopes], Scopes]

    def __call__(self, refresh_token: Secret, identity: Identity) -> TokenSet:
        """As the port; an answer that does not repeat the scopes has none: they are as they were."""
        sent_at = self.now()
        try:
            answer = first_accepted(self.clients, lambda client: client.refresh(refresh_token))
        except RefusedError as refused:
            raise refresh_refused(self.connector_type.provider, refused.answer) from None
        check_refreshed(
            answer.get("id_token"), connector_type=self.connector_type, identity=identity
        )
        tokens = token_set(answer, sent_at=sent_at)
        return replace(tokens, scopes=self.spelled(tokens.scopes))


def first_accepted(clients: Sequence[Client], attempt: Callable[[Client], T]) -> T:
    """
    Return what the first client gets, trying the next one only after `invalid_client`.

    While a client secret is replaced both live. The client is refused before the code or refresh token
    is looked at (RFC 6749, 5.2), so neither is used up, and each client sends once. Raise what the
    last one raises.
    """
    *newer, oldest = clients
    for client in newer:
        try:
            return attempt(client)
        except RefusedError as refused:
            if refused.answer.error != "invalid_client":
                raise
    return attempt(oldest)


def live(client_secrets: ClientSecrets | None, connector_type: ConnectorType) -> tuple[Secret, ...]:
    """Return the application's credentials, newest first; raise `KeysUnavailableError`."""
    if client_secrets is None:
        raise ConfigurationError("this function has no client secrets: it can only begin trips")
    return client_secrets.get(connector_type.client_secret_name)


def transaction_of(*, nonce: str, code_verifier: str, scopes: Scopes) -> dict[str, str]:
    """Return what a departure carries to its arrival."""
    return {
        "nonce": nonce,
        "code_verifier": code_verifier,
        "scope": " ".join(scopes),
    }


def carried(transaction: Transaction, *names: str) -> None:
    """Check that a departure carried all this; raise `StateMismatchError`."""
    missing = [name for name in names if name not in transaction]
    if missing:
        message = f"the flow was not begun here: it has no {missing[0]}"
        raise StateMismatchError(message)
