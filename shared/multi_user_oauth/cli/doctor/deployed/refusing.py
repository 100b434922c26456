"""Whether every function that everybody reaches refuses forged identities itself."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.deployed.addresses import OUTPUTS_MEND
from multi_user_oauth.cli.doctor.deployed.asking import (
    ERROR,
    REFUSED,
    SERVER_ERROR,
    asked_route,
    bearing,
    identities,
    is_open,
)
from multi_user_oauth.cli.doctor.deployed.visiting import JSON, Answer, Visitor
from multi_user_oauth.cli.doctor.findings import LATER, Check, Finding, Status, Theme
from multi_user_oauth.errors import UnauthenticatedError

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench
    from multi_user_oauth.cli.doctor.deployed.addresses import Addresses
    from multi_user_oauth.sandbox.gateway_catalogue import Function

CHECK: Final = "forged identities"
TOO_MANY: Final = 429
OPEN: Final = (
    "Grant allUsers roles/run.invoker on it (`terraform -chdir=infra apply`; an organisation's policy of "
    "allowed domains may forbid it); or find the rule of Cloud Armor that refuses."
)
ACCEPTED: Final = (
    "Take this function off the net, and report it: SECURITY.md. "
    "Look whether the code that runs is ours."
)
OTHER: Final = (
    "Look whether this address leads to the function, and whether what runs is of this version."
)


def refusing_checks(bench: "Bench", addresses: "Addresses") -> Iterator[Check]:
    """Yield one check for each function that the platform lets everybody in to."""
    for function in addresses.functions:
        if function.invoker != "iam":
            theme = Theme(CHECK, function.name)
            yield Check(theme, partial(_refusing, bench, theme, addresses, function))


def _refusing(
    bench: "Bench", theme: Theme, addresses: "Addresses", function: "Function"
) -> Iterator[Finding]:
    """Ask as everybody may, with identities that nobody signed where one is needed."""
    route = asked_route(function)
    url = addresses.of(function, route, bench.types[0].name if bench.types else "doctor")
    if not url:
        yield theme.bad("its address is not known", OUTPUTS_MEND, status=Status.BY_HAND)
        return
    if is_open(route):
        yield _answering(theme, Visitor(bench.world.monotonic).ask(route.methods[0], url, JSON))
        return
    forged = identities(bench, function, url)
    for who, bearer in forged.items():
        headers = {**JSON, **bearing(bearer)}
        answer = Visitor(bench.world.monotonic).ask(route.methods[0], url, headers)
        if answer.code != UnauthenticatedError.code or answer.status != UnauthenticatedError.status:
            yield _out_of_the_way(theme, answer) or _accepted(theme, answer, who)
            return
    yield theme.ok(f"it refuses by itself (401) {', '.join(forged)}")


def _answering(theme: Theme, answer: Answer) -> Finding:
    trouble = _out_of_the_way(theme, answer)
    if trouble is None and answer.status in REFUSED:
        trouble = theme.bad(f"it refuses whoever asks: {answer.said}", OTHER)
    return trouble or theme.ok("it answers whoever asks, as the catalogue has it")


def _accepted(theme: Theme, answer: Answer, who: str) -> Finding:
    if answer.status < ERROR:
        return theme.bad(f"it took {who}: {answer.said}", ACCEPTED)
    return theme.bad(f"it did not refuse {who} as such: {answer.said}", ACCEPTED)


def _out_of_the_way(theme: Theme, answer: Answer) -> Finding | None:
    """Return what is to be said where it is not the function that answers, or it can not now."""
    if not answer.is_ours and answer.status in REFUSED:
        return theme.bad(f"whatever stands before it lets nobody in ({answer.status})", OPEN)
    if answer.status == TOO_MANY or answer.status >= SERVER_ERROR:
        mend = f"Look into its log. {LATER}"
        return theme.bad(f"it answers {answer.said}", mend, status=Status.UNKNOWN)
    if not answer.is_ours and answer.status >= ERROR:
        return theme.bad(f"something else than this function answers: {answer.status}", OTHER)
    return None
