"""Start a sign-in: a link for an API call, a page for a person, the trip for their click."""

from os import environ

from flask import Request, Response

from multi_user_oauth.wiring import build

serve = build("authorize", environ)


def main(request: Request) -> Response:
    """Answer one request."""
    return serve(request)
