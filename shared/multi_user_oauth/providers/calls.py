"""One exchange and one refresh, the same at both providers: send, classify, read, prove."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from multi_user_oauth.errors import StateMismatchError
from multi_user_oauth.model import (
    ConnectorType,
    Identity,
    ProvedPerson,
    Provider,
    Secret,
    SignedIn,
    TokenSet,
)
from multi_user_oauth.ports import Clock
from multi_user_oauth.providers.answers import code_refused, refresh_refused
from multi_user_oauth.providers.claims import Proof, check_refreshed
from multi_user_oauth.providers.error_answer import RefusedError
from multi_user_oauth.providers.live_clients import LiveClients
from multi_user_oauth.providers.token_answer import id_token_of, token_set

Scopes = tuple[str, ...]
Transaction = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeExchange:
    """
    The port's `Exchange`: the clients are tried in turn, and the answer is proved before it is used.

    `spelled` writes scopes as the connector types do; `more_emails`, where there is one, asks the
    provider what else the person is called.
    """

    provider: Provider
    clients: LiveClients
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
            answer = self.clients.first_accepted(
                lambda client: client.exchange(code, self.redirect_uri, transaction)
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
    clients: LiveClients
    now: Clock
    spelled: Callable[[Scopes], Scopes]

    def __call__(
        self,
        refresh_token: Secret,
        identity: Identity,
        *,
        send_until: datetime,
        claims: str | None = None,
    ) -> TokenSet:
        """As the port; an answer that does not repeat the scopes has none: they are as they were."""
        sent_at = self.now()
        try:
            answer = self.clients.first_accepted(
                lambda client: client.refresh(refresh_token, claims),
                in_time=lambda: self.now() <= send_until,
            )
        except RefusedError as refused:
            raise refresh_refused(self.connector_type.provider, refused.answer) from None
        check_refreshed(
            answer.get("id_token"), connector_type=self.connector_type, identity=identity
        )
        tokens = token_set(answer, sent_at=sent_at)
        return replace(tokens, scopes=self.spelled(tokens.scopes))


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
