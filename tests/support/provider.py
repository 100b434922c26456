"""A provider that plays by one of four rules and remembers every token that it ever gave."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from multi_user_oauth.errors import (
    GrantRefusedError,
    IdentityUnverifiedError,
    MultiUserOAuthError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
)
from multi_user_oauth.model import (
    ConnectorType,
    Identity,
    ProvedPerson,
    Secret,
    SignedIn,
    TokenSet,
)
from multi_user_oauth.ports import Clock, Departure, Exchange, RefreshCall, Trip

PROVIDER_CALL = timedelta(seconds=8)
ALWAYS = 10**9


class Mode(StrEnum):
    """What becomes of a refresh token that was used."""

    STATIC = "static"  # it stays, and no new one comes (Google)
    LAX = "lax"  # a new one comes, the old one stays good (Microsoft)
    SINGLE = "single"  # a new one comes, the old one is refused
    STRICT = "strict"  # as SINGLE, and using an old one ends the whole grant


@dataclass(slots=True)
class IssuedToken:
    """One refresh token, as the provider's own books have it."""

    value: str
    grant: int
    parent: str | None
    valid: bool = True
    calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One refresh request: which token, of which grant, when, and when none may follow it any more."""

    token: str
    grant: int
    began: datetime
    send_until: datetime
    claims: str | None = None


Work = Callable[[], TokenSet]


class ScriptedProvider:
    """
    Books, answers and faults of both providers.

    `refuses` are grants that it calls dead though they are good, for `stumbles_at` it has no answer.
    A refresh tries each of the application's `credentials`, which it knows for so many calls.
    Of one person's refresh tokens `most_of_a_person` are good, the newest ones.

    `arriving` is called once, before the next request is looked at; `answering` once, when it has been
    worked off and the answer is on its way. `script` holds what goes wrong with the next requests.
    """

    def __init__(self, now: Clock, mode: Mode) -> None:
        self.mode = mode
        self.lifetime = timedelta(hours=1)
        self.tokens: dict[str, IssuedToken] = {}
        self.owners: dict[int, Identity] = {}
        self.calls: list[Call] = []
        self.revoke_calls: list[str] = []
        self.trips: list[Trip] = []
        self.exchanged: list[str] = []
        self.script: deque[Callable[[Work], TokenSet]] = deque()
        self.arriving: Callable[[], object] | None = None
        self.answering: Callable[[], object] | None = None
        self.preparing: MultiUserOAuthError | None = None
        self.exchange_fails: MultiUserOAuthError | None = None
        self.down = False
        self.refuses: frozenset[int] = frozenset()
        self.stumbles_at: frozenset[int] = frozenset()
        self.knows_client_for = ALWAYS
        self.credentials, self.refused_clients, self.most_at_once = 1, 0, 0
        self.most_of_a_person: int | None = None
        self.too_close: list[tuple[Call, Call]] = []
        self._now = now
        self._in_flight: list[Call] = []
        self._codes_given = 0
        self._codes: dict[str, Callable[[], SignedIn]] = {}

    # -- what tests ask for ---------------------------------------------------------------------------

    def grant(
        self, identity: Identity, scopes: tuple[str, ...], *, refresh: bool = True
    ) -> TokenSet:
        """Begin a grant and return its first tokens."""
        number = len(self.owners) + 1
        self.owners[number] = identity
        first = self._issue(number, None) if refresh else None
        self._drop_the_oldest(identity)
        return self._token_set(number, first, scopes)

    def code(
        self,
        identity: Identity,
        emails: tuple[str, ...],
        scopes: tuple[str, ...],
        *,
        refresh: bool = True,
    ) -> str:
        """Return a code, good once, with which this person signs in."""
        self._codes_given += 1
        code = f"CODE|{identity}|{self._codes_given}"
        person = ProvedPerson(identity=identity, emails=emails)
        self._codes[code] = lambda: SignedIn(
            tokens=self.grant(identity, scopes, refresh=refresh), person=person
        )
        return code

    def fail(self, error: MultiUserOAuthError, *, times: int = 1) -> None:
        """Let the next requests come to nothing."""

        def fault(_work: Work) -> TokenSet:
            raise error

        self.script.extend([fault] * times)

    def lose_answer(self) -> None:
        """Work off the next request, and lose the answer."""

        def fault(work: Work) -> TokenSet:
            work()
            raise ProviderUnavailableError("scripted: the answer was lost")

        self.script.append(fault)

    def alter(self, **fields: object) -> None:
        """Answer the next request with these fields of the token set changed."""
        self.script.append(lambda work: replace(work(), **fields))  # type: ignore[arg-type]  # reason: any field

    def withdraw(self, identity: Identity) -> None:
        """End all grants of this person, as Google's revoke does, and as a person can there."""
        for token in self.tokens.values():
            if self.owners[token.grant] == identity:
                token.valid = False

    def is_good(self, refresh_token: Secret) -> bool:
        """Return whether this refresh token would be taken."""
        found = self.tokens.get(refresh_token.reveal())
        return found is not None and found.valid

    # -- the ports ------------------------------------------------------------------------------------

    def begin(self, connector_type: ConnectorType, trip: Trip) -> Departure:
        """As `Departures`."""
        self._prepare()
        self.trips.append(trip)
        url = f"https://provider.example/authorize?state={trip.state.reveal()}"
        return Departure(authorization_url=url, transaction={"nonce": f"n{len(self.trips)}"})

    def revoke(self, refresh_token: Secret) -> None:
        """As `Revoking`."""
        self._happen("arriving")
        if self.down:
            raise ProviderUnavailableError("scripted: down")
        self.revoke_calls.append(refresh_token.reveal())
        found = self.tokens.get(refresh_token.reveal())
        if found is not None:
            self.withdraw(self.owners[found.grant])
        self._happen("answering")

    def refresh(
        self,
        refresh_token: Secret,
        identity: Identity,
        *,
        send_until: datetime,
        claims: str | None = None,
    ) -> TokenSet:
        """As `RefreshCall`."""
        token = self.tokens[refresh_token.reveal()]
        call = Call(
            token=token.value,
            grant=token.grant,
            began=self._now(),
            send_until=send_until,
            claims=claims,
        )
        self._overlap(call)
        self.calls.append(call)
        self._in_flight.append(call)
        self.most_at_once = max(self.most_at_once, len(self._in_flight))
        token.calls += 1
        try:
            self._happen("arriving")
            answer = self._answer(token)
            self._happen("answering")
        finally:
            self._in_flight.remove(call)
        return answer

    def exchange(
        self, *, code: Secret, transaction: Mapping[str, str], user_email: str | None
    ) -> SignedIn:
        """As `Exchange`."""
        self.exchanged.append(code.reveal())
        self._happen("arriving")
        if self.exchange_fails is not None:
            raise self.exchange_fails
        signed_in = self._codes.pop(code.reveal(), None)
        if signed_in is None:
            raise IdentityUnverifiedError("scripted: no such code")
        answer = signed_in()
        self._happen("answering")
        return answer

    @property
    def refreshing(self) -> "_Refreshing":
        """The `Refreshing` of this provider."""
        return _Refreshing(self)

    @property
    def arrivals(self) -> "_Arrivals":
        """The `Arrivals` of this provider."""
        return _Arrivals(self)

    # -- its inside -----------------------------------------------------------------------------------

    def _answer(self, token: IssuedToken) -> TokenSet:
        if self.down or token.grant in self.stumbles_at:
            raise ProviderUnavailableError("scripted: down")
        if len(self.calls) > self.knows_client_for:
            self.refused_clients += self.credentials
            raise ProviderMisconfiguredError("scripted: invalid_client")
        if self.script:
            return self.script.popleft()(lambda: self._work_off(token))
        return self._work_off(token)

    def _work_off(self, token: IssuedToken) -> TokenSet:
        if token.grant in self.refuses:
            raise GrantRefusedError("scripted: invalid_grant", reason="sign_in_required")
        if not token.valid:
            if self.mode is Mode.STRICT:
                self._end(token.grant)
            raise GrantRefusedError("scripted: invalid_grant", reason="sign_in_required")
        if self.mode in {Mode.SINGLE, Mode.STRICT}:
            token.valid = False
        following = None if self.mode is Mode.STATIC else self._issue(token.grant, token.value)
        return self._token_set(token.grant, following, ())

    def _drop_the_oldest(self, identity: Identity) -> None:
        if self.most_of_a_person is not None:
            held = [it for it in self.tokens.values() if self.owners[it.grant] == identity]
            for token in held[: -self.most_of_a_person]:
                token.valid = False

    def _end(self, grant: int) -> None:
        for token in self.tokens.values():
            if token.grant == grant:
                token.valid = False

    def _issue(self, grant: int, parent: str | None) -> str:
        value = f"RT|{self.owners[grant]}|{grant}|{len(self.tokens) + 1}"
        self.tokens[value] = IssuedToken(value=value, grant=grant, parent=parent)
        return value

    def _token_set(self, grant: int, refresh: str | None, scopes: tuple[str, ...]) -> TokenSet:
        return TokenSet(
            access_token=Secret(f"AT|{self.owners[grant]}|{grant}|{len(self.calls)}"),
            expires_at=self._now() + self.lifetime,
            scopes=scopes,
            refresh_token=None if refresh is None else Secret(refresh),
        )

    def _overlap(self, call: Call) -> None:
        # A lease outlives a call by far: whoever asks meanwhile came long after.
        for other in self._in_flight:
            if other.grant == call.grant and call.began - other.began < PROVIDER_CALL:
                self.too_close.append((other, call))

    def _happen(self, name: str) -> None:
        hook: Callable[[], object] | None = getattr(self, name)
        setattr(self, name, None)
        if hook is not None:
            hook()

    def _prepare(self) -> None:
        if self.preparing is not None:
            raise self.preparing


class _Refreshing:
    def __init__(self, provider: ScriptedProvider) -> None:
        self._provider = provider

    def prepare(self, connector_type: ConnectorType) -> RefreshCall:
        """As the port."""
        self._provider._prepare()  # noqa: SLF001  # reason: one object in two roles
        return self._provider.refresh


class _Arrivals:
    def __init__(self, provider: ScriptedProvider) -> None:
        self._provider = provider

    def prepare(
        self, connector_type: ConnectorType, redirect_uri: str, *, issuer: str | None = None
    ) -> Exchange:
        """As the port."""
        self._provider._prepare()  # noqa: SLF001  # reason: one object in two roles
        return self._provider.exchange
