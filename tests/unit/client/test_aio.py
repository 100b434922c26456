"""The same calls for asyncio: awaited, and the loop goes on meanwhile."""

import asyncio
import inspect
import threading
from typing import Any

import pytest

from multi_user_oauth.client import ApiError, AsyncVault, Vault

from .fake_api import ORIGIN, TOKEN, WHOSE, Answer, Asked, FakeApi, gives, refuses, says


def awaited(api: FakeApi) -> AsyncVault:
    """Return the client under test."""
    return AsyncVault(
        ORIGIN, lambda _: TOKEN, session=api.session, sleep=api.slept.append, now=api.clock
    )


def test_all_that_a_vault_does_can_be_awaited() -> None:
    """Under the same name, with the same arguments and the same words."""
    names = [name for name, _ in inspect.getmembers(Vault, inspect.isfunction) if name[0] != "_"]
    assert {"access_token", "send_email", "files"} <= set(names)
    for name in names:
        theirs: Any = getattr(AsyncVault, name)
        assert inspect.signature(theirs) == inspect.signature(getattr(Vault, name))
        assert theirs.__doc__ == getattr(Vault, name).__doc__


def test_calls_are_awaited_and_lists_are_read_as_they_come() -> None:
    """A page is asked for when it is needed."""
    api = FakeApi(
        gives("token"),
        says({"status": "sent"}),
        says({"messages": [{"id": "1"}], "next_page_token": "two"}),
        says({"messages": [{"id": "2"}]}),
    )

    async def work() -> list[str]:
        vault = awaited(api)
        token = await vault.access_token(*WHOSE, purpose="test")
        assert token.value.reveal() == "token"
        assert (await vault.access_token(*WHOSE, purpose="test")) is token
        sent = await vault.send_email(*WHOSE, to="john@company.com", subject="Hi", body="Hi")
        assert sent["status"] == "sent"
        return [mail["id"] async for mail in vault.messages(*WHOSE)]

    assert asyncio.run(work()) == ["1", "2"]
    assert len(api.asked) == 4


def test_a_refusal_comes_as_from_the_vault() -> None:
    """Out of what is awaited."""
    api = FakeApi(refuses("forbidden", 403))

    async def work() -> None:
        await awaited(api).message(*WHOSE, "1")

    with pytest.raises(ApiError, match="forbidden"):
        asyncio.run(work())


def test_the_loop_goes_on_while_a_call_waits() -> None:
    """The answer comes only after the loop has let it come."""
    go_on = threading.Event()

    def waits(asked: Asked) -> Answer:
        assert go_on.wait(10)
        return gives("token")(asked)

    async def work() -> str:
        asyncio.get_running_loop().call_soon(go_on.set)
        return (await awaited(FakeApi(waits)).access_token(*WHOSE)).value.reveal()

    assert asyncio.run(work()) == "token"
