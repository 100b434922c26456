"""Give an agent a person's access token; opens access tokens and nothing else."""

from os import environ

from flask import Request, Response

from multi_user_oauth.wiring import build

serve = build("access_token", environ)


def main(request: Request) -> Response:
    """Answer one request."""
    return serve(request)
