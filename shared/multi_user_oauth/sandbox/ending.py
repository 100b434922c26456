"""Ending waitress, for which it has no way: inside of its own loop, and what wakes that last."""

import threading
from collections.abc import Callable
from typing import Any, Final

from waitress.server import TcpWSGIServer
from waitress.wasyncore import close_all, dispatcher

NO_FILE: Final = -1


def end_waitress(files: dict[int, Any], thread: threading.Thread, *, patience: float) -> None:
    """
    Close a running server's `files`, its map of sockets, and wait for its `thread`.

    A request may go on for `patience` seconds. Where nothing is open any more, nothing happens.
    """
    servers = [each for each in files.values() if isinstance(each, TcpWSGIServer)]
    if not servers:
        return
    triggers = [server.trigger for server in servers]
    # Workers write to the triggers until they have ended, so these are closed last.
    _in_loop(triggers[0], lambda: _close_all_but(files, triggers), patience)
    servers[0].task_dispatcher.shutdown(timeout=patience)
    _in_loop(triggers[0], lambda: _close(files, triggers), patience)
    thread.join(patience)


def _close_all_but(files: dict[int, Any], triggers: list[Any]) -> None:
    for each in [each for each in files.values() if each not in triggers]:
        # A server's own `close` would close its trigger too.
        dispatcher.close(each) if isinstance(each, TcpWSGIServer) else each.close()


def _close(files: dict[int, Any], triggers: list[Any]) -> None:
    close_all(files)
    for trigger in triggers:
        trigger.trigger = NO_FILE  # another file may get the number that this one had


def _in_loop(trigger: Any, act: Callable[[], None], patience: float) -> None:  # noqa: ANN401  # reason: waitress has no types
    """Have it done by waitress' own thread, which alone may close what it waits for."""
    pulled, done = threading.Event(), threading.Event()

    def when_pulled() -> None:
        pulled.wait()  # a worker may wake the loop before we have: we still write to the trigger
        act()
        done.set()

    trigger.pull_trigger(when_pulled)
    pulled.set()
    done.wait(patience)
