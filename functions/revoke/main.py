"""End a connection; the sealed refresh token is moved, never opened."""

from os import environ

from flask import Request, Response

from multi_user_oauth.wiring import build

serve = build("revoke", environ)


def main(request: Request) -> Response:
    """Answer one request."""
    return serve(request)
