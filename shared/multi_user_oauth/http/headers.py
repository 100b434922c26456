"""The headers of every answer, refusals and pages too."""

from typing import Final

from flask import Response

CODE: Final = "X-Problem-Code"
"""Carries a problem's code from whoever refuses to the log line; it does not leave."""
FOR_FORMS: Final = "same-origin"
"""
Referrer-Policy of pages with a form. With no-referrer the browser sends `Origin: null` with the form
(Fetch, "append a request Origin header"), and we could not tell that it is ours. Others still learn
nothing: neither referrer nor origin leaves for another host.
"""
_UNLESS_GIVEN: Final = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
)
_ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Strict-Transport-Security", "max-age=31536000"),
)


def hardened(response: Response) -> str:
    """Give the answer the headers of every answer; return the code of its problem, which stays here."""
    headers = response.headers
    # Once over the headers, not once for each that is looked for: this is done for every answer.
    given = {name.lower() for name, _ in headers}
    code: str = headers.pop(CODE) if CODE.lower() in given else ""
    for name, value in _UNLESS_GIVEN:
        if name.lower() not in given:
            headers.add(name, value)
    for name, value in _ALWAYS:
        if name.lower() in given:
            headers.remove(name)
        headers.add(name, value)
    return code
