"""Who is connected, as far as the caller may know, and how a sign-in ended."""

from os import environ

from flask import Request, Response

from multi_user_oauth.wiring import build

serve = build("list_users", environ)


def main(request: Request) -> Response:
    """Answer one request."""
    return serve(request)
