"""Whose connection the tools use, by which API, and how each of their calls is made."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, Final, TypeVar

from mcp_types import InputRequiredResult, ToolAnnotations
from pydantic import Field

from multi_user_oauth.client import Connectors
from multi_user_oauth.errors.client import (
    ApiError,
    DelegationRequiredError,
    ReauthorizationRequiredError,
)
from multi_user_oauth.mcp.refusals import unsure
from multi_user_oauth.mcp.sign_in import Call, SignIn, asked_before

T = TypeVar("T")
Item = dict[str, Any]

MOST_ITEMS: Final = 100
MOST_TEXT: Final = 100_000
"""Characters of a mail that a model is given."""
MOST_BYTES: Final = 1024 * 1024
"""Of a file, in each direction."""

Limit = Annotated[int, Field(ge=1, le=MOST_ITEMS, description="At most so many items.")]
Search = Annotated[
    str | None, Field(min_length=1, description="Words to look for, in the provider's search.")
]
Zone = Annotated[str | None, Field(description="IANA name, such as Europe/Berlin; else UTC.")]
Key = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=200,
        description="Leave it out for something new. To repeat a call of which nobody knows how it "
        "ended, give the key that its error named: then it is done once.",
    ),
]

READS: Final = ToolAnnotations(read_only_hint=True, open_world_hint=True)
SENDS: Final = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True
)
"""Others get it at once, and it can not be taken back."""
ADDS: Final = SENDS.model_copy(update={"destructive_hint": False})
"""Something is there that was not; nothing is replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One connection; `whose` is its type and the e-mail."""

    api: Connectors
    whose: tuple[str, str]
    purpose: str
    sign_in: SignIn
    new_key: Callable[[], str]

    async def does(self, call: Call, work: Callable[[], T]) -> T | InputRequiredResult:
        """Return what the work returns; raise `ToolError`."""
        return await self.sign_in.through(call, work)

    async def sends(
        self, call: Call, key: str | None, work: Callable[[str], T]
    ) -> T | InputRequiredResult:
        """Return what the work returns, which does it once for its key; raise `ToolError`."""
        before = asked_before(call)
        chosen = key or (before.key if before else self.new_key())

        def once() -> T:
            try:
                return work(chosen)
            except (ReauthorizationRequiredError, DelegationRequiredError):
                raise  # before anything was sent
            except ApiError as refused:
                raise unsure(refused, chosen) from None

        return await self.sign_in.through(call, once, chosen)


def known(item: Item, shape: type) -> Any:  # noqa: ANN401  # reason: a TypedDict that is named at run time
    """Return what the shape names of an item; the API may say more one day."""
    return {name: item[name] for name in shape.__annotations__ if name in item}


def first(items: Any, limit: int, shape: type) -> list[Any]:  # noqa: ANN401  # reason: the same
    """Return the first items, as the shape has them."""
    return [known(item, shape) for item in islice(items, limit)]
