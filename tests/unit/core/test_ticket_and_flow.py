"""Tickets and flows: sealed, short-lived, and nobody else's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from multi_user_oauth.errors import (
    FlowMissingError,
    StateMismatchError,
    TicketExpiredError,
    TicketInvalidError,
)
from multi_user_oauth.model import Provider, Secret
from multi_user_oauth.sign_in import flow as flows
from multi_user_oauth.sign_in import ticket as tickets
from multi_user_oauth.sign_in.flow import Flow, flow_id_of, new_state, require_same_state
from multi_user_oauth.sign_in.ticket import Intent, Ticket, open_ticket
from tests.support.clock import START
from tests.support.keys import FakeBox

TICKET = Ticket(
    connector_type="google_workspace",
    user_email="ada@example.com",
    intent=Intent.CONNECT,
    return_to="https://vault.example/settings",
    scopes=("files.read",),
    handle="ab-cd",
    expires_at=START + timedelta(minutes=10),
)
STATE = new_state("0123456789abcdef01", bytes(32))
FLOW = Flow(
    id="0123456789abcdef01",
    provider=Provider.GOOGLE,
    state=STATE,
    transaction={"nonce": "n", "code_verifier": "v"},
    ticket=TICKET,
    consent=False,
    expires_at=START + timedelta(minutes=10),
)


def now() -> datetime:
    """The start."""
    return START


@pytest.mark.parametrize("intent", list(Intent))
def test_a_ticket_comes_back_as_it_was(intent: Intent) -> None:
    """Sealed and opened: the same in every field."""
    box, ticket = FakeBox(), replace(TICKET, intent=intent)

    assert open_ticket(box, box.seal("ticket", ticket.claims()), now) == ticket


def test_a_ticket_dies_after_its_time() -> None:
    """Good up to the last moment, dead at it (N27)."""
    box = FakeBox()
    text = box.seal("ticket", TICKET.claims())
    end = TICKET.expires_at

    assert open_ticket(box, text, lambda: end - timedelta(microseconds=1)) == TICKET
    with pytest.raises(TicketExpiredError):
        open_ticket(box, text, lambda: end)


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": "files.read"},
        {"exp": "1"},
        {"exp": None},
        {"exp": 676_042_001_767_604_200},  # which the machine's calendar has no word for
        {"exp": 10**30},
        {"intent": "administer"},
        *({name: None, "drop": name} for name in TICKET.claims()),
    ],
)
def test_claims_of_another_shape_are_no_ticket(change: dict[str, object]) -> None:
    """Sealed by an older or newer program, perhaps: refused, not guessed at."""
    claims = TICKET.claims() | change
    dropped = claims.pop("drop", None)
    if dropped is not None:
        del claims[str(dropped)]
    box = FakeBox()

    with pytest.raises(TicketInvalidError):
        open_ticket(box, box.seal("ticket", claims), now)


@pytest.mark.parametrize("text", ["", "x", "AAAA", "é", "=" * 99, "a" * 10_000])
def test_what_was_not_sealed_here_is_neither(text: str) -> None:
    """Any text at all, from anybody."""
    with pytest.raises(TicketInvalidError):
        open_ticket(FakeBox(), text, now)
    with pytest.raises(FlowMissingError):
        Flow.open(FakeBox(), text)


def test_one_is_not_taken_for_the_other() -> None:
    """A link's ticket is no cookie, a cookie is no link, another key's seal is none."""
    box = FakeBox()
    with pytest.raises(FlowMissingError):
        Flow.open(box, box.seal(tickets.PURPOSE, TICKET.claims()))
    with pytest.raises(TicketInvalidError):
        open_ticket(box, FLOW.seal(box), now)
    with pytest.raises(FlowMissingError):
        Flow.open(FakeBox(b"another"), FLOW.seal(box))


@pytest.mark.parametrize("consent", [False, True])
def test_a_flow_comes_back_as_it_was(consent: bool) -> None:
    """State, nonce, verifier, ticket and all."""
    flow = replace(FLOW, consent=consent)

    assert Flow.open(FakeBox(), flow.seal(FakeBox())) == flow


@pytest.mark.parametrize(
    "name", ["id", "provider", "state", "transaction", "ticket", "consent", "exp"]
)
def test_a_flow_that_lacks_something_is_none(name: str) -> None:
    """Refused by a typed error, whatever is missing."""
    box = FakeBox()
    claims = dict(box.open(flows.PURPOSE, FLOW.seal(box)))
    del claims[name]

    with pytest.raises(FlowMissingError):
        Flow.open(box, box.seal(flows.PURPOSE, claims))


@pytest.mark.parametrize("exp", [676_042_001_767_604_200, 10**30, -(10**17), "soon"])
def test_a_flow_that_ends_at_no_time_is_none(exp: object) -> None:
    """Beyond what a calendar holds, by whatever error the machine says so."""
    box = FakeBox()
    claims = dict(box.open(flows.PURPOSE, FLOW.seal(box))) | {"exp": exp}

    with pytest.raises(FlowMissingError):
        Flow.open(box, box.seal(flows.PURPOSE, claims))


def test_a_flow_whose_ticket_is_none_is_none() -> None:
    """Sealed here, perhaps by another version: the browser starts again."""
    box = FakeBox()
    claims = dict(box.open(flows.PURPOSE, FLOW.seal(box)))
    claims["ticket"] = TICKET.claims() | {"scopes": "files.read"}

    with pytest.raises(FlowMissingError):
        Flow.open(box, box.seal(flows.PURPOSE, claims))


def test_the_state_is_not_what_is_stored() -> None:
    """It is spent under its hash, and the key is the ticket's."""
    assert FLOW.state.reveal() not in FLOW.state_hash
    assert len(FLOW.state_hash) == 64
    assert FLOW.state_hash != replace(FLOW, state=Secret("other")).state_hash
    assert str(FLOW.key) == "google_workspace/ada@example.com"


@pytest.mark.parametrize(
    "state",
    [
        "",
        ".",
        "x",
        "0123456789abcdef01",
        "0123456789abcdef0.x",
        "0123456789abcdef012.x",
        "0123456789abcde;01.x",
        "0123456789abcdef0é.x",
        "0123456789abcdef 1.x",
        "../../../../etc/pw.x",
        "." * 10_000,
        "a" * 10_000,
    ],
)
def test_a_state_that_names_no_flow_is_refused(state: str) -> None:
    """What stands before the dot becomes a cookie's name: letters and digits, all of them (N01)."""
    with pytest.raises(StateMismatchError):
        flow_id_of(state)


def test_a_state_names_its_flow_and_is_256_bits_of_chance() -> None:
    """The id in front is for finding the cookie; the secret is the rest."""
    assert flow_id_of(STATE.reveal()) == FLOW.id
    assert len(STATE.reveal().partition(".")[2]) == 64
    assert flows.STATE_BYTES == 32


@pytest.mark.parametrize(
    ("provider", "state"),
    [
        (Provider.GOOGLE, STATE.reveal()[:-1] + "f"),
        (Provider.GOOGLE, STATE.reveal()[:-1]),
        (Provider.GOOGLE, STATE.reveal() + "0"),
        (Provider.GOOGLE, STATE.reveal().upper()),
        (Provider.GOOGLE, f"{FLOW.id}.é"),
        (Provider.GOOGLE, f"{FLOW.id}.\ud800"),
        (Provider.MICROSOFT, STATE.reveal()),
    ],
)
def test_another_state_or_endpoint_is_a_mismatch(provider: Provider, state: str) -> None:
    """Every character counts, and so does which provider's endpoint it came to (N11)."""
    with pytest.raises(StateMismatchError):
        require_same_state(FLOW, provider, state)


def test_the_same_state_at_its_own_endpoint_passes() -> None:
    """Nothing to say."""
    require_same_state(FLOW, Provider.GOOGLE, STATE.reveal())


def test_the_flows_end_is_in_utc() -> None:
    """A time with its zone."""
    opened = Flow.open(FakeBox(), FLOW.seal(FakeBox()))

    assert opened.expires_at.tzinfo is UTC
    assert opened.ticket.expires_at.tzinfo is UTC
