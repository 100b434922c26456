"""A person at a browser: opens a link, goes to the provider, comes back with a code."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from multi_user_oauth.errors import AccessDeniedError
from multi_user_oauth.model import ConnectionKey, Identity, Provider, Secret
from multi_user_oauth.ports import Point, nothing
from multi_user_oauth.sign_in.arrival import Arrived
from multi_user_oauth.sign_in.authorize import Authorize, Departure, Leaving
from multi_user_oauth.sign_in.callback import Callback
from multi_user_oauth.sign_in.status import AskFlow
from multi_user_oauth.sign_in.ticket import Intent, Ticket
from tests.support.world import ADA, ADA_ID, OPTIONAL, SCOPES, World

ORIGIN = "https://vault.example"
APP = "https://app.example"
REDIRECT_URIS = {
    Provider.GOOGLE: f"{ORIGIN}/callback/google",
    Provider.MICROSOFT: f"{ORIGIN}/callback/microsoft",
}


def authorize(world: World) -> Authorize:
    """Return what issues tickets."""
    return Authorize(
        connector_types=world.kinds,
        box=world.box,
        origin=ORIGIN,
        return_origins=frozenset({APP}),
        step_up=lambda: world.policy.step_up,
        now=world.clock,
        draw=world.draw,
        limits=world.limits,
    )


def departure(world: World) -> Departure:
    """Return what sends browsers away."""
    return Departure(
        providers=dict.fromkeys(Provider, world.provider),
        connector_types=world.kinds,
        redirect_uris=REDIRECT_URIS,
        box=world.box,
        now=world.clock,
        draw=world.draw,
        limits=world.limits,
    )


def callback(
    world: World, provider: Provider = Provider.GOOGLE, point: Point = nothing
) -> Callback:
    """Return where a provider's answers arrive."""
    return Callback(
        provider=provider,
        arrivals=world.provider.arrivals,
        refuse=lambda _provider, _parameters: AccessDeniedError("scripted: the person said no"),
        connector_types=world.kinds,
        connecting=world.connecting(),
        departure=departure(world),
        marks=world.activity,
        box=world.box,
        redirect_uri=REDIRECT_URIS[provider],
        now=world.clock,
        point=point,
    )


def asking(world: World) -> AskFlow:
    """Return what tells how flows ended."""
    return AskFlow(marks=world.activity, now=world.clock)


def ticket(
    world: World,
    key: ConnectionKey = ADA,
    *,
    intent: Intent = Intent.CONNECT,
    scopes: tuple[str, ...] = (),
) -> Ticket:
    """Return a ticket for this connection."""
    return authorize(world).ticket(
        connector_type=key.connector_type,
        user_email=key.user_email,
        intent=intent,
        return_to="/settings",
        scopes=scopes,
    )


@dataclass(slots=True)
class Browser:
    """One browser and its cookies."""

    world: World
    cookies: dict[str, str] = field(default_factory=dict)

    def leave(self, for_ticket: Ticket) -> str:
        """Press the button; return the `state` that the provider is given."""
        return self.take(departure(self.world).leave(for_ticket))

    def take(self, leaving: Leaving) -> str:
        """Take the cookie and follow the redirect; return its `state`."""
        self.cookies[leaving.flow_id] = leaving.cookie.reveal()
        return parse_qs(urlsplit(leaving.location).query)["state"][0]

    def come_back(
        self,
        state: str,
        *,
        provider: Provider = Provider.GOOGLE,
        point: Point = nothing,
        **parameters: str,
    ) -> Arrived:
        """Bring the provider's answer."""
        answer = {"state": state, **parameters}
        return callback(self.world, provider, point).arrive(answer, self.cookies.get)

    def sign_in(
        self,
        key: ConnectionKey = ADA,
        identity: Identity = ADA_ID,
        scopes: tuple[str, ...] = SCOPES + OPTIONAL,
    ) -> Arrived:
        """Go the whole way."""
        state = self.leave(ticket(self.world, key))
        code = self.world.provider.code(identity, (key.user_email,), scopes)
        return self.come_back(state, code=code)

    def cookie(self, state: str) -> Secret:
        """Return the cookie of the flow that this state is of."""
        return Secret(self.cookies[state.partition(".")[0]])
