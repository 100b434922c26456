"""The agents that the policy names, for administrators and auditors to read."""

from collections.abc import Callable

from flask import Request, Response

from multi_user_oauth.access import require_overseer
from multi_user_oauth.http.account_callers import SessionHolders
from multi_user_oauth.http.endpoint import Route
from multi_user_oauth.http.paths import ACCOUNT
from multi_user_oauth.http.reading import answer, query
from multi_user_oauth.model import AgentRule, Policy


class AgentRoutes:
    """Tells what the policy file says, and nothing of any person."""

    def __init__(self, *, holders: SessionHolders, policy: Callable[[], Policy]) -> None:
        self._holders = holders
        self._policy = policy

    def routes(self) -> tuple[Route, ...]:
        """Return the route."""
        paths = (f"{ACCOUNT}/agents", "/agents")
        return (Route(methods=("GET",), paths=paths, handler=self.agents),)

    def agents(self, request: Request) -> Response:
        """Answer the rule of each agent, by their names."""
        require_overseer(self._holders.person(request))
        query(request, ())
        policy = self._policy()
        return answer(
            {
                "agents": [_told(rule) for _, rule in sorted(policy.agents.items())],
                "delegations_required": policy.delegations_required,
            }
        )


def _told(rule: AgentRule) -> dict[str, object]:
    told: dict[str, object] = {
        "agent": rule.name,
        "connector_types": sorted(rule.connector_types),
        "users": sorted(rule.users),
        "actions": sorted(rule.actions),
    }
    if rule.scopes is not None:
        told["scopes"] = sorted(rule.scopes)
    if rule.rate is not None:
        told["rate"] = rule.rate
    if rule.proxy is not None:
        told["proxy"] = [str(each) for each in rule.proxy]
    return told
