"""The vault for asyncio: the same calls, in threads, so that the loop goes on meanwhile."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

import requests

from multi_user_oauth.client.area import Item
from multi_user_oauth.client.identity import Identity
from multi_user_oauth.client.transport import Sleep
from multi_user_oauth.client.vault import Vault

P = ParamSpec("P")
R = TypeVar("R")

Once = Callable[Concatenate["AsyncVault", P], Coroutine[Any, Any, R]]
Many = Callable[Concatenate["AsyncVault", P], AsyncIterator[Item]]


def _once(method: Callable[Concatenate[Vault, P], R]) -> Once[P, R]:
    async def call(self: "AsyncVault", /, *args: P.args, **named: P.kwargs) -> R:
        return await asyncio.to_thread(method, self.vault, *args, **named)

    functools.update_wrapper(call, method)
    return call


def _many(method: Callable[Concatenate[Vault, P], Iterator[Item]]) -> Many[P]:
    async def call(self: "AsyncVault", /, *args: P.args, **named: P.kwargs) -> AsyncIterator[Item]:
        items = method(self.vault, *args, **named)
        while (item := await asyncio.to_thread(next, items, None)) is not None:
            yield item

    functools.update_wrapper(call, method)
    return call


class AsyncVault:
    """
    What `Vault` does, to be awaited; what it lists, to be read by `async for`.

    It is that client in the loop's pool of threads (`asyncio.to_thread`), so it needs no other HTTP
    library, and each call under way takes a thread. A call that is cancelled is still done at the API.
    """

    def __init__(
        self,
        origin: str,
        identity: Identity | None = None,
        *,
        session: requests.Session | None = None,
        sleep: Sleep | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        """`vault` is what it works with; the adapters for libraries take that."""
        self.vault = Vault(origin, identity, session=session, sleep=sleep, now=now)

    access_token = _once(Vault.access_token)
    send_email = _once(Vault.send_email)
    messages = _many(Vault.messages)
    message = _once(Vault.message)
    files = _many(Vault.files)
    file = _once(Vault.file)
    download = _once(Vault.download)
    upload = _once(Vault.upload)
    events = _many(Vault.events)
    create_event = _once(Vault.create_event)
    chats = _many(Vault.chats)
    teams = _many(Vault.teams)
    channels = _many(Vault.channels)
    send_chat_message = _once(Vault.send_chat_message)
    post_in_channel = _once(Vault.post_in_channel)
