"""The signed-in person's own affairs: session, delegations, audit, usage."""

from os import environ

from flask import Request, Response

from multi_user_oauth.wiring import build

serve = build("account", environ)


def main(request: Request) -> Response:
    """Answer one request."""
    return serve(request)
