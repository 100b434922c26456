"""Our cookies: `__Host-` ones all, for this host only."""

from flask import Response

from multi_user_oauth.model import Secret


def set_cookie(response: Response, name: str, value: Secret, *, max_age: int) -> None:
    """Set a `__Host-` cookie: this host only, never to scripts, not on other sites' requests."""
    response.set_cookie(
        name, value.reveal(), max_age=max_age, secure=True, httponly=True, samesite="Lax", path="/"
    )


def delete_cookie(response: Response, name: str) -> None:
    """Delete a `__Host-` cookie."""
    response.delete_cookie(name, secure=True, httponly=True, samesite="Lax", path="/")
