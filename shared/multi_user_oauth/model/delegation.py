"""A person's word on one agent: leave for named actions, a limit, or a cut."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from multi_user_oauth.model.action import Action, includes

EVERY_AGENT: Final = "*"
MOST_DELEGATIONS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """
    What this agent (or `*`: every agent that has no delegation of its own) may do with a connection.

    Never more than the policy file allows it. Without actions the agent is cut; once `expires_at` is
    over it is cut too. Actions are kept as text, so that those of a newer program survive an older one.
    """

    agent: str
    actions: tuple[str, ...]
    given_at: datetime
    expires_at: datetime | None = None

    def allows(self, action: Action, now: datetime) -> bool:
        """Return whether the person's leave covers this action now."""
        return includes(self.actions, action) and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """Return whether its date has passed."""
        return self.expires_at is not None and now >= self.expires_at
