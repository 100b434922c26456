"""Taking in an older system's token: asked once, proved, stored whole or not at all."""

import logging
from dataclasses import dataclass

import pytest

from multi_user_oauth.errors import (
    AlreadyConnectedError,
    ConflictError,
    EmailMismatchError,
    GrantRefusedError,
    HeldByAnotherAccountError,
    IdentityUnverifiedError,
    KeysUnavailableError,
    MultiUserOAuthError,
    RequiredScopeMissingError,
    StoreUnavailableError,
    UnknownConnectorTypeError,
)
from multi_user_oauth.importing import ImportToken
from multi_user_oauth.model import (
    ConnectionKey,
    ConnectionStatus,
    ConnectorType,
    Identity,
    Person,
    ProvedPerson,
    Provider,
    Secret,
    SignedIn,
    System,
    TokenSet,
)
from multi_user_oauth.ports import Point, nothing
from multi_user_oauth.ports.importing import ImportCall
from tests.support.provider import Mode
from tests.support.world import (
    ADA,
    ADA_EMAIL,
    ADA_HERSELF,
    ADA_ID,
    BOB,
    BOB_ID,
    OPTIONAL,
    SCOPES,
    Killed,
    World,
    at,
    killed_at,
)
from tests.unit.core.modes import each_mode, keeping_old_tokens, spending_old_tokens

OPERATOR = System(name="operator")
BOB_HIMSELF = Person(identities=frozenset({BOB_ID}), email=ADA_EMAIL)


@dataclass(slots=True)
class Proving:
    """The port `Importing` at a scripted provider, which says that the owner is called so."""

    world: World
    emails: tuple[str, ...] = (ADA_EMAIL,)
    scopes: tuple[str, ...] = SCOPES + OPTIONAL

    def prepare(self, connector_type: ConnectorType) -> ImportCall:
        """As the port."""
        self.world.provider.refreshing.prepare(connector_type)
        return self._asked

    def _asked(self, refresh_token: Secret, *, user_email: str) -> SignedIn:
        provider = self.world.provider
        owner = provider.owners[provider.tokens[refresh_token.reveal()].grant]
        answer = provider.refresh(refresh_token, owner, send_until=self.world.clock())
        tokens = TokenSet(
            access_token=answer.access_token,
            expires_at=answer.expires_at,
            scopes=self.scopes,
            refresh_token=answer.refresh_token,
        )
        return SignedIn(tokens=tokens, person=ProvedPerson(identity=owner, emails=self.emails))


def old_token(world: World, identity: Identity = ADA_ID) -> Secret:
    """Let somebody have signed in to the older system."""
    given = world.provider.grant(identity, SCOPES).refresh_token
    assert given is not None
    return given


def take_in(
    world: World,
    refresh_token: Secret,
    key: ConnectionKey = ADA,
    *,
    replace: bool = False,
    point: Point = nothing,
    proving: Proving | None = None,
) -> None:
    """Take a token in, as another process."""
    importing = ImportToken(
        store=world.store,
        connector_types=world.kinds,
        providers=dict.fromkeys(Provider, proving or Proving(world)),
        connecting=world.connecting(),
        point=point,
    )
    importing.take_in(key, refresh_token, caller=OPERATOR, replace=replace)


def nobody(world: World) -> bool:
    """Return whether nothing at all is stored."""
    return not list(world.records()) and not world.peek().all_audit(after=None, limit=1)


@each_mode
def test_a_token_is_used_once_and_stored_with_all_that_belongs_to_it(world: World) -> None:
    """The answer's refresh token, or the old one where none came; whoever brought it is audited."""
    old = old_token(world)
    take_in(world, old)

    record = world.record()
    assert (record.status, record.identity, record.generation) == ("active", ADA_ID, 1)
    kept = world.credential(record).refresh_token
    assert (kept == old) == (world.mode is Mode.STATIC)
    assert world.provider.is_good(kept)
    assert len(world.provider.calls) == 1
    (made,) = world.peek().audit(ADA)
    assert (made.action, made.actor) == ("imported", "system:operator")
    assert [event.data["epoch"] for event in world.events] == [str(record.epoch)]
    world.expire()
    assert world.get().value


def test_who_is_connected_is_left_alone_unasked(world: World) -> None:
    """No key is wrapped, no provider asked."""
    before = world.connect()
    world.meter.reset()
    with pytest.raises(AlreadyConnectedError):
        take_in(world, old_token(world))
    assert (world.record(), world.provider.calls) == (before, [])
    assert world.meter.counts() == {"main.read": 1}


def test_who_had_the_email_before_is_not_told(world: World) -> None:
    """A person's history begins with the import too: what is before was somebody else's."""
    world.connect(ADA, BOB_ID)
    world.disconnect(ADA, BOB_HIMSELF)
    take_in(world, old_token(world))
    assert world.actions() == ["connected", "disconnected", "imported"]
    (mine,) = world.history().audit(ADA_HERSELF, ADA).records
    assert (mine.action, mine.previous) == ("imported", "")


def test_with_replace_it_is_as_connecting_again(world: World) -> None:
    """Higher epoch, next generation."""
    before = world.connect()
    world.clock.advance(1)
    take_in(world, old_token(world), replace=True)
    after = world.record()
    assert after.epoch > before.epoch
    assert after.generation == before.generation + 1
    assert world.actions() == ["connected", "imported_again"]


@pytest.mark.parametrize("replace", [False, True])
def test_who_waits_to_sign_in_is_well_again(world: World, replace: bool) -> None:
    """By the same person's token only."""
    world.connect()
    world.expire()
    world.provider.withdraw(ADA_ID)
    with pytest.raises(MultiUserOAuthError):
        world.refresh()
    with pytest.raises(HeldByAnotherAccountError):
        take_in(world, old_token(world, BOB_ID), replace=replace)
    assert world.record().status is ConnectionStatus.NEEDS_SIGN_IN

    take_in(world, old_token(world), replace=replace)

    assert world.record().status is ConnectionStatus.ACTIVE


def test_not_even_replace_takes_anothers_email_over(world: World) -> None:
    """An admin releases it first."""
    before = world.connect(ADA, BOB_ID)
    with pytest.raises(HeldByAnotherAccountError):
        take_in(world, old_token(world), replace=True)
    assert world.record() == before


def test_the_same_person_under_another_email_is_left_alone(world: World) -> None:
    """Unless the operator says otherwise: then the older connection ends in the same commit."""
    world.connect(BOB, ADA_ID)
    with pytest.raises(AlreadyConnectedError):
        take_in(world, old_token(world))
    assert world.record(BOB).status is ConnectionStatus.ACTIVE
    assert world.peek().read(ADA) is None

    take_in(world, old_token(world), replace=True)

    assert world.record(BOB).status is ConnectionStatus.REVOKED
    assert world.actions(BOB) == ["connected", "superseded"]


@pytest.mark.parametrize(
    ("emails", "scopes", "error"),
    [
        (("other@example.com",), SCOPES, EmailMismatchError),
        ((), SCOPES, IdentityUnverifiedError),
        ((ADA_EMAIL,), SCOPES[:1], RequiredScopeMissingError),
        ((ADA_EMAIL,), (), RequiredScopeMissingError),
    ],
    ids=["email", "no email", "scope", "no scope"],
)
def test_what_is_not_as_it_must_be_stores_nothing(
    world: World, emails: tuple[str, ...], scopes: tuple[str, ...], error: type[Exception]
) -> None:
    """After the answer, too."""
    with pytest.raises(error):
        take_in(world, old_token(world), proving=Proving(world, emails, scopes))
    assert nobody(world)
    assert world.events == []


def test_a_token_whose_scopes_nobody_consented_to(world: World) -> None:
    """Microsoft refuses it instead of giving less: told as what it is."""
    world.provider.fail(GrantRefusedError("scripted", reason="consent_required"))
    with pytest.raises(RequiredScopeMissingError):
        take_in(world, old_token(world))
    assert nobody(world)


def test_an_unknown_connector_type(world: World) -> None:
    """Before anything else."""
    with pytest.raises(UnknownConnectorTypeError):
        take_in(world, old_token(world), ConnectionKey("dropbox", ADA_EMAIL))
    assert world.provider.calls == []


def test_all_that_can_fail_fails_before_the_token_is_used(world: World) -> None:
    """The keys, the client secret, the database."""
    old = old_token(world)
    world.provider.preparing = KeysUnavailableError("scripted")
    with pytest.raises(KeysUnavailableError):
        take_in(world, old)
    world.provider.preparing = None
    world.store.fail_before("read")
    with pytest.raises(StoreUnavailableError):
        take_in(world, old)
    assert world.provider.calls == []
    assert nobody(world)
    take_in(world, old)


@each_mode
def test_a_commit_that_fails_for_a_while_is_tried_again(world: World) -> None:
    """The answer is in hand: nobody is asked a second time."""
    world.store.fail_before("commit", times=2)
    take_in(world, old_token(world))
    assert len(world.provider.calls) == 1
    assert world.actions() == ["imported"]


@each_mode
def test_a_commit_that_landed_unheard_counts_once(world: World) -> None:
    """What is read back says so."""
    world.store.fail_after("commit")
    take_in(world, old_token(world))
    assert world.actions() == ["imported"]
    assert len(world.events) == 1


def lost(world: World) -> list[str]:
    """Return of whom the log says that a token was exchanged and not stored."""
    return [
        vars(record)["connection"]
        for record in world.log
        if record.levelno == logging.ERROR and "not stored" in record.getMessage()
    ]


@keeping_old_tokens
def test_what_can_not_be_stored_is_taken_in_the_next_time(world: World) -> None:
    """At both providers a used token stays good: the old file is as good as before."""
    old = old_token(world)
    world.store.fail_before("commit", times=1 + len(world.limits.commit_waits))
    with pytest.raises(StoreUnavailableError):
        take_in(world, old)
    assert nobody(world)
    assert lost(world) == ([] if world.mode is Mode.STATIC else [str(ADA)])

    take_in(world, old)
    assert world.actions() == ["imported"]


@spending_old_tokens
def test_where_a_used_token_is_spent_the_log_says_whose_is_lost(world: World) -> None:
    """There is no connection yet that could adopt it: the person has to sign in."""
    old = old_token(world)
    world.store.fail_before("commit", times=1 + len(world.limits.commit_waits))
    with pytest.raises(StoreUnavailableError):
        take_in(world, old)
    assert lost(world) == [str(ADA)]
    with pytest.raises(GrantRefusedError):
        take_in(world, old)
    assert nobody(world)


def test_who_signs_in_meanwhile_is_not_overwritten(world: World) -> None:
    """Theirs is the newer grant."""
    with pytest.raises(ConflictError):
        take_in(world, old_token(world), point=at("answered", world.connect))
    assert world.actions() == ["connected"]


def test_who_disconnects_meanwhile_stays_disconnected(world: World) -> None:
    """With `replace`; the import was prepared for what is no more."""
    world.connect()
    world.clock.advance(1)
    with pytest.raises(ConflictError):
        take_in(world, old_token(world), replace=True, point=at("answered", world.disconnect))
    assert world.record().status is ConnectionStatus.REVOKED


@keeping_old_tokens
@pytest.mark.parametrize("place", ["prepared", "answered", "imported"])
def test_killed_anywhere_it_is_whole_or_absent(world: World, place: str) -> None:
    """And the next run finishes: it asks where nothing was stored, and nowhere else."""
    old = old_token(world)
    with pytest.raises(Killed):
        take_in(world, old, point=killed_at(place))
    assert nobody(world) == (place != "imported")
    if place == "imported":
        with pytest.raises(AlreadyConnectedError):
            take_in(world, old)
    else:
        take_in(world, old)
    assert world.actions() == ["imported"]
    assert len(world.provider.calls) == (2 if place == "answered" else 1)
