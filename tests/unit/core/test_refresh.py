"""One worker refreshes one connection: what each of the provider's answers comes to."""

from dataclasses import replace
from datetime import timedelta

import pytest

from multi_user_oauth.errors import (
    GrantRefusedError,
    KeysUnavailableError,
    MultiUserOAuthError,
    NeedsSignInError,
    NotConnectedError,
    ProviderMisconfiguredError,
    ProviderUnavailableError,
    RetryableError,
)
from multi_user_oauth.model import Connection, ConnectionStatus, Kind, Limits
from multi_user_oauth.refreshing import next_failure
from tests.support.provider import Mode
from tests.support.world import ADA, BOB, BOB_ID, HOUR, MINUTE, OPTIONAL, SCOPES, World
from tests.unit.core.modes import each_mode

TRANSIENT: list[type[RetryableError]] = [ProviderUnavailableError, ProviderMisconfiguredError]


@pytest.fixture
def stale(world: World) -> Connection:
    """Ada's connection; its access token has run out."""
    world.connect()
    world.expire()
    return world.record()


@each_mode
def test_an_expired_token_is_renewed(world: World, stale: Connection) -> None:
    """One call brings a new access token, raises the generation by one and leaves one record."""
    world.refresh()

    after = world.record()
    assert after.status is ConnectionStatus.ACTIVE
    assert (after.epoch, after.generation) == (stale.epoch, stale.generation + 1)
    assert after.access_token_expires_at == world.clock() + world.provider.lifetime
    assert after.refreshed_at == world.clock()
    assert after.refresh_due_at == Limits().refresh_due_at(
        expires_at=after.access_token_expires_at, at=world.clock(), spread=ADA.spread
    )
    assert (after.lease, after.failure) == (None, None)
    assert len(world.provider.calls) == 1
    assert world.actions() == ["connected", "refreshed"]


def test_a_token_that_serves_is_left_alone(world: World) -> None:
    """A token that lives long enough is not renewed, whoever asks."""
    world.connect()

    world.refresh()

    assert world.provider.calls == []
    assert world.actions() == ["connected"]


def test_a_token_that_lives_exactly_as_long_as_wished_serves(world: World) -> None:
    """The wish is a minimum: to the microsecond."""
    world.connect()
    world.clock.advance(HOUR.total_seconds() - 60)
    world.refresh()
    assert world.provider.calls == []

    world.clock.advance(0.000001)
    world.refresh()
    assert len(world.provider.calls) == 1


def test_unknown_and_disconnected_are_alike(world: World) -> None:
    """A connection that never was and one that was ended are refused the same way, with no call."""
    with pytest.raises(NotConnectedError) as unknown:
        world.refresh()
    world.connect()
    world.disconnect()
    with pytest.raises(NotConnectedError) as ended:
        world.refresh()

    assert str(unknown.value) == str(ended.value)
    assert world.provider.calls == []


@each_mode
def test_the_answers_refresh_token_is_kept(world: World, stale: Connection) -> None:
    """N83, N84: A new one replaces the old; where none came the old one stays, sealed anew."""
    before = world.refresh_token()

    world.refresh()

    assert (world.refresh_token() == before) is (world.mode is Mode.STATIC)
    assert world.record().sealed_refresh != stale.sealed_refresh
    assert world.provider.is_good(world.refresh_token())


def test_an_older_generations_values_open_no_more(world: World, stale: Connection) -> None:
    """N84: The old ciphertext, pasted over the new one, is refused, though the token in it is good."""
    world.refresh()
    now = world.record()

    for pasted in (
        {"sealed_refresh": stale.sealed_refresh},
        {"sealed_access": stale.sealed_access},
    ):
        with pytest.raises(MultiUserOAuthError) as refused:
            world.credential(replace(now, **pasted))  # type: ignore[arg-type]  # reason: one of two fields
        assert refused.value.code == "tampered"


@pytest.mark.parametrize("error", TRANSIENT)
def test_a_failure_that_is_not_the_persons_disconnects_nobody(
    world: World, stale: Connection, error: type[RetryableError]
) -> None:
    """N74: Fifty outages, or refusals of the application, leave status and refresh token as they were."""
    for _ in range(50):
        world.provider.fail(error("scripted", retry_after=2))
        with pytest.raises(error):
            world.refresh()
        after = world.record()
        assert after.status is ConnectionStatus.ACTIVE
        assert after.sealed_refresh == stale.sealed_refresh
        assert after.lease is None
        assert after.failure is not None
        world.clock.advance((after.failure.next_try_at - world.clock()).total_seconds())

    assert world.actions() == ["connected"]
    world.refresh()
    assert world.record().failure is None


@pytest.mark.usefixtures("stale")
def test_retry_after_is_respected(world: World) -> None:
    """Until the provider's own time has passed it is not asked again; callers learn how long that is."""
    world.provider.fail(ProviderUnavailableError("scripted", retry_after=120))
    with pytest.raises(ProviderUnavailableError) as failed:
        world.refresh()
    assert failed.value.retry_after == 120

    world.clock.advance(119)
    with pytest.raises(ProviderUnavailableError) as waiting:
        world.refresh()
    assert 1 <= waiting.value.retry_after <= 2
    assert len(world.provider.calls) == 1

    world.clock.advance(1)
    world.refresh()
    assert len(world.provider.calls) == 2


@pytest.mark.parametrize(("drawn", "share"), [(b"\0\0", 1.0), (b"\x80\0", 0.75)])
def test_waits_double_up_to_a_bound(stale: Connection, drawn: bytes, share: float) -> None:
    """1, 2, 4 ... seconds, at most five minutes, however long it lasts; by chance up to a half less."""
    limits, used, waits = Limits(), stale, []
    for _ in range(40):
        failure = next_failure(
            used,
            ProviderUnavailableError("scripted", retry_after=0),
            limits,
            stale.connected_at,
            lambda number: drawn[:number],
        )
        waits.append((failure.next_try_at - stale.connected_at).total_seconds())
        used = replace(used, failure=failure)

    assert waits[:10] == [share * wait for wait in (1, 2, 4, 8, 16, 32, 64, 128, 256, 300)]
    assert set(waits[10:]) == {share * 300}
    assert used.failure is not None
    assert used.failure.count == 40
    assert used.failure.code == "provider_unavailable"


@pytest.mark.usefixtures("stale")
def test_an_outage_of_a_day_costs_few_calls_and_nobody(world: World) -> None:
    """N75: A caller every ten seconds for a day: a call every five minutes, or half of it."""
    world.provider.down = True
    for _ in range(24 * 360):
        world.clock.advance(10)
        with pytest.raises(ProviderUnavailableError):
            world.refresh()
    assert len(world.provider.calls) <= 24 * 24 + 10

    world.provider.down = False
    world.clock.advance(300)
    world.refresh()
    assert world.record().status is ConnectionStatus.ACTIVE


@each_mode
def test_invalid_grant_asks_for_the_person_once(world: World, stale: Connection) -> None:
    """N90: One record, one status; whoever asks later is told so and the provider is left in peace."""
    world.provider.withdraw(stale.identity)
    with pytest.raises(NeedsSignInError) as refused:
        world.refresh()
    assert refused.value.reason == "sign_in_required"

    for _ in range(3):
        world.expire()
        with pytest.raises(NeedsSignInError) as later:
            world.refresh()
        assert later.value.reason == "sign_in_required"

    after = world.record()
    assert (after.status, after.reason) == (ConnectionStatus.NEEDS_SIGN_IN, "sign_in_required")
    assert after.sealed_refresh == stale.sealed_refresh
    assert after.lease is None
    assert len(world.provider.calls) == 1
    assert world.actions() == ["connected", "needs_sign_in"]
    assert world.peek().audit(ADA)[-1].reason == "sign_in_required"


@pytest.mark.usefixtures("stale")
def test_the_providers_reason_is_kept(world: World) -> None:
    """Why the person must come back is said to whoever asks, and in the audit."""
    world.refused = "a session control of the organisation"
    world.provider.fail(GrantRefusedError("scripted", reason="reauthentication_required"))

    with pytest.raises(NeedsSignInError) as refused:
        world.refresh()

    assert refused.value.reason == "reauthentication_required"
    assert world.record().reason == "reauthentication_required"


@pytest.mark.parametrize("kind", list(Kind))
def test_without_keys_the_provider_is_not_asked(
    world: World, stale: Connection, kind: Kind
) -> None:
    """F09: keys down: no call, no change, the lease given back; with keys again all is well."""
    world.keys[kind].down = True
    with pytest.raises(KeysUnavailableError):
        world.refresh()
    assert world.provider.calls == []
    assert world.record() == stale

    world.keys[kind].down = False
    world.refresh()
    assert world.actions() == ["connected", "refreshed"]


@pytest.mark.usefixtures("stale")
def test_keys_that_fail_after_the_answer_do_not_matter(world: World) -> None:
    """F10: everything to seal the answer with is at hand before the call: the keys are not asked."""

    def keys_fail() -> None:
        for key in world.keys.values():
            key.down = True
        world.meter.reset()

    world.provider.answering = keys_fail
    world.refresh()

    assert world.meter.counts().get("kms", 0) == 0
    assert world.actions() == ["connected", "refreshed"]


def test_what_can_not_be_prepared_costs_no_token(world: World, stale: Connection) -> None:
    """Discovery or the client secret missing: no call, no change, the lease given back."""
    world.provider.preparing = ProviderUnavailableError("scripted: discovery")
    with pytest.raises(ProviderUnavailableError):
        world.refresh()

    assert world.provider.calls == []
    assert world.record() == stale


@pytest.mark.usefixtures("stale")
def test_a_failed_preparation_forgets_no_earlier_failure(world: World) -> None:
    """The waits go on doubling from where they were."""
    world.provider.down = True
    with pytest.raises(ProviderUnavailableError):
        world.refresh()
    failure = world.record().failure
    world.clock.advance(60)
    world.keys[Kind.REFRESH].down = True

    with pytest.raises(KeysUnavailableError):
        world.refresh()

    assert failure is not None
    assert world.record().failure == failure


def test_a_connector_type_that_is_gone_is_our_fault(world: World, stale: Connection) -> None:
    """It is taken out of the configuration: nobody is disconnected by that."""
    gone = world.kinds.pop(ADA.connector_type)
    with pytest.raises(ProviderMisconfiguredError):
        world.refresh()
    assert world.record() == stale

    world.kinds[ADA.connector_type] = gone
    world.refresh()


@pytest.mark.parametrize("field", ["sealed_access", "sealed_refresh"])
def test_a_value_of_another_record_is_never_sent(
    world: World, stale: Connection, field: str
) -> None:
    """Bob's sealed value in Ada's record: refused before any call, and the status is as it was."""
    other = world.connect(BOB, BOB_ID)
    world.paste(ADA, **{field: getattr(other, field)})

    with pytest.raises(MultiUserOAuthError) as refused:
        world.refresh()

    assert refused.value.code == "tampered"
    assert world.provider.calls == []
    assert world.record().status is ConnectionStatus.ACTIVE
    assert world.record().lease is None
    world.paste(ADA, **{field: getattr(stale, field)})


@pytest.mark.parametrize("field", ["sealed_access", "sealed_refresh"])
def test_a_missing_value_is_never_worked_around(
    world: World, stale: Connection, field: str
) -> None:
    """A live record without one of its values was altered by somebody."""
    world.paste(ADA, **{field: None})

    with pytest.raises(MultiUserOAuthError) as refused:
        world.refresh()

    assert refused.value.code == "tampered"
    assert world.provider.calls == []
    world.paste(ADA, **{field: getattr(stale, field)})


@pytest.mark.usefixtures("stale")
def test_fewer_scopes_are_stored_as_they_came(world: World) -> None:
    """N85: What was taken away at the provider is missing from then on; required scopes too."""
    world.provider.alter(scopes=("openid",))

    world.refresh()

    after = world.record()
    assert after.scopes == ("openid",)
    assert after.missing_scopes == ("mail.read", *OPTIONAL)
    assert after.status is ConnectionStatus.ACTIVE


def test_an_answer_without_scopes_changes_none(world: World) -> None:
    """RFC 6749, 5.1: an answer that names no scope means the same scope."""
    world.connect(scopes=SCOPES)
    world.expire()

    world.refresh()

    assert world.record().scopes == SCOPES
    assert world.record().missing_scopes == OPTIONAL


def test_a_wish_beyond_the_providers_lifetime_does_not_loop(world: World) -> None:
    """Tokens of an hour, a wish of a day: asked at most once a minute, and what there is serves."""
    world.connect()
    day = timedelta(days=1)
    for _ in range(10):
        world.refresher().refresh(ADA, min_ttl=day)
        world.refresher().refresh(ADA, min_ttl=day)
    assert world.provider.calls == []

    world.clock.advance(60)
    for _ in range(10):
        world.refresher().refresh(ADA, min_ttl=day)
    assert len(world.provider.calls) == 1
    world.clock.advance(59)
    world.refresher().refresh(ADA, min_ttl=day)
    assert len(world.provider.calls) == 1


def test_a_token_that_is_dead_on_arrival_does_not_serve(world: World) -> None:
    """N86: A lifetime under the wish serves while it lasts, not a moment longer."""
    world.provider.lifetime = timedelta(seconds=5)
    world.connect()
    world.refresh()
    assert world.provider.calls == []

    world.clock.advance(5)
    world.refresh()
    assert len(world.provider.calls) == 1


def test_a_clock_that_was_set_back_does_not_pass_for_just_got(world: World) -> None:
    """A token got "in the future" was not got within the last minute."""
    world.connect()
    world.clock.advance(-3600)

    world.refresher().refresh(ADA, min_ttl=3 * HOUR)

    assert len(world.provider.calls) == 1


def test_a_warm_refresh_costs_one_read_three_writes_and_no_key(world: World) -> None:
    """Claim, record, audit; the keys of the last one are still at hand. Cold: two unwraps."""
    world.connect()
    worker = world.refresher()
    world.expire()
    world.meter.reset()
    worker.refresh(ADA, min_ttl=MINUTE)
    assert world.meter.counts() == {"main.read": 1, "main.write": 3, "kms": 2}

    world.clock.advance(200)
    world.meter.reset()
    worker.refresh(ADA, min_ttl=HOUR)
    assert world.meter.counts() == {"main.read": 1, "main.write": 3}
