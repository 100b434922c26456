"""Act as a person at Microsoft or Google, for whoever may; no token leaves."""

from os import environ

from flask import Request, Response

from multi_user_oauth.wiring import build

serve = build("connectors", environ)


def main(request: Request) -> Response:
    """Answer one request."""
    return serve(request)
