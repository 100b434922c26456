"""One process that sweeps when it is told to, or barely posts the same forms; it speaks in lines."""

import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

from multi_user_oauth.providers.microsoft_request import unreserved
from multi_user_oauth.settings import Settings
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.sweeping import Sweeping
from multi_user_oauth.wiring.world import World
from tests.benchmarks.people import CONNECTOR_TYPE, keys, oid_of
from tests.benchmarks.quick_microsoft import DISCOVERY, refresh_token

LONG_ENOUGH: Final = timedelta(minutes=20)
TIMEOUT: Final = 8.0
STATUS: Final = Path("/proc/self/status")


class Sweeper:
    """A sweep as the function `refresh` has it, and beside it the least that a refresh can be."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._rounds = Sweeping(parts).rounds()
        self._threads = parts.settings.sweep_threads

    def sweep(self) -> dict[str, Any]:
        """Refresh all that is due."""
        swept = self._rounds.round(self._parts.world.now() + LONG_ENOUGH)
        return {"counts": {outcome.value: number for outcome, number in swept.counts.items()}}

    def post(self, number: int) -> dict[str, Any]:
        """Post so many forms as MSAL writes them, by as many threads, over as many connections."""
        connector_type = self._parts.connector_types[CONNECTOR_TYPE]
        (secret, *_) = self._parts.client_secrets.get(connector_type.client_secret_name)
        scopes = (
            *unreserved(connector_type.required_scopes),
            "offline_access",
            "openid",
            "profile",
        )
        common = {
            "client_id": connector_type.client_id, "grant_type": "refresh_token", "client_info": 1,
            "client_secret": secret.reveal(), "scope": " ".join(sorted(scopes)),
        }  # fmt: skip
        place = DISCOVERY["token_endpoint"].removeprefix("https://")
        with requests.Session() as session, ThreadPoolExecutor(self._threads) as pool:
            session.trust_env = False
            session.mount("http://", HTTPAdapter(pool_maxsize=self._threads))

            def ask(token: str) -> str:
                answer = session.post(
                    f"{self._parts.sandbox_url}/{place}",
                    data={**common, "refresh_token": token},
                    timeout=TIMEOUT,
                )
                return str(answer.json()["refresh_token"])

            tokens = [refresh_token(oid_of(key)) for key in keys(number, "posted")]
            return {"counts": {"posted": len(list(pool.map(ask, tokens)))}}


def main() -> None:
    """Do each thing, and tell what it came to, how long it took, and the largest size so far."""
    sweeper = Sweeper(Parts("refresh", Settings(dict(os.environ)), World(stream=sys.stderr)))
    deeds: dict[str, Callable[..., dict[str, Any]]] = {"sweep": sweeper.sweep, "post": sweeper.post}
    for line in sys.stdin:
        task = json.loads(line)
        began, spent = perf_counter(), process_time()
        told = deeds[task.pop("do")](**task)
        told |= {"seconds": perf_counter() - began, "cpu": process_time() - spent}
        told["largest"] = _largest()
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


def _largest() -> float:
    """Return the most mebibytes that this process ever held (proc(5), status); 0 if nobody knows."""
    # Not getrusage: its figure begins with that of the process which started this one.
    if not STATUS.exists():
        return 0.0
    lines = STATUS.read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
