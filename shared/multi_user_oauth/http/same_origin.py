"""Whether a browser sent a request from a page of ours."""

from flask import Request

from multi_user_oauth.errors import CrossSiteRequestError


def require_same_origin(request: Request, origin: str) -> None:
    """
    Return if the browser says that our own page sent this; raise `CrossSiteRequestError`.

    Every browser sends `Origin` with a POST or DELETE of a page; `Sec-Fetch-Site` is looked at where
    it is sent (W3C Fetch Metadata).
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.headers.get("Origin") != origin or site != "same-origin":
        raise CrossSiteRequestError("sent from a page that is not ours")
