"""The route of `access_token`: an agent is given a person's access token."""

from collections.abc import Callable, Mapping
from typing import Final

from flask import Request, Response

from multi_user_oauth.errors import (
    DelegationRequiredError,
    MultiUserOAuthError,
    NeedsSignInError,
    NotConnectedError,
    RequestError,
)
from multi_user_oauth.http.callers import Bearers
from multi_user_oauth.http.claims_challenge import claims_challenge
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import API, KEY, delegate_url, key_of, reauthorize_url
from multi_user_oauth.http.problems import problem
from multi_user_oauth.http.reading import answer, query, seconds
from multi_user_oauth.model import Caller, ConnectionKey
from multi_user_oauth.token import GetAccessToken

LONGEST_TTL: Final = 3600
LONGEST_PURPOSE: Final = 200
PARAMETERS: Final = frozenset({"min_ttl", "scopes", "purpose", "force_refresh", "claims"})


class TokenRoutes:
    """For agents only: no cookie counts here, an admin's neither."""

    def __init__(
        self,
        *,
        tokens: GetAccessToken,
        bearers: Bearers,
        admit: Callable[[Caller, ConnectionKey], None],
        admit_forced: Callable[[Caller, ConnectionKey], None],
        origin: str,
    ) -> None:
        self._tokens = tokens
        self._bearers = bearers
        self._admit = admit
        self._admit_forced = admit_forced
        self._origin = origin

    def routes(self) -> tuple[Route, ...]:
        """Return the route."""
        paths = (f"{API}/user/{KEY}/token", f"/{KEY}", f"/{KEY}/token")
        return (Route(methods=("GET",), paths=paths, handler=self.token),)

    def token(self, request: Request, connector_type: str, user_email: str) -> Response:
        """Answer a token good for `min_ttl` seconds; another one than before, if that is forced."""
        agent = self._bearers.agent(request)
        asked = query(request, PARAMETERS)
        key = key_of(connector_type, user_email)
        self._admit(agent, key)
        purpose = asked.get("purpose", "")
        if len(purpose) > LONGEST_PURPOSE or not purpose.isprintable():
            message = f"purpose is one line of at most {LONGEST_PURPOSE} characters"
            raise RequestError(message, field="purpose")
        min_ttl = seconds(asked.get("min_ttl"), field="min_ttl", highest=LONGEST_TTL)
        claims = claims_challenge(asked["claims"]) if "claims" in asked else None
        forced = _flag(asked, "force_refresh") or claims is not None
        if forced:
            self._admit_forced(agent, key)
        try:
            token = self._tokens.get(
                agent,
                key,
                min_ttl=min_ttl,
                scopes=tuple(asked.get("scopes", "").split()),
                purpose=purpose,
                force_refresh=forced,
                claims_challenge=claims,
            )
        except (NotConnectedError, NeedsSignInError) as refused:
            return _refusal(refused, reauthorize_url=reauthorize_url(self._origin, key))
        except DelegationRequiredError as refused:
            return _refusal(refused, delegate_url=delegate_url(self._origin, key))
        return answer(
            {
                "access_token": token.value.reveal(),
                "token_type": "Bearer",
                "expires_at": token.expires_at,
                "scopes": token.scopes,
                "missing_scopes": token.missing_scopes,
            }
        )


def _flag(asked: Mapping[str, str], field: str) -> bool:
    text = asked.get(field, "false")
    if text not in ("true", "false"):
        raise RequestError(f"{field} is true or false", field=field)
    return text == "true"


def _refusal(refused: MultiUserOAuthError, **urls: str) -> Response:
    response = problem(refused, **urls)
    response.headers["X-Problem-Code"] = refused.code
    return response
