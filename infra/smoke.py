"""Look whether a deployment answers: `python3 infra/smoke.py outputs.json`, of `terraform output -json`.

Nobody signs in and nothing is written. Ends with 1 where an answer is another than it should be, and
says which.
"""  # noqa: INP001  # reason: a program beside Terraform's files, not a package

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple

# {"alg":"RS256","typ":"JWT"} . {"iss":"https://accounts.google.com","sub":"1"} . no signature of Google's
FORGED: Final = (
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"
    ".eyJpc3MiOiJodHRwczovL2FjY291bnRzLmdvb2dsZS5jb20iLCJzdWIiOiIxIn0.Zm9yZ2Vk"
)
_TIMEOUT: Final = 60.0  # seconds; a first instance has to start
_NOT_LET_IN: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Check(NamedTuple):
    """A request, and which answers are right."""

    method: str
    url: str
    right: frozenset[int]
    bearer: str = ""


def checks(outputs: Mapping[str, Any]) -> list[Check]:
    """Return what to ask, by the outputs of Terraform."""
    origin = outputs["public_origin"]["value"]
    bare = outputs["function_urls"]["value"]
    refresh = outputs["refresh_url"]["value"]
    shared = origin.endswith(".cloudfunctions.net")
    web, users = (
        (bare["web"], bare["list_users"]) if shared else (origin, f"{origin}/api/v1/oauth/users")
    )
    ok, unknown = frozenset({HTTPStatus.OK}), frozenset({HTTPStatus.UNAUTHORIZED})
    return [
        Check("GET", f"{web}/", ok),
        Check("GET", f"{web}/connect.js", ok),
        Check("GET", users, unknown),
        # From the platform, before any code of ours runs: with no identity, and with a forged one.
        Check("POST", f"{refresh}/refresh/sweep", frozenset({HTTPStatus.FORBIDDEN})),
        Check("POST", f"{refresh}/refresh/sweep", _NOT_LET_IN, FORGED),
    ]


def status_of(check: Check) -> int:
    """Return the answer's status; 0 where nobody answers."""
    headers = {"Authorization": f"Bearer {check.bearer}"} if check.bearer else {}
    request = urllib.request.Request(  # noqa: S310  # reason: https, or loopback in the tests
        check.url, method=check.method, headers=headers
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310  # reason: the same
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
    except OSError:
        return 0


def run(outputs: Mapping[str, Any], say: Callable[[str], object]) -> bool:
    """Ask everything, say how each ended, and return whether all was right."""
    well = True
    for check in checks(outputs):
        status = status_of(check)
        right = status in check.right
        well &= right
        wanted = " or ".join(str(int(each)) for each in sorted(check.right))
        forged = " (forged identity)" if check.bearer else ""
        said = "ok" if right else f"WRONG, expected {wanted}"
        say(f"{status or 'no answer'}  {check.method} {check.url}{forged}  {said}\n")
    return well


if __name__ == "__main__":
    read = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    sys.exit(0 if run(read, sys.stdout.write) else 1)
