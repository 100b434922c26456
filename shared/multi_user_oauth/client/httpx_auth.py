"""People's tokens for httpx: `httpx.Client(auth=UserAuth(vault, ...))`, or an `AsyncClient`."""

import asyncio
from collections.abc import AsyncGenerator, Generator

import httpx

from multi_user_oauth.client.holder import UNAUTHORIZED, Holder


class UserAuth(Holder, httpx.Auth):
    """
    Puts a person's token into each request; what is answered 401 goes once more with another token.

    Requests raise what `Vault.access_token` raises; an `AsyncClient` waits for it in a thread. To another
    host a redirect brings no token. A body that is read from a file or generator is not sent twice: then
    the 401 is the answer.
    """

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Send it, and once more if the answer is 401."""
        request.headers["Authorization"] = self._header(str(request.url))
        response = yield request
        if _refused(response, request):
            challenge = response.headers.get("WWW-Authenticate", "")
            request.headers["Authorization"] = self._header_after(challenge)
            yield request

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Do the same, and let the loop go on meanwhile."""
        header = await asyncio.to_thread(self._header, str(request.url))
        request.headers["Authorization"] = header
        response = yield request
        if _refused(response, request):
            challenge = response.headers.get("WWW-Authenticate", "")
            header = await asyncio.to_thread(self._header_after, challenge)
            request.headers["Authorization"] = header
            yield request


def _refused(response: httpx.Response, request: httpx.Request) -> bool:
    repeatable = isinstance(request.stream, httpx.ByteStream)
    return response.status_code == UNAUTHORIZED and repeatable and response.request is request
