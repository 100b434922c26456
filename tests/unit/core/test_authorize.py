"""Beginning a sign-in: what the link and the cookie say, and that nothing is written anywhere."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from multi_user_oauth.errors import (
    ProviderUnavailableError,
    RequestError,
    TicketExpiredError,
    TicketInvalidError,
    UnknownConnectorTypeError,
)
from multi_user_oauth.model import ConnectionKey, Provider
from multi_user_oauth.sign_in.flow import Flow
from multi_user_oauth.sign_in.ticket import Intent
from tests.support.sign_in import APP, ORIGIN, REDIRECT_URIS, authorize, departure, ticket
from tests.support.world import ADA, CLEO, OPTIONAL, SCOPES, World


def test_beginning_writes_and_reads_nothing(world: World) -> None:
    """A request that proves nothing leaves nothing: no database, no key service."""
    issued = authorize(world).issue(ticket(world))
    opened, _ = authorize(world).read(issued.ticket.reveal())
    departure(world).leave(opened)

    assert world.meter.counts() == {}
    assert world.store.calls == world.activity.calls == []


def test_a_ticket_says_who_what_and_where(world: World) -> None:
    """As it was asked for; the return as an absolute URL; ten minutes."""
    asked = authorize(world).ticket(
        connector_type=ADA.connector_type,
        user_email=ADA.user_email,
        intent=Intent.CONNECT,
        return_to=f"{APP}/done",
        scopes=("files.read",),
    )

    assert (asked.connector_type, asked.user_email) == (ADA.connector_type, ADA.user_email)
    assert (asked.intent, asked.scopes) == (Intent.CONNECT, ("files.read",))
    assert asked.return_to == f"{APP}/done"
    assert ticket(world).return_to == f"{ORIGIN}/settings"
    assert asked.expires_at - world.clock() == world.limits.ticket


def test_a_link_reads_back_with_its_connector_type(world: World) -> None:
    """What was issued, and what it is for; for ten minutes."""
    asked = ticket(world)
    issued = authorize(world).issue(asked)
    assert (issued.expires_at, issued.flow_handle) == (asked.expires_at, asked.handle)
    assert "ticket" not in repr(issued.ticket)

    assert authorize(world).read(issued.ticket.reveal()) == (asked, world.kinds["google_workspace"])

    world.clock.advance(600)
    with pytest.raises(TicketExpiredError):
        authorize(world).read(issued.ticket.reveal())


def test_a_link_of_a_type_that_is_gone_is_refused(world: World) -> None:
    """It was taken out of the configuration since."""
    issued = authorize(world).issue(ticket(world))
    world.kinds.clear()

    with pytest.raises(UnknownConnectorTypeError) as refused:
        authorize(world).read(issued.ticket.reveal())
    assert refused.value.field == "connector_type"


def test_a_type_that_is_retired_is_as_one_that_is_gone(world: World) -> None:
    """Neither its old links nor new ones lead anywhere."""
    issued = authorize(world).issue(ticket(world))
    workspace = world.kinds["google_workspace"]
    world.kinds["google_workspace"] = replace(workspace, retired=True)

    for attempt in (
        lambda: authorize(world).read(issued.ticket.reveal()),
        lambda: authorize(world).issue(ticket(world)),
    ):
        with pytest.raises(UnknownConnectorTypeError):
            attempt()


def test_a_link_that_was_altered_is_refused(world: World) -> None:
    """One character is enough."""
    text = authorize(world).issue(ticket(world)).ticket.reveal()
    with pytest.raises(TicketInvalidError):
        authorize(world).read(("B" if text[0] == "A" else "A") + text[1:])


def test_an_unknown_connector_type_is_named(world: World) -> None:
    """The field at fault, not the value."""
    with pytest.raises(UnknownConnectorTypeError) as refused:
        ticket(world, ConnectionKey("slack", "ada@example.com"))
    assert refused.value.field == "connector_type"


@pytest.mark.parametrize("scopes", [("admin.all",), ("mail.read", "admin.all"), ("",)])
def test_scopes_beyond_the_allowed_are_refused(world: World, scopes: tuple[str, ...]) -> None:
    """A link can not ask a person for more than was configured."""
    with pytest.raises(RequestError) as refused:
        ticket(world, scopes=scopes)
    assert refused.value.field == "scopes"


@pytest.mark.parametrize("scopes", [(), SCOPES, OPTIONAL, ("files.read",)])
def test_allowed_scopes_are_asked_for_on_top(world: World, scopes: tuple[str, ...]) -> None:
    """Required and optional ones always, each once, in our order."""
    departure(world).leave(ticket(world, scopes=scopes))

    wanted = (*SCOPES, *OPTIONAL, *(("files.read",) if "files.read" in scopes else ()))
    assert world.provider.trips[-1].scopes == wanted


def test_signing_in_only_asks_for_nothing(world: World) -> None:
    """No scope, no offline access."""
    departure(world).leave(ticket(world, intent=Intent.SIGN_IN, scopes=("files.read",)))

    trip = world.provider.trips[-1]
    assert (trip.scopes, trip.offline) == ((), False)


def test_a_trip_is_for_the_named_person_at_the_own_endpoint(world: World) -> None:
    """Redirect URI of the provider, e-mail as the hint, offline, no forced consent the first time."""
    departure(world).leave(ticket(world))
    departure(world).leave(ticket(world, CLEO), consent=True)

    google, microsoft = world.provider.trips
    assert google.redirect_uri == REDIRECT_URIS[Provider.GOOGLE]
    assert microsoft.redirect_uri == REDIRECT_URIS[Provider.MICROSOFT]
    assert (google.user_email, google.offline, google.consent) == (ADA.user_email, True, False)
    assert microsoft.consent


def test_the_cookie_holds_what_the_url_does_not(world: World) -> None:
    """State in both; nonce and verifier only in the cookie; the flow's id finds it (N07)."""
    leaving = departure(world).leave(ticket(world))

    flow = Flow.open(world.box, leaving.cookie.reveal())
    (state,) = parse_qs(urlsplit(leaving.location).query)["state"]
    assert flow.state.reveal() == state
    assert flow.id == leaving.flow_id == state.partition(".")[0]
    assert flow.transaction == {"nonce": "n1"}
    assert flow.ticket == ticket_of(world, flow)
    assert flow.expires_at - world.clock() == world.limits.flow
    assert leaving.cookie.reveal() not in leaving.location


def ticket_of(world: World, flow: Flow) -> object:
    """The ticket inside, once more through its seal."""
    sealed = authorize(world).issue(flow.ticket).ticket.reveal()
    return authorize(world).read(sealed)[0]


def test_no_two_flows_are_alike(world: World) -> None:
    """One ticket opened twice begins two flows (N06, N27)."""
    asked = ticket(world)
    first, second = (departure(world).leave(asked) for _ in range(2))

    assert first.flow_id != second.flow_id
    assert first.location != second.location
    assert ticket(world).handle != asked.handle


def test_flow_ids_sort_by_age(world: World) -> None:
    """So that the oldest cookie is the one to drop."""
    ids = []
    for _ in range(5):
        ids.append(departure(world).leave(ticket(world)).flow_id)
        world.clock.advance(7)

    assert ids == sorted(ids)


def test_a_provider_that_can_not_be_reached_is_said(world: World) -> None:
    """Discovery failed: 503, nothing begun."""
    world.provider.preparing = ProviderUnavailableError("scripted")

    with pytest.raises(ProviderUnavailableError):
        departure(world).leave(ticket(world))


def test_a_type_that_is_gone_sends_nobody_away(world: World) -> None:
    """Between the link and the button."""
    asked = ticket(world)
    world.kinds.clear()

    with pytest.raises(UnknownConnectorTypeError):
        departure(world).leave(asked)
