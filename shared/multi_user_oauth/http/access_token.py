"""The route of `access_token`: an agent is given a person's access token."""

from typing import Final

from flask import Request, Response

from multi_user_oauth.errors import NeedsSignInError, NotConnectedError, RequestError
from multi_user_oauth.http.callers import Agents
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import API, KEY, key_of, reauthorize_url
from multi_user_oauth.http.problems import problem
from multi_user_oauth.http.reading import answer, query, seconds
from multi_user_oauth.token import GetAccessToken

LONGEST_TTL: Final = 3600
LONGEST_PURPOSE: Final = 200


class TokenRoutes:
    """For agents only: no cookie counts here, an admin's neither."""

    def __init__(self, *, tokens: GetAccessToken, agents: Agents, origin: str) -> None:
        self._tokens = tokens
        self._agents = agents
        self._origin = origin

    def routes(self) -> tuple[Route, ...]:
        """Return the route."""
        paths = (f"{API}/user/{KEY}/token", f"/{KEY}", f"/{KEY}/token")
        return (Route(methods=("GET",), paths=paths, handler=self.token),)

    def token(self, request: Request, connector_type: str, user_email: str) -> Response:
        """Answer a token good for `min_ttl` seconds."""
        agent = self._agents.require(request)
        asked = query(request, {"min_ttl", "scopes", "purpose"})
        key = key_of(connector_type, user_email)
        purpose = asked.get("purpose", "")
        if len(purpose) > LONGEST_PURPOSE or not purpose.isprintable():
            message = f"purpose is one line of at most {LONGEST_PURPOSE} characters"
            raise RequestError(message, field="purpose")
        try:
            token = self._tokens.get(
                agent,
                key,
                min_ttl=seconds(asked.get("min_ttl"), field="min_ttl", highest=LONGEST_TTL),
                scopes=tuple(asked.get("scopes", "").split()),
                purpose=purpose,
            )
        except (NotConnectedError, NeedsSignInError) as refused:
            response = problem(refused, reauthorize_url=reauthorize_url(self._origin, key))
            response.headers["X-Problem-Code"] = refused.code
            return response
        return answer(
            {
                "access_token": token.value.reveal(),
                "token_type": "Bearer",
                "expires_at": token.expires_at,
                "scopes": token.scopes,
                "missing_scopes": token.missing_scopes,
            }
        )
