"""Who calls Microsoft Graph for mail, and what they may."""

from dataclasses import dataclass
from typing import Final

from ..apis import bearer
from ..company import Account
from ..state import State
from .mail_items import Item, find
from .mail_refusals import RefusedError

SEND: Final = ("Mail.Send",)
WRITE: Final = ("Mail.ReadWrite",)
READ_CONTENT: Final = ("Mail.Read", "Mail.ReadWrite")
READ: Final = (*READ_CONTENT, "Mail.ReadBasic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One person, with the scopes of the token that speaks for them."""

    state: State
    account: Account
    tenant: str
    scopes: frozenset[str]

    @property
    def oid(self) -> str:
        """Give the person's object id, as it stands in addresses."""
        return self.account.oid(self.tenant)

    @property
    def addresses(self) -> frozenset[str]:
        """Give the addresses that a person may write as."""
        return frozenset({self.account.email.casefold(), self.account.upn.casefold()})

    def may(self, scopes: tuple[str, ...]) -> bool:
        """Tell whether the token has one of these scopes."""
        return not self.scopes.isdisjoint(scopes)

    def item(self, name: str) -> Item:
        """Give one of the person's own messages. Raises RefusedError for any other."""
        item = find(self.state, self.account, "microsoft", name)
        if item is None:
            text = "The specified object was not found in the store."
            raise RefusedError(404, text, "ErrorItemNotFound")
        return item


def caller(state: State, user: str, scopes: tuple[str, ...]) -> Caller:
    """Give whom the token speaks for. Raises RefusedError without one of the scopes."""
    token = bearer(state, "microsoft")
    account = state.account(token.account) if token else None
    if token is None or account is None:
        raise RefusedError(401, "Access token has expired or is not yet valid.")
    known = Caller(
        state=state, account=account, tenant=token.tenant, scopes=frozenset(token.scope.split())
    )
    named = user.casefold() in ("me", known.oid, account.upn_in(token.tenant).casefold())
    if not known.may(scopes) or not (named or user.casefold() in known.addresses):
        text = "Access is denied. Check credentials and try again."
        raise RefusedError(403, text, "ErrorAccessDenied")
    return known
