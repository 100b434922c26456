"""Where Google sends the person back to: the connection is stored, the session signed."""

from os import environ

from flask import Request, Response

from multi_user_oauth.wiring import build

serve = build("callback_google", environ)


def main(request: Request) -> Response:
    """Answer one request."""
    return serve(request)
