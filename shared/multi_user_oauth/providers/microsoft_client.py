"""MSAL, which writes the requests to Microsoft. Only this module imports it.

To make an MSAL object costs more than a refresh by it, so there is one for each application. It keeps
nothing of anybody: its token cache takes nothing in, it never learns the application's credential, and
it sends by the session of the operation that asks. MSAL's own client of HTTP, which for a minute would
answer from memory what the provider has long put right, has no part in that.
"""

from dataclasses import dataclass
from typing import Any, Final

from msal import ConfidentialClientApplication, TokenCache

from multi_user_oauth.model import ConnectorType, Secret
from multi_user_oauth.net.http_answer import Json
from multi_user_oauth.providers.calls import Transaction
from multi_user_oauth.providers.microsoft_endpoints import authority, discovery
from multi_user_oauth.providers.microsoft_request import unreserved
from multi_user_oauth.providers.operation import Operation
from multi_user_oauth.providers.transport import Transport

COMPARED: Final = "compared before, in constant time"
_JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class _Forgetful(TokenCache):  # type: ignore[misc]  # reason: MSAL has no types
    """A token cache that takes nothing in; MSAL's own also logs, at DEBUG, the verifier it was given."""

    def add(self, event: object, now: object = None) -> None:
        """Forget it."""


class Applications:
    """An MSAL object for each application, made anew when discovery says something else."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._made: dict[tuple[str, str, bool], tuple[Json, Any]] = {}

    def msal(self, connector_type: ConnectorType, *, offline: bool = True) -> Any:  # noqa: ANN401  # reason: MSAL has no types
        """Return it, without a credential; raise as the transport's documents do."""
        known = discovery(self._transport, connector_type)
        name = (connector_type.client_id, authority(connector_type), offline)
        made = self._made.get(name)
        if made is None or made[0] is not known:  # two threads may each make one: the later stays
            made = self._made[name] = (known, self._new(connector_type, offline=offline))
        return made[1]

    def _new(self, connector_type: ConnectorType, *, offline: bool) -> Any:  # noqa: ANN401  # reason: MSAL has no types
        return ConfidentialClientApplication(
            connector_type.client_id,
            authority=authority(connector_type),
            http_client=self._transport.operation(),
            instance_discovery=False,  # the authority is Microsoft's own: there is nothing to ask
            azure_region=False,  # or an environment variable could move the token endpoint
            token_cache=_Forgetful(),
            exclude_scopes=[] if offline else ["offline_access"],
        )


@dataclass(frozen=True, slots=True)
class MicrosoftClient:
    """One client credential, ready for one send: a client secret, or an assertion signed in its place."""

    connector_type: ConnectorType
    operation: Operation
    msal: Any
    credential: Secret
    is_assertion: bool

    def exchange(self, code: Secret, redirect_uri: str, transaction: Transaction) -> Json:
        """As the port `Client`."""
        flow = {
            "state": COMPARED,
            "redirect_uri": redirect_uri,
            "scope": transaction["scope"].split(),
            "nonce": transaction["nonce"],
            "code_verifier": transaction["code_verifier"],
        }
        response = {"state": COMPARED, "code": code.reveal()}
        return self.operation.answer_to(
            lambda: self.msal.acquire_token_by_auth_code_flow(
                flow, response, data=self._proof(), post=self.operation.post
            )
        )

    def refresh(self, refresh_token: Secret, claims: str | None) -> Json:
        """As the port `Client`."""
        # Only what every connection has: a scope that this person was never asked for would be refused.
        # The token nevertheless has all that they consented to for Graph: Entra's access tokens "will
        # have all effective scopes", as the maintainers of MSAL put it, and the answer names them.
        scopes = unreserved(self.connector_type.required_scopes)
        # This method of MSAL's takes no `claims_challenge`. Its others send theirs in this way.
        data = self._proof() | ({"claims": claims} if claims is not None else {})
        return self.operation.answer_to(
            lambda: self.msal.acquire_token_by_refresh_token(
                refresh_token.reveal(), scopes, data=data, post=self.operation.post
            )
        )

    def _proof(self) -> dict[str, str]:
        """Return what proves the application (RFC 6749, 2.3.1; RFC 7523, 2.2)."""
        if not self.is_assertion:
            return {"client_secret": self.credential.reveal()}
        return {
            "client_assertion_type": _JWT_BEARER,
            "client_assertion": self.credential.reveal(),
        }
