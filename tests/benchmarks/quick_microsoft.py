"""
Microsoft as quick as a benchmark needs it, in a process of its own: `-m` this module.

The sandbox signs two tokens for each answer, which is most of what it does, and manages some hundreds a
second on a whole core: what asks it would be measured by that. This one answers in the sandbox's form
and lengths, with signatures made up beforehand (nobody checks them at a refresh), each answer the same
time after its request, and counts how often each refresh token was brought.
"""

import argparse
import asyncio
import base64
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

import requests

from multi_user_oauth.sandbox.company import COMPANY_TENANT

LOGIN: Final = f"https://login.microsoftonline.com/{COMPANY_TENANT}"
COUNTS: Final = "/counts"
ISSUER: Final = f"{LOGIN}/v2.0"
DISCOVERY: Final = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{LOGIN}/oauth2/v2.0/authorize",
    "token_endpoint": f"{LOGIN}/oauth2/v2.0/token",
    "jwks_uri": f"{LOGIN}/discovery/v2.0/keys",
}
SCOPE: Final = "openid profile User.Read Mail.Send Files.Read"
USUAL: Final = 1800
"""Characters of an access token: what Microsoft's have; Google's have some 220."""
LIVES: Final = 3599
_HEAD_ENDS: Final = b"\r\n\r\n"
_HEADER: Final = {"alg": "RS256", "typ": "JWT", "kid": "made-up"}
_SIGNATURE: Final = "s" * 342


def refresh_token(oid: str, number: int = 1, length: int = USUAL) -> str:
    """Return this person's refresh token of this number."""
    return f"1~{oid}~{number}~".ljust(length, "r")


def answer(form: Mapping[str, str], now: int) -> dict[str, object]:
    """Return what Microsoft answers to a refresh; raise `ValueError` or `KeyError` for another form."""
    brought = form["refresh_token"]
    _, oid, number, _ = brought.split("~")
    claims = {
        "iss": ISSUER, "aud": form["client_id"], "tid": COMPANY_TENANT, "oid": oid, "sub": oid,
        "name": "Someone", "acct": 0, "ver": "2.0", "iat": now, "nbf": now, "exp": now + LIVES,
    }  # fmt: skip
    return {
        "token_type": "Bearer",
        "scope": SCOPE,
        "expires_in": LIVES,
        "ext_expires_in": LIVES,
        "access_token": f"{oid}~{number}~".ljust(USUAL, "a"),
        "refresh_token": refresh_token(oid, int(number) + 1, len(brought)),
        "id_token": ".".join((_encoded(_HEADER), _encoded(claims), _SIGNATURE)),
    }


def _encoded(part: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


class _Microsoft:
    def __init__(self, latency: float, sandbox: str) -> None:
        self.latency = latency
        self._sandbox = sandbox
        self._brought: Counter[str] = Counter()

    def told(self, method: str, path: str, body: str, now: int) -> object:
        """Return the answer: to a refresh after counting it, else as the sandbox gives it."""
        if method == "POST" and path.endswith("/token"):
            form = dict(parse_qsl(body))
            self._brought[form["refresh_token"]] += 1
            return answer(form, now)
        if path == COUNTS:
            return {"asked": self._brought.total(), "tokens": len(self._brought)}
        if path.endswith("/openid-configuration"):
            return DISCOVERY
        return requests.get(self._sandbox + path, timeout=10).json()


class _Connection(asyncio.Protocol):
    """One kept-alive connection, with one request at a time on it."""

    def __init__(self, microsoft: _Microsoft) -> None:
        self._microsoft = microsoft
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request that has wholly come in, after the latency."""
        self._received += data
        head, ends, body = self._received.partition(_HEAD_ENDS)
        if not ends:
            return
        lines = head.decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:])
        if len(body) < int(fields.get("content-length", "0")):
            return
        self._received = b""
        method, path, _ = lines[0].split(" ")
        loop = asyncio.get_running_loop()
        due = loop.time() + (self._microsoft.latency if method == "POST" else 0)
        now = int(time.time())  # noqa: TID251  # reason: a process of its own, real time
        told = self._microsoft.told(method, path, body.decode(), now)
        loop.call_at(due, self._send, json.dumps(told).encode())

    def _send(self, body: bytes) -> None:
        assert self._transport is not None
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        self._transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


async def _serve(microsoft: _Microsoft) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(microsoft), "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, help="seconds of each token answer")
    parser.add_argument("--sandbox", help="the address of the one that answers all else")
    asked = parser.parse_args()
    asyncio.run(_serve(_Microsoft(asked.latency, asked.sandbox)))
