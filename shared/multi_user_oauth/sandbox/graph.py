"""graph.microsoft.com: who a token speaks for, as Microsoft Graph says it."""

from flask import Blueprint, Response, jsonify

from .apis import bearer, graph_error
from .house import Person
from .state import State


class _Routes:
    """The views, over one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def me(self) -> Response:
        person = self._caller("User.Read", "User.ReadWrite")
        if isinstance(person, Response):
            return person
        account = person.account
        return jsonify(
            id=account.oid(person.tenant),
            displayName=account.name,
            mail=account.email,
            userPrincipalName=account.upn_in(person.tenant),
        )

    def _caller(self, *scopes: str) -> Person | Response:
        token = bearer(self._state, "microsoft")
        account = self._state.account(token.account) if token else None
        if token is None or account is None:
            return graph_error(401, "Access token has expired or is not yet valid.")
        if not set(scopes) & set(token.scope.split()):
            return graph_error(403, "Access is denied. Check credentials and try again.")
        return Person(account=account, tenant=token.tenant)


def graph_blueprint(state: State) -> Blueprint:
    """Give the routes of graph.microsoft.com."""
    routes = _Routes(state)
    blueprint = Blueprint("graph", __name__, url_prefix="/graph.microsoft.com/v1.0")
    blueprint.add_url_rule("/me", view_func=routes.me)
    return blueprint
