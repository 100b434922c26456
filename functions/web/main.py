"""The pages that people see, and their assets."""

from os import environ
from pathlib import Path

from flask import Request, Response

from multi_user_oauth.wiring import build

serve = build("web", {"WEB_DIR": str(Path(__file__).parent), **environ})


def main(request: Request) -> Response:
    """Answer one request."""
    return serve(request)
