"""Reading what is to be passed on: the address as it was written, and what in the query is for us."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, unquote_plus

from flask import Request

from multi_user_oauth.errors import DuplicateParameterError, RequestError
from multi_user_oauth.http.reading import body_of
from multi_user_oauth.model.proxy_target import ProxyCall, ProxyTarget

LONGEST_BODY: Final = 8 * 1024 * 1024
OURS: Final = ("user_email", "purpose")
WITHOUT_BODY: Final = frozenset({"GET", "DELETE"})
CREDENTIALS: Final = frozenset(
    {"access_token", "bearer_token", "key", "oauth_token", "xoauth_requestor_id"}
)
"""What Google's APIs take in the query for whose the call is."""
_QUERY: Final = re.compile(r"(?:[!$&-;=?@A-Z\[\]_a-z~]|%[0-9A-Fa-f]{2}){0,4096}")
"""RFC 3986, 3.4, and brackets, which many leave as they are."""
_BEFORE_PATH: Final = "/proxy/"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidToProxy:
    """As whom, what for, and what is to be passed on."""

    user_email: str
    purpose: str
    target: ProxyTarget
    query: str = field(repr=False)

    def call(self, request: Request) -> ProxyCall:
        """Return it all; raise `BodyTooLargeError`, or `RequestError` for a body where none belongs."""
        body = None
        if self.target.method not in WITHOUT_BODY:
            body = body_of(request, LONGEST_BODY)
        elif request.content_length or "Transfer-Encoding" in request.headers:
            raise RequestError("a call of this method has no body")
        headers = dict(request.headers.items())
        return ProxyCall(target=self.target, query=self.query, headers=headers, body=body)


def said_to_proxy(request: Request, path: str) -> SaidToProxy:
    """Return what a request says; raise `RequestError`. `path` is the route's, for a second look."""
    query = request.environ.get("QUERY_STRING", "")
    if not _QUERY.fullmatch(query):
        raise RequestError("the query is not written as in a URL (RFC 3986, 3.4)", field="query")
    ours: dict[str, str] = {}
    passed_on = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if unquote_plus(name) not in OURS:
            passed_on.append(part)
        elif unquote_plus(name) in ours:
            raise DuplicateParameterError("given twice", field=unquote_plus(name))
        else:
            ours[unquote_plus(name)] = _text(value, unquote_plus(name))
    if not ours.get("user_email"):
        raise RequestError("user_email is missing", field="user_email")
    target = _target(request, path)
    for part in passed_on:
        _require_harmless(part, target)
    return SaidToProxy(
        user_email=ours["user_email"],
        purpose=ours.get("purpose", ""),
        target=target,
        query="&".join(passed_on),
    )


def _target(request: Request, path: str) -> ProxyTarget:
    # As it came over the wire (gunicorn, waitress, werkzeug): PATH_INFO no longer tells %2F from a slash.
    written = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or ""
    text = written.partition("?")[0].partition(_BEFORE_PATH)[2]
    if unquote(text) != path:
        raise RequestError("the address can be read in two ways", field="path")
    try:
        return ProxyTarget.read(request.method, text)
    except ValueError:
        raise RequestError(
            "not a host and a plain path, each character once", field="path"
        ) from None


def _require_harmless(part: str, target: ProxyTarget) -> None:
    # Some take `;` for `&`. Google's own `$httpHeaders` and `$httpMethod` would undo what was checked.
    for piece in part.split(";"):
        name = unquote_plus(piece.partition("=")[0]).strip().lower()
        if name in CREDENTIALS:
            raise RequestError("whose a call is, is said by user_email alone", field=name)
        if name.startswith("$") and target.host.endswith(".googleapis.com"):
            raise RequestError("Google's $ parameters are not passed on", field="query")


def _text(value: str, name: str) -> str:
    try:
        return unquote_plus(value, errors="strict")
    except UnicodeDecodeError:
        raise RequestError("no text", field=name) from None
