"""A provider's answer taken in: the order of effects, and what each failure leaves behind."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from multi_user_oauth.errors import (
    FlowMissingError,
    IdentityUnverifiedError,
    KeysUnavailableError,
    MultiUserOAuthError,
    ProviderUnavailableError,
    StateMismatchError,
    StoreUnavailableError,
)
from multi_user_oauth.model import ConnectionStatus, FlowMark, Kind, Provider
from multi_user_oauth.sign_in.arrival import FailedFlowError
from multi_user_oauth.sign_in.ticket import Intent
from tests.support.sign_in import Browser, asking, callback, ticket
from tests.support.world import (
    ADA,
    ADA_EMAIL,
    ADA_ID,
    BOB,
    BOB_ID,
    CLEO,
    OPTIONAL,
    SCOPES,
    Killed,
    World,
    killed_at,
)

ALL = SCOPES + OPTIONAL


@dataclass(slots=True)
class Answer:
    """A flow under way, and what the provider sends the browser back with."""

    world: World
    browser: Browser
    handle: str
    state: str
    code: str

    def bring(self, **changes: object) -> object:
        """Bring it, changed as said; a parameter that is None is left out."""
        parameters = {"code": self.code, **changes}
        given = {name: value for name, value in parameters.items() if value is not None}
        return self.browser.come_back(self.state, **given)  # type: ignore[arg-type]  # reason: any

    def refused(self, code: str, /, **changes: object) -> MultiUserOAuthError:
        """Bring it, and return why the flow failed."""
        with pytest.raises(FailedFlowError) as failed:
            self.bring(**changes)
        assert failed.value.cause.code == code
        assert failed.value.flow.ticket.handle == self.handle
        return failed.value.cause

    def marks(self) -> list[str | None]:
        """The outcomes of the states that were spent."""
        return [mark.outcome for mark in self.world.activity.by_handle(self.handle)]


def an_answer(
    world: World,
    *,
    scopes: tuple[str, ...] = ALL,
    emails: tuple[str, ...] = (ADA_EMAIL,),
    refresh: bool = True,
    intent: Intent = Intent.CONNECT,
) -> Answer:
    """Let Ada go to Google and sign in there."""
    browser, asked = Browser(world), ticket(world, intent=intent)
    state = browser.leave(asked)
    code = world.provider.code(ADA_ID, emails, scopes, refresh=refresh)
    return Answer(world, browser, asked.handle, state, code)


def nothing_is_stored(world: World) -> bool:
    """Whether there is no record of Ada, nor any audit."""
    return world.peek().read(ADA) is None and world.actions() == []


def test_a_sign_in_ends_in_a_connection(world: World) -> None:
    """Stored, sealed, noted; the person is the id_token's."""
    answer = an_answer(world)

    arrived = Browser(world, answer.browser.cookies).come_back(answer.state, code=answer.code)

    assert arrived.again is None
    assert arrived.person.identity == ADA_ID
    assert arrived.flow.ticket.return_to.endswith("/settings")
    record = world.record()
    assert (record.status, record.identity, record.generation) == (
        ConnectionStatus.ACTIVE,
        ADA_ID,
        1,
    )
    assert (record.scopes, record.missing_scopes) == (ALL, ())
    assert answer.marks() == ["connected"]
    assert world.actions() == ["connected"]
    assert world.peek().audit(ADA)[0].actor == f"person:{ADA_ID}"
    assert world.get().value


def test_a_mere_sign_in_stores_no_connection(world: World) -> None:
    """Who somebody is, and nothing else; the main database is not touched."""
    answer = an_answer(world, intent=Intent.SIGN_IN, scopes=(), refresh=False)

    answer.bring()

    assert answer.marks() == ["signed_in"]
    assert nothing_is_stored(world)
    assert [call for call in world.store.calls if call != "audit"] == []
    assert world.meter.counts().get("kms") is None


def test_a_sign_in_costs_what_was_planned(world: World) -> None:
    """Two reads (a session's would be the third), four writes, two keys wrapped."""
    answer = an_answer(world)
    world.meter.reset()

    answer.bring()

    assert world.meter.counts() == {
        "main.read": 2,
        "main.write": 2,
        "activity.write": 2,
        "kms": 2,
    }


# -- the order ------------------------------------------------------------------------------------


def test_all_that_can_fail_comes_before_the_state_is_spent(world: World) -> None:
    """Read, wrap, prepare, spend, exchange, store, note."""
    answer = an_answer(world)
    order: list[str] = []

    def point(name: str) -> None:
        kms = world.meter.counts().get("kms", 0)
        order.append(f"{name}: {kms} keys, {len(world.provider.exchanged)} exchanges")
        order.extend(world.store.calls + world.activity.calls)
        world.store.calls.clear()
        world.activity.calls.clear()

    answer.bring(point=point)
    order += world.activity.calls

    assert order == [
        "spent: 2 keys, 0 exchanges",
        "read",
        "spend",
        "exchanged: 2 keys, 1 exchanges",
        "connected: 2 keys, 1 exchanges",
        "by_identity",
        "commit",
        "note",
    ]


@pytest.mark.parametrize(
    ("trouble", "mend", "code"),
    [
        (
            lambda w: setattr(w.keys[Kind.REFRESH], "down", True),
            lambda w: setattr(w.keys[Kind.REFRESH], "down", False),
            "keys_unavailable",
        ),
        (
            lambda w: setattr(w.keys[Kind.ACCESS], "down", True),
            lambda w: setattr(w.keys[Kind.ACCESS], "down", False),
            "keys_unavailable",
        ),
        (
            lambda w: setattr(w.provider, "preparing", ProviderUnavailableError("scripted")),
            lambda w: setattr(w.provider, "preparing", None),
            "provider_unavailable",
        ),
        (lambda w: w.store.fail_before("read"), lambda _: None, "store_unavailable"),
        (lambda w: w.activity.fail_before("spend"), lambda _: None, "store_unavailable"),
    ],
    ids=["refresh key", "access key", "client", "database", "markers"],
)
def test_what_fails_before_the_exchange_can_be_tried_again(
    world: World,
    trouble: Callable[[World], object],
    mend: Callable[[World], object],
    code: str,
) -> None:
    """No state spent, no code sent: the same answer, brought again, goes through."""
    answer = an_answer(world)
    trouble(world)
    answer.refused(code)
    assert answer.marks() == []
    assert world.provider.exchanged == []

    mend(world)
    answer.bring()
    assert answer.marks() == ["connected"]


def test_a_marker_whose_answer_was_lost_is_spent(world: World) -> None:
    """It may have been written: then the code is not sent, and the person starts again."""
    answer = an_answer(world)
    world.activity.fail_after("spend")

    answer.refused("store_unavailable")
    answer.refused("flow_already_used")

    assert world.provider.exchanged == []
    assert nothing_is_stored(world)


def test_no_exchange_while_the_old_grant_is_being_ended(world: World) -> None:
    """The provider is told at this moment: try again shortly, with the same answer."""
    world.connect()
    old = world.record()
    world.provider.down = True
    world.disconnect()
    world.provider.down = False
    world.clock.advance(40)
    answer = an_answer(world)

    world.provider.arriving = lambda: answer.refused("revocation_pending")
    world.finisher().finish(ADA, old.epoch)

    assert world.provider.exchanged == []
    assert answer.marks() == []
    answer.bring()
    assert answer.marks() == ["connected"]


# -- whose flow it is -----------------------------------------------------------------------------


def test_an_answer_counts_once(world: World) -> None:
    """Brought a second time: refused, nothing sent, the record as it was (N02)."""
    answer = an_answer(world)
    answer.bring()
    before = world.record()
    world.clock.advance(1)

    answer.refused("flow_already_used")

    assert world.record() == before
    assert len(world.provider.exchanged) == 1
    assert answer.marks() == ["connected"]


def test_two_at_once_count_once(world: World) -> None:
    """The same answer twice at the same moment: one of them spends the state (N03)."""
    answer = an_answer(world)
    world.activity.meanwhile("spend", answer.bring)

    answer.refused("flow_already_used")

    assert len(world.provider.exchanged) == 1
    assert world.actions() == ["connected"]


def test_another_browser_has_no_such_flow(world: World) -> None:
    """An attacker's link to their own answer: the victim's browser has no cookie for it (N05)."""
    answer = an_answer(world)
    answer.browser.cookies.clear()
    world.meter.reset()

    with pytest.raises(FlowMissingError):
        answer.bring()

    assert world.meter.counts() == {}
    assert world.provider.exchanged == []


@pytest.mark.parametrize("cookie", ["", "x", "AAAA"])
def test_a_cookie_that_does_not_open_writes_nothing(world: World, cookie: str) -> None:
    """Anybody can send one: it proves nothing."""
    answer = an_answer(world)
    answer.browser.cookies = dict.fromkeys(answer.browser.cookies, cookie)
    world.meter.reset()

    with pytest.raises(FlowMissingError):
        answer.bring()

    assert world.meter.counts() == {}


def test_crossed_cookies_are_refused_and_both_flows_go_on(world: World) -> None:
    """Two tabs: one's state with the other's cookie (N06)."""
    browser = Browser(world)
    states = [browser.leave(ticket(world, key)) for key in (ADA, BOB)]
    ids = list(browser.cookies)
    crossed = Browser(world, dict(zip(ids, reversed(browser.cookies.values()), strict=True)))
    world.meter.reset()
    with pytest.raises(StateMismatchError):
        crossed.come_back(states[0], code="x")
    assert world.meter.counts() == {}

    for state, key, identity in zip(states, (ADA, BOB), (ADA_ID, BOB_ID), strict=True):
        browser.come_back(state, code=world.provider.code(identity, (key.user_email,), ALL))
        assert world.record(key).identity == identity


@pytest.mark.parametrize("state", ["", "x", "a" * 10_000, "0123456789abcdef01.unknown"])
def test_a_state_that_is_not_ours_writes_nothing(world: World, state: str) -> None:
    """Missing, unknown, or ten kilobytes of it (N01)."""
    answer = an_answer(world)
    answer.state = state
    world.meter.reset()

    with pytest.raises((StateMismatchError, FlowMissingError)):
        answer.bring()
    with pytest.raises(StateMismatchError):
        _without_state(answer)

    assert world.meter.counts() == {}


def _without_state(answer: Answer) -> None:
    callback(answer.world).arrive({"code": answer.code}, answer.browser.cookies.get)


def test_googles_answer_is_not_taken_at_microsofts_endpoint(world: World) -> None:
    """A mix-up: the code is sent to nobody, nothing is written, the flow goes on (N11)."""
    answer = an_answer(world)
    world.meter.reset()
    with pytest.raises(StateMismatchError):
        answer.bring(provider=Provider.MICROSOFT)
    assert world.meter.counts() == {}
    assert world.provider.exchanged == []

    answer.bring()
    assert world.record().identity == ADA_ID


# -- refused before the exchange ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://evil.example"}, "state_mismatch"),
        ({"iss": ""}, "state_mismatch"),
        ({"iss": "https://accounts.google.com/"}, "state_mismatch"),
        ({"error": "access_denied", "code": None}, "access_denied"),
        ({"error": "access_denied"}, "access_denied"),
        ({"error": "", "code": None}, "access_denied"),
        ({"code": None}, "invalid_request"),
        ({"code": ""}, "invalid_request"),
    ],
)
def test_an_answer_that_says_no_spends_the_state(
    world: World, changes: dict[str, object], code: str
) -> None:
    """N12: Nothing is sent; the outcome stands beside the spent state; it can not be brought again."""
    answer = an_answer(world)

    answer.refused(code, **changes)

    assert answer.marks() == [code]
    assert world.provider.exchanged == []
    assert nothing_is_stored(world)
    answer.refused("flow_already_used")
    assert answer.marks() == [code]


def test_the_right_issuer_is_let_in(world: World) -> None:
    """Google has begun to send `iss` (RFC 9207)."""
    answer = an_answer(world)

    answer.bring(iss="https://accounts.google.com")

    assert answer.marks() == ["connected"]


def test_a_flow_dies_after_its_time(world: World) -> None:
    """Ten minutes, to the moment, by its own clock and not by a marker's absence (N04)."""
    in_time, late = an_answer(world), an_answer(world)
    world.clock.advance(599)
    in_time.bring()
    world.clock.advance(1)

    late.refused("flow_expired")

    assert late.marks() == ["flow_expired"]
    assert len(world.provider.exchanged) == 1


def test_a_type_that_is_gone_is_refused(world: World) -> None:
    """Taken out of the configuration while the person was away."""
    answer = an_answer(world)
    world.kinds.clear()

    answer.refused("unknown_connector_type")

    assert world.provider.exchanged == []


# -- refused after the exchange -------------------------------------------------------------------


def test_another_account_than_the_named_one_is_refused(world: World) -> None:
    """Ada's link, opened by Bob: no connection for either (N26)."""
    answer = an_answer(world, emails=("bob@example.com", "robert@example.com"))

    answer.refused("email_mismatch")

    assert nothing_is_stored(world)
    assert answer.marks() == ["email_mismatch"]


def test_a_mere_sign_in_by_another_account_is_refused(world: World) -> None:
    """Also where nothing would be stored: nobody becomes somebody else."""
    answer = an_answer(world, emails=(), intent=Intent.SIGN_IN)

    answer.refused("email_mismatch")


def test_any_of_the_persons_addresses_will_do(world: World) -> None:
    """An account has several names."""
    an_answer(world, emails=("a.lovelace@example.com", ADA_EMAIL)).bring()

    assert world.record().identity == ADA_ID


@pytest.mark.parametrize("scopes", [("openid",), ("openid", *OPTIONAL), ()])
def test_a_required_scope_that_is_missing_stores_nothing(
    world: World, scopes: tuple[str, ...]
) -> None:
    """The person unticked it: a connection that can not work is none (N28)."""
    answer = an_answer(world, scopes=scopes)

    answer.refused("consent_missing_required_scope")

    assert nothing_is_stored(world)
    assert answer.marks() == ["consent_missing_required_scope"]


def test_an_optional_scope_that_is_missing_is_named(world: World) -> None:
    """N28: Stored, and said what it can not do."""
    an_answer(world, scopes=("OPENID", "Mail.Read")).bring()

    assert world.record().missing_scopes == OPTIONAL
    assert world.record().scopes == ("OPENID", "Mail.Read")


def test_without_a_refresh_token_it_is_once_more_with_consent(world: World) -> None:
    """The second trip asks for consent and ends well; the person sees one sign-in."""
    answer = an_answer(world, refresh=False)

    arrived = answer.browser.come_back(answer.state, code=answer.code)

    assert arrived.again is not None
    assert nothing_is_stored(world)
    assert answer.marks() == [None]
    assert asking(world).status(answer.handle).status == "pending"
    state = answer.browser.take(arrived.again)
    first, second = world.provider.trips
    assert (first.consent, second.consent) == (False, True)
    assert second.scopes == first.scopes
    answer.browser.come_back(state, code=world.provider.code(ADA_ID, (ADA_EMAIL,), ALL))
    assert sorted(map(str, answer.marks())) == ["None", "connected"]


def test_without_a_refresh_token_again_it_is_over(world: World) -> None:
    """Once, not for ever."""
    answer = an_answer(world, refresh=False)
    arrived = answer.browser.come_back(answer.state, code=answer.code)
    assert arrived.again is not None
    answer.state = answer.browser.take(arrived.again)
    answer.code = world.provider.code(ADA_ID, (ADA_EMAIL,), ALL, refresh=False)

    answer.refused("no_refresh_token")

    assert nothing_is_stored(world)
    assert len(world.provider.trips) == 2
    assert asking(world).status(answer.handle).code == "no_refresh_token"


def test_somebody_elses_connection_is_not_taken_over(world: World) -> None:
    """Bob's account holds this e-mail: it stays as it is, byte for byte (N32)."""
    before = world.connect(ADA, BOB_ID)
    world.clock.advance(1)
    answer = an_answer(world)

    answer.refused("held_by_another_account")

    assert world.record() == before
    assert answer.marks() == ["held_by_another_account"]


@pytest.mark.parametrize(
    "error", [IdentityUnverifiedError("scripted"), ProviderUnavailableError("scripted")]
)
def test_an_exchange_that_fails_stores_its_outcome_only(
    world: World, error: MultiUserOAuthError
) -> None:
    """A forged id_token, or an outage after the state was spent."""
    answer = an_answer(world)
    world.provider.exchange_fails = error

    answer.refused(error.code)

    assert answer.marks() == [error.code]
    assert nothing_is_stored(world)
    world.provider.exchange_fails = None
    answer.refused("flow_already_used")


def test_an_outcome_that_can_not_be_noted_spoils_nothing(world: World) -> None:
    """It is a hint: the connection stands, the person is sent on, the failure keeps its own code."""
    good, bad = an_answer(world), an_answer(world, emails=())
    world.activity.fail_before("note", times=2)

    good.bring()
    bad.refused("email_mismatch")

    assert world.record().status is ConnectionStatus.ACTIVE
    assert good.marks() == bad.marks() == [None]


def test_a_commit_that_never_lands_is_said(world: World) -> None:
    """The database is gone after the exchange: nothing stored, the person starts again (F18)."""
    answer = an_answer(world)
    world.store.fail_before("commit", times=8)

    answer.refused("store_unavailable")

    assert nothing_is_stored(world)
    assert answer.marks() == ["store_unavailable"]


@pytest.mark.parametrize("error", [KeysUnavailableError("x"), StoreUnavailableError("x")])
def test_a_second_trip_that_can_not_begin_is_a_failure(
    world: World, error: MultiUserOAuthError
) -> None:
    """Asked for consent, and the provider's discovery is down: noted, not left pending."""
    answer = an_answer(world, refresh=False)

    def fail() -> None:
        world.provider.preparing = error

    world.provider.answering = fail
    answer.refused(error.code)

    assert answer.marks() == [error.code]


# -- kill -9 --------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["spent", "exchanged"])
def test_killed_before_the_commit_there_is_no_half_connection(world: World, point: str) -> None:
    """The state is spent, nothing is stored, and the person starts again (F18)."""
    answer = an_answer(world)
    with pytest.raises(Killed):
        answer.bring(point=killed_at(point))

    assert nothing_is_stored(world)
    assert answer.marks() == [None]
    answer.refused("flow_already_used")
    an_answer(world).bring()
    assert world.actions() == ["connected"]


def test_killed_after_the_commit_the_connection_stands_once(world: World) -> None:
    """The answer, brought again, changes nothing (F19)."""
    answer = an_answer(world)
    with pytest.raises(Killed):
        answer.bring(point=killed_at("connected"))
    before = world.record()

    answer.refused("flow_already_used")

    assert world.record() == before
    assert before.status is ConnectionStatus.ACTIVE


def test_microsofts_answers_come_to_their_own_endpoint(world: World) -> None:
    """With the tenant's issuer, where it is sent."""
    browser = Browser(world)
    asked = ticket(world, CLEO)
    state = browser.leave(asked)
    with pytest.raises(FailedFlowError) as refused:
        browser.come_back(
            state, provider=Provider.MICROSOFT, iss="https://accounts.google.com", code="x"
        )
    assert refused.value.cause.code == "state_mismatch"


def test_the_failure_names_no_secret(world: World) -> None:
    """What is raised says the code and nothing that the answer brought."""
    answer = an_answer(world, emails=())
    with pytest.raises(FailedFlowError) as failed:
        answer.bring()

    said = f"{failed.value!s} {failed.value!r} {failed.value.__cause__!r} {failed.value.flow!r}"
    assert "CODE|" not in said
    assert answer.state not in said


def test_a_marks_hash_is_all_that_is_stored_of_the_state(world: World) -> None:
    """The activity database holds no state."""
    answer = an_answer(world)
    answer.bring()

    (mark,) = world.activity.by_handle(answer.handle)
    assert isinstance(mark, FlowMark)
    assert answer.state not in mark.state_hash
    assert answer.state.encode() not in (world.path / "activity.sqlite3").read_bytes()
