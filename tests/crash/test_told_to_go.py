"""A function that is told to go forgets the data keys that it has at hand."""

import signal
from pathlib import Path
from typing import Final

from multi_user_oauth.wiring.provision import provision
from tests.support.installation import write_settings
from tests.support.processes import Process, answers, free_ports, until

FUNCTION: Final = '''
"""Holds a data key as `access_token` does, and writes down how many it holds at the very end."""

import atexit
import gc
import os
from pathlib import Path

TOLD = Path(os.environ["TOLD"])
served = []


def tell():
    """Be called last: what was registered first is."""
    if served:
        TOLD.write_text(str(len(cache)))


atexit.register(tell)

from multi_user_oauth.keys.cache import DataKeyCache
from multi_user_oauth.model import Kind
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.world import World

opener = Parts("access_token", Settings(os.environ), World()).opener(Kind.ACCESS)
cache = next(each for each in gc.get_objects() if isinstance(each, DataKeyCache))


def main(request):
    """Hold one."""
    cache.put(b"wrapped", b"outer", bytes(32))
    served.append(len(cache))
    return "held"
'''


def test_data_keys_are_forgotten_at_sigterm(tmp_path: Path) -> None:
    """N52: Of a function that serves as in production; nothing is left when its process ends."""
    source, told = tmp_path / "main.py", tmp_path / "told"
    source.write_text(FUNCTION, "utf-8")
    settings = write_settings(tmp_path, provision(tmp_path), "http://127.0.0.1:9")
    (port,) = free_ports(1)
    process = Process(
        "told-to-go",
        [
            "-m", "functions_framework", "--source", str(source), "--target", "main",
            "--host", "127.0.0.1", "--port", str(port),
        ],
        settings={**settings, "TOLD": str(told)},
        talks=False,
    )  # fmt: skip
    try:
        until(lambda: answers(process, port), "it serves")
        assert not told.exists()
        process.send(signal.SIGTERM)
        process.ended()
    finally:
        process.stop()
    assert told.read_text() == "0"
