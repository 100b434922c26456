"""The cookies of flows under way: at most four in a browser, the oldest gives way."""

from typing import Final

from flask import Request, Response

from multi_user_oauth.http.cookies import delete_cookie, set_cookie
from multi_user_oauth.model import Limits
from multi_user_oauth.sign_in.authorize import Leaving

PREFIX: Final = "__Host-flow-"
AT_ONCE: Final = 4


def cookie_of(request: Request, flow_id: str) -> str | None:
    """Return the sealed flow of this id, if this browser has it."""
    return request.cookies.get(PREFIX + flow_id)


def send_away(request: Request, leaving: Leaving, limits: Limits) -> Response:
    """Return the redirect to the provider, 303 so that a form is not sent on (RFC 9700, 4.12)."""
    response = Response(status=303)
    response.headers["Location"] = leaving.location
    # Ids begin with the time: sorted, the oldest stand in front.
    held = sorted(name for name in request.cookies if name.startswith(PREFIX))
    for name in held[: max(0, len(held) - AT_ONCE + 1)]:
        delete_cookie(response, name)
    max_age = int(limits.flow.total_seconds())
    set_cookie(response, PREFIX + leaving.flow_id, leaving.cookie, max_age=max_age)
    return response


def forget(response: Response, flow_id: str) -> None:
    """Delete the cookie of a flow that has ended."""
    delete_cookie(response, PREFIX + flow_id)
