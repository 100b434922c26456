"""Refresh one connection, or finish a disconnect; the only opener of refresh tokens."""

from os import environ

from flask import Request, Response

from multi_user_oauth.wiring import build

serve = build("refresh", environ)


def main(request: Request) -> Response:
    """Answer one request."""
    return serve(request)
