"""One call of a provider's API, before anybody's token is in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from multi_user_oauth.net.door import WHOLE
from multi_user_oauth.ports.connectors import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One call: any of the scopes `needs` opens it, the narrowest first.

    `sends`: what it does must not happen twice, so that nobody repeats it unless the provider says that
    nothing was done. `seconds` is how long its answer may take.
    """

    method: str
    url: str = field(repr=False)
    needs: tuple[str, ...]
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Stream | None = field(default=None, repr=False)
    sends: bool = False
    seconds: float = WHOLE


def json_call(
    method: str,
    url: str,
    document: object,
    *,
    needs: tuple[str, ...],
    sends: bool = False,
    headers: Mapping[str, str] | None = None,
    query: tuple[tuple[str, str], ...] = (),
) -> Call:
    """Return a call whose body is JSON."""
    return Call(
        method=method,
        url=url,
        needs=needs,
        query=query,
        headers={"Content-Type": "application/json", **(headers or {})},
        body=json.dumps(document).encode(),
        sends=sends,
    )
