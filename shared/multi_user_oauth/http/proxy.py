"""Any other call of a provider's API, as far as the policy allows it."""

import logging
from collections.abc import Callable

from flask import Request, Response

from multi_user_oauth.errors import ForbiddenError
from multi_user_oauth.http.acting import Acts, Asked
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import CONNECTORS
from multi_user_oauth.http.proxy_request import SaidToProxy, said_to_proxy
from multi_user_oauth.model import Action, Policy
from multi_user_oauth.model.proxy_rule import HOSTS
from multi_user_oauth.model.proxy_target import METHODS
from multi_user_oauth.ports.connectors import PassThrough

logger = logging.getLogger(__name__)


class ProxyRoutes:
    """For persons and agents."""

    def __init__(
        self, *, acts: Acts, pass_through: PassThrough, policy: Callable[[], Policy]
    ) -> None:
        self._acts = acts
        self._pass_through = pass_through
        self._policy = policy

    def routes(self) -> tuple[Route, ...]:
        """Return the route."""
        paths = (f"{CONNECTORS}/proxy/{{path}}", "/{connector_type}/proxy/{path}")
        return (Route(methods=METHODS, paths=paths, handler=self.proxy),)

    def proxy(self, request: Request, connector_type: str, path: str) -> Response:
        """Answer what the provider answers, as its body comes."""

        def said(request: Request) -> SaidToProxy:
            return said_to_proxy(request, path)

        def work(asked: Asked, said: SaidToProxy) -> Response:
            return self._passed(request, asked, said)

        way_in = self._acts.look if request.method == "GET" else self._acts.change
        return way_in(request, connector_type, Action.PROXY, said, work)

    def _passed(self, request: Request, asked: Asked, said: SaidToProxy) -> Response:
        self._require_listed(asked, said)
        passed = self._pass_through.passed(asked.person, said.call(request))
        response = Response(passed.chunks(), status=passed.status, headers=dict(passed.headers))
        response.call_on_close(passed.close)
        return response

    def _require_listed(self, asked: Asked, said: SaidToProxy) -> None:
        # Before the token is taken. It tells of the policy alone, not whether anybody is connected.
        ours = HOSTS.get(said.target.host) is asked.provider
        if not ours or not self._policy().passes_on(asked.caller, said.target):
            extra = {"connection": str(asked.key), "code": ForbiddenError.code}
            logger.warning("a call that the policy does not list was not passed on", extra=extra)
            raise ForbiddenError("the policy does not let this call pass")
