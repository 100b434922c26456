"""The callback, from the raw query of a stranger's request to where a code would be sent."""

import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Never

from flask import Request
from werkzeug.test import EnvironBuilder

from multi_user_oauth.errors import MultiUserOAuthError, ProviderUnavailableError
from multi_user_oauth.http.reading import query
from multi_user_oauth.model import ConnectorType, FlowMark, Provider
from multi_user_oauth.ports import Exchange
from multi_user_oauth.providers.answers import refuse_answer
from multi_user_oauth.sign_in.callback import Callback
from multi_user_oauth.sign_in.flow import Flow, new_state
from multi_user_oauth.sign_in.ticket import Intent, Ticket
from tests.support.clock import START
from tests.support.sign_in import REDIRECT_URIS, departure
from tests.support.world import ADA, World

FLOW_ID: Final = "0123456789abcdef01"
STATE: Final = new_state(FLOW_ID, bytes(32))
ANSWERS: Final = tuple(
    f"state={STATE.reveal()}&{rest}".encode()
    for rest in (
        "code=made-up",
        "code=made-up&iss=https%3A%2F%2Faccounts.google.com&scope=a+b&authuser=0&hd=x",
        "error=access_denied&error_description=AADSTS65004%3A+made+up&error_subcode=cancel",
        "error=temporarily_unavailable",
        "admin_consent=True&tenant=x",
    )
)


class Nobody:
    """Whoever would be asked once all was read: `Arrivals` and `FlowMarks`."""

    def prepare(
        self, connector_type: ConnectorType, redirect_uri: str, *, issuer: str | None = None
    ) -> Exchange:
        """Fail, as a provider may."""
        raise ProviderUnavailableError("scripted: nobody is asked")

    def spend(self, mark: FlowMark) -> None:
        """Spend it; each input is the first."""

    def note(self, mark: FlowMark) -> None:
        """Forget it."""

    def by_handle(self, handle: str) -> tuple[FlowMark, ...]:
        """Return nothing."""
        return ()


def callback() -> Callable[[bytes], None]:
    """Bring an answer to the browser that began the flow, and to one that did not."""
    world = World(Path(tempfile.mkdtemp()))
    expires_at = START + timedelta(minutes=10)
    flow = Flow(
        id=FLOW_ID,
        provider=Provider.GOOGLE,
        state=STATE,
        transaction={"nonce": "n", "code_verifier": "v", "scope": "a"},
        ticket=Ticket(
            connector_type=ADA.connector_type,
            user_email=ADA.user_email,
            intent=Intent.SIGN_IN,
            return_to="https://vault.example/",
            scopes=(),
            handle="ab-cd",
            expires_at=expires_at,
        ),
        consent=False,
        expires_at=expires_at,
    )
    cookie = flow.seal(world.box)
    arrives = Callback(
        provider=Provider.GOOGLE,
        arrivals=Nobody(),
        refuse=_refusal,
        connector_types=world.kinds,
        connecting=world.connecting(),
        departure=departure(world),
        marks=Nobody(),
        box=world.box,
        redirect_uri=REDIRECT_URIS[Provider.GOOGLE],
        now=_now,
    )
    environ = EnvironBuilder(path="/").get_environ()

    def run(data: bytes) -> Never:
        request = Request({**environ, "QUERY_STRING": data.decode("latin-1")})
        arrives.arrive(query(request, None), {FLOW_ID: cookie}.get)
        raise AssertionError("somebody arrived")

    return run


def _now() -> datetime:
    return START


def _refusal(provider: Provider, parameters: Mapping[str, str]) -> MultiUserOAuthError:
    try:
        refuse_answer(provider, parameters["error"], parameters.get("error_description", ""))
    except MultiUserOAuthError as refused:
        return refused
