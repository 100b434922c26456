"""The use cases put together: real databases and envelopes, a scripted provider, time in our hand."""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from multi_user_oauth.backlog import FinishRevocations
from multi_user_oauth.breakers import Breakers
from multi_user_oauth.custody import AccessTokens, Credential, Credentials, NewGrants
from multi_user_oauth.delegating import Delegate
from multi_user_oauth.directory import ListConnections
from multi_user_oauth.finishing import FinishRevocation
from multi_user_oauth.history import History
from multi_user_oauth.keys.cache import DataKeyCache
from multi_user_oauth.keys.envelope import EnvelopeOpener, EnvelopeSealer
from multi_user_oauth.last_used import NoteUses
from multi_user_oauth.model import (
    AccessToken,
    Agent,
    AgentRule,
    Caller,
    Connection,
    ConnectionKey,
    ConnectorType,
    Identity,
    Kind,
    Limits,
    Person,
    Policy,
    ProvedPerson,
    Provider,
    Rescue,
    Secret,
    SignedIn,
)
from multi_user_oauth.ports import ConnectionReader, Finisher, Point, Refresher, Use, nothing
from multi_user_oauth.ports.events import Event
from multi_user_oauth.refresh import RefreshConnection
from multi_user_oauth.revocation import Disconnect, Disconnected
from multi_user_oauth.sign_in.connecting import Connecting
from multi_user_oauth.stores.meter import OperationMeter
from multi_user_oauth.stores.sqlite_rows import update_connection, update_revocation
from multi_user_oauth.token import GetAccessToken
from tests.support.clock import ManualClock
from tests.support.draw import CountingDraw
from tests.support.keys import FakeBox, FakeKey
from tests.support.provider import Mode, ScriptedProvider
from tests.support.stores import FaultyActivityStore, FaultyStore, activity_store, main_store

DEPLOYMENT = "6f6a5a1e-0000-4000-8000-000000000001"
SCOPES = ("openid", "mail.read")
OPTIONAL = ("calendar.read",)
ADA_EMAIL = "ada@example.com"
BOB_EMAIL = "bob@example.com"
ADA_ID = Identity.google("1001")
BOB_ID = Identity.google("1002")
CLEO_ID = Identity.microsoft(
    "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
)
ADA = ConnectionKey("google_workspace", ADA_EMAIL)
ADA_DRIVE = ConnectionKey("google_drive", ADA_EMAIL)
BOB = ConnectionKey("google_workspace", BOB_EMAIL)
CLEO = ConnectionKey("microsoft_teams", "cleo@example.com")
AGENT = Agent(name="agent@project.example")
ADA_HERSELF = Person(identities=frozenset({ADA_ID}), email=ADA_EMAIL)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """A `kill -9`: nothing of ours may catch it."""


def killed_at(name: str) -> Point:
    """Return a `Point` at which the process dies."""

    def point(reached: str) -> None:
        if reached == name:
            raise Killed

    return point


def at(name: str, hook: Callable[[], object]) -> Point:
    """Return a `Point` at which, the first time, something else happens."""
    pending = [hook]

    def point(reached: str) -> None:
        if reached == name and pending:
            pending.pop()()

    return point


def connector_types() -> dict[str, ConnectorType]:
    """Return two of Google's kind and one of Microsoft's."""

    def kind(name: str, provider: Provider) -> ConnectorType:
        return ConnectorType(
            name=name,
            provider=provider,
            title=name,
            client_id="client",
            client_secret_name="secret",
            required_scopes=SCOPES,
            optional_scopes=OPTIONAL,
            allowed_scopes=("files.read",),
            tenant_ids=(CLEO_ID.subject.partition(":")[0],),
            hosted_domains=("example.com",),
        )

    names = {
        "google_workspace": Provider.GOOGLE,
        "google_drive": Provider.GOOGLE,
        "microsoft_teams": Provider.MICROSOFT,
    }
    return {name: kind(name, provider) for name, provider in names.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A token that left, to whom and when."""

    key: ConnectionKey
    token: str
    identity: Identity
    at: datetime


@dataclass(slots=True, repr=False)
class World:
    """
    Everything, and what the checker must know: which tokens left, which grants were ended.

    `loss` says why a refresh token may be gone: only a strict provider's rule is a reason.
    `refused` says that the provider was scripted to refuse a token that is good.
    """

    path: Path
    mode: Mode = Mode.LAX
    clock: ManualClock = field(default_factory=ManualClock)
    draw: CountingDraw = field(default_factory=CountingDraw)
    meter: OperationMeter = field(default_factory=OperationMeter)
    limits: Limits = field(default_factory=Limits)
    kinds: dict[str, ConnectorType] = field(default_factory=connector_types)
    box: FakeBox = field(default_factory=FakeBox)
    uses: list[Use] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    released: list[Release] = field(default_factory=list)
    ended: dict[int, datetime] = field(default_factory=dict)
    log: list[logging.LogRecord] = field(default_factory=list)
    loss: str = ""
    refused: str = ""
    provider: ScriptedProvider = field(init=False)
    store: FaultyStore = field(init=False)
    activity: FaultyActivityStore = field(init=False)
    keys: Mapping[Kind, FakeKey] = field(init=False)
    policy: Policy = field(init=False)
    sealers: Mapping[Kind, EnvelopeSealer] = field(init=False)

    def __post_init__(self) -> None:
        """Open the databases and listen to the log."""
        self.provider = ScriptedProvider(self.clock, self.mode)
        self.store = FaultyStore(main_store(self.path, self.clock, self.meter))
        self.activity = FaultyActivityStore(activity_store(self.path, self.clock, self.meter))
        self.keys = {kind: FakeKey(kind, draw=self.draw, meter=self.meter) for kind in Kind}
        self.sealers = {kind: EnvelopeSealer(self.keys[kind], self.draw) for kind in Kind}
        everything = frozenset(self.kinds)
        rule = AgentRule(
            name=AGENT.name, connector_types=everything, users=frozenset({"*@example.com"})
        )
        self.policy = Policy(agents={AGENT.name: rule})

    # -- the use cases: each call is another process --------------------------------------------------

    def opener(self, kind: Kind) -> EnvelopeOpener:
        """Return an opener with a cold cache."""
        return EnvelopeOpener(self.keys[kind], DataKeyCache(now=self.clock))

    def refresher(
        self, point: Point = nothing, *, breakers: Breakers | None = None
    ) -> RefreshConnection:
        """Return another worker; with another's breakers it is of the same process."""
        return RefreshConnection(
            store=self.store,
            rescues=self.store,
            connector_types=self.kinds,
            providers=dict.fromkeys(Provider, self.provider.refreshing),
            credentials=Credentials(
                deployment=DEPLOYMENT,
                access_opener=self.opener(Kind.ACCESS),
                access_sealer=self.sealers[Kind.ACCESS],
                refresh_opener=self.opener(Kind.REFRESH),
                refresh_sealer=self.sealers[Kind.REFRESH],
            ),
            breakers=breakers or self.breakers(),
            suspects=self.activity,
            now=self.clock,
            sleep=self.clock.sleep,
            draw=self.draw,
            limits=self.limits,
            point=point,
        )

    def breakers(self) -> Breakers:
        """Return another process's breakers."""
        return Breakers(store=self.activity, now=self.clock, publish=self.events.append)

    def tokens(
        self,
        refresher: Refresher | None = None,
        *,
        uses: Callable[[Use], None] | None = None,
        connections: ConnectionReader | None = None,
    ) -> GetAccessToken:
        """Return what agents ask."""
        return GetAccessToken(
            connections=connections or self.store,
            access_tokens=AccessTokens(deployment=DEPLOYMENT, opener=self.opener(Kind.ACCESS)),
            refresher=refresher or self.refresher(),
            policy=lambda: self.policy,
            uses=uses or self.uses.append,
            notes=NoteUses(usage=self.activity, now=self.clock),
            now=self.clock,
            sleep=self.clock.sleep,
            draw=self.draw,
            limits=self.limits,
        )

    def connecting(self) -> Connecting:
        """Return what the callbacks store connections with."""
        return Connecting(
            store=self.store,
            revocations=self.store,
            grants=NewGrants(
                deployment=DEPLOYMENT,
                access_sealer=self.sealers[Kind.ACCESS],
                refresh_sealer=self.sealers[Kind.REFRESH],
            ),
            now=self.clock,
            sleep=self.clock.sleep,
            draw=self.draw,
            limits=self.limits,
            publish=self.events.append,
        )

    def finisher(self, point: Point = nothing) -> FinishRevocation:
        """Return what tells the provider."""
        return FinishRevocation(
            revocations=self.store,
            connections=self.store,
            opener=self.opener(Kind.REFRESH),
            providers={Provider.GOOGLE: self.provider},
            deployment=DEPLOYMENT,
            now=self.clock,
            draw=self.draw,
            limits=self.limits,
            point=point,
        )

    def finishing(self, point: Point = nothing) -> FinishRevocations:
        """Return what works off all that is pending."""
        return FinishRevocations(finisher=self.finisher(point), waiting=self.store, now=self.clock)

    def disconnecting(self, finisher: Finisher | None = None) -> Disconnect:
        """Return what ends a connection."""
        return Disconnect(
            store=self.store,
            ledger=self.activity,
            finisher=finisher or self.finisher(),
            revocable=frozenset({Provider.GOOGLE}),
            policy=lambda: self.policy,
            now=self.clock,
            sleep=self.clock.sleep,
            draw=self.draw,
            limits=self.limits,
            publish=self.events.append,
        )

    def delegating(self) -> Delegate:
        """Return what persons say who may with."""
        return Delegate(
            store=self.store,
            policy=lambda: self.policy,
            now=self.clock,
            sleep=self.clock.sleep,
            draw=self.draw,
            limits=self.limits,
        )

    def history(self) -> History:
        """Return what tells what happened."""
        return History(
            connections=self.store,
            audit=self.store,
            usage=self.activity,
            policy=lambda: self.policy,
            now=self.clock,
        )

    def directory(self) -> ListConnections:
        """Return the list."""
        return ListConnections(
            directory=self.store,
            ending=self.store,
            connections=self.store,
            policy=lambda: self.policy,
            now=self.clock,
        )

    # -- what happens ---------------------------------------------------------------------------------

    def connect(
        self,
        key: ConnectionKey = ADA,
        identity: Identity = ADA_ID,
        scopes: tuple[str, ...] = SCOPES + OPTIONAL,
    ) -> Connection:
        """Let a person connect; return the record."""
        connecting = self.connecting()
        place = connecting.prepare(key)
        tokens = self.provider.grant(identity, scopes)
        assert tokens.refresh_token is not None
        person = ProvedPerson(identity=identity, emails=(key.user_email,))
        connecting.connect(
            place,
            SignedIn(tokens=tokens, person=person),
            tokens.refresh_token,
            self.kinds[key.connector_type].missing(scopes),
        )
        return self.record(key)

    def expire(self) -> None:
        """Let every access token run out."""
        self.clock.advance(2 * HOUR.total_seconds())

    def refresh(self, key: ConnectionKey = ADA, point: Point = nothing) -> None:
        """Refresh as another worker."""
        self.refresher(point).refresh(key, min_ttl=MINUTE)

    def get(
        self,
        caller: Caller = AGENT,
        key: ConnectionKey = ADA,
        *,
        min_ttl: timedelta | None = None,
        scopes: tuple[str, ...] = (),
    ) -> AccessToken:
        """Ask for a token, and remember that it left."""
        token = self.tokens().get(caller, key, min_ttl=min_ttl, scopes=scopes)
        self.released.append(
            Release(
                key=key,
                token=token.value.reveal(),
                identity=self.record(key).identity,
                at=self.clock(),
            )
        )
        return token

    def disconnect(
        self, key: ConnectionKey = ADA, caller: Caller = ADA_HERSELF, **given: Finisher
    ) -> Disconnected:
        """End a connection, and remember which grant that was."""
        grant = self.grant_of(self.refresh_token(key))
        answer = self.disconnecting(**given).disconnect(caller, key)
        self.ended[grant] = self.clock()
        return answer

    def paste(self, key: ConnectionKey, **fields: object) -> None:
        """Overwrite fields of the stored document, as somebody who can write the database could."""
        with closing(sqlite3.connect(self.path / "main.sqlite3", isolation_level=None)) as database:
            query = "SELECT version FROM connections WHERE id = ?"
            (version,) = database.execute(query, (key.document_id,)).fetchone()
            update_connection(database, key.document_id, version, fields)

    def paste_revocation(self, key: ConnectionKey, epoch: int, **fields: object) -> None:
        """Overwrite fields of a stored revocation."""
        found = self.peek().revocation(key, epoch)
        assert found is not None
        with closing(sqlite3.connect(self.path / "main.sqlite3", isolation_level=None)) as database:
            update_revocation(database, found, fields)

    # -- what stands ----------------------------------------------------------------------------------

    def peek(self) -> FaultyStore:
        """Return a view of the database that counts nothing and has no faults."""
        return FaultyStore(main_store(self.path, self.clock))

    def record(self, key: ConnectionKey = ADA) -> Connection:
        """Return the record as it stands."""
        snapshot = self.peek().read(key)
        assert snapshot is not None
        return snapshot.connection

    def records(self) -> Iterator[Connection]:
        """Give every record as it stands."""
        view, after = self.peek(), None
        while True:
            page = view.page(connector_type=None, status=None, after=after, limit=1000)
            yield from page.connections
            after = page.next_after
            if after is None:
                return

    def actions(self, key: ConnectionKey = ADA) -> list[str]:
        """Return what the audit says was done, in order."""
        return [record.action for record in self.peek().audit(key)]

    def credential(self, connection: Connection) -> Credential:
        """Open both values of a record, or of a rescue's."""
        meterless = {
            kind: EnvelopeOpener(
                FakeKey(kind, draw=self.draw, meter=OperationMeter()), DataKeyCache(now=self.clock)
            )
            for kind in Kind
        }
        return Credentials(
            deployment=DEPLOYMENT,
            access_opener=meterless[Kind.ACCESS],
            access_sealer=self.sealers[Kind.ACCESS],
            refresh_opener=meterless[Kind.REFRESH],
            refresh_sealer=self.sealers[Kind.REFRESH],
        ).open(connection)

    def refresh_token(self, key: ConnectionKey = ADA) -> Secret:
        """Return the stored refresh token, open."""
        return self.credential(self.record(key)).refresh_token

    def rescue(self, key: ConnectionKey = ADA) -> Rescue | None:
        """Return what is kept for the generation that stands."""
        connection = self.record(key)
        return self.peek().rescued(key, connection.epoch, connection.generation)

    def grant_of(self, refresh_token: Secret) -> int:
        """Return which of the provider's grants this token is of."""
        return self.provider.tokens[refresh_token.reveal()].grant


@contextmanager
def listening(world: World, level: int) -> Iterator[None]:
    """Keep what the package logs, for the checker."""

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            world.log.append(record)

    ours = logging.getLogger("multi_user_oauth")
    handler, before = Keeping(), ours.level
    ours.addHandler(handler)
    ours.setLevel(level)
    try:
        yield
    finally:
        ours.removeHandler(handler)
        ours.setLevel(before)
