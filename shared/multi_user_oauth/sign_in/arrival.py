"""How a flow ended: well, or with the reason why not."""

from dataclasses import dataclass

from multi_user_oauth.errors import MultiUserOAuthError
from multi_user_oauth.model import ProvedPerson
from multi_user_oauth.sign_in.authorize import Leaving
from multi_user_oauth.sign_in.flow import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """The flow ended well: who it was, and where to go on. `again` asks the browser to go once more."""

    flow: Flow
    person: ProvedPerson
    again: Leaving | None = None


class FailedFlowError(MultiUserOAuthError):
    """
    A flow whose cookie opened, and that failed: `flow` says what it was for, the cause why.

    Unless it is `over`, nothing was spent, and the same answer of the provider may come again.
    """

    def __init__(self, flow: Flow, cause: MultiUserOAuthError, *, over: bool = True) -> None:
        super().__init__(cause.code)
        self.flow = flow
        self.cause = cause
        self.over = over
