"""Whether the platform lets in only whom IAM names, and nobody past the load balancer."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.deployed.addresses import OUTPUTS_MEND, at, filled
from multi_user_oauth.cli.doctor.deployed.asking import (
    ERROR,
    NOBODY,
    NOT_THERE,
    REFUSED,
    SERVER_ERROR,
    asked_route,
    bearing,
    harmless_method,
    identities,
)
from multi_user_oauth.cli.doctor.deployed.visiting import JSON, Answer, Visitor
from multi_user_oauth.cli.doctor.findings import LATER, Check, Finding, Status, Theme

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench
    from multi_user_oauth.cli.doctor.deployed.addresses import Addresses
    from multi_user_oauth.sandbox.gateway_catalogue import Function

CHECK: Final = "platform"
HERE: Final = "Look at a deployment: its settings with --env FILE, and --outputs FILE of Terraform."
CLOSE: Final = (
    "At once: `terraform -chdir=infra apply`, or take roles/run.invoker from allUsers and "
    "allAuthenticatedUsers (gcloud run services remove-iam-policy-binding). Then look in its log who "
    "came in."
)
INGRESS: Final = (
    "Close its ingress to all but the load balancer (ALLOW_INTERNAL_AND_GCLB; `terraform -chdir=infra "
    "apply` does): past it no rate and no rule of Cloud Armor holds. From a network of the project it "
    "always answers: then run doctor elsewhere."
)
UNMAP: Final = "Take its routes out of the load balancer's map: infra/routes.tf leaves them out."


def platform_checks(bench: "Bench", addresses: "Addresses") -> Iterator[Check]:
    """Yield the checks: of each function at each of its addresses, one."""
    if addresses.is_here:
        return
    for function in addresses.functions:
        is_closed, own = function.invoker == "iam", addresses.own[function.name]
        at_home = Theme(CHECK, function.name)
        past = Theme(CHECK, f"{function.name} past the front door")
        for each in own:
            if is_closed:
                yield Check(at_home, partial(_closed, bench, at_home, each, function))
            elif not addresses.is_shared:
                yield Check(past, partial(_past, bench, past, each, function))
        if is_closed and not addresses.is_shared:
            yield Check(at_home, partial(_not_behind, bench, at_home, addresses, function))


def platform_findings(addresses: "Addresses") -> Iterator[Finding]:
    """Yield what can not be looked at, and why."""
    closed = [each.name for each in addresses.functions if each.invoker == "iam"]
    behind = [each.name for each in addresses.functions if each.invoker != "iam"]
    for name in closed:
        theme = Theme(CHECK, name)
        if addresses.is_here:
            what = f"{addresses.origin} is no deployment: no platform stands before it"
            yield theme.bad(what, HERE, status=Status.BY_HAND)
        elif not addresses.own[name]:
            mend = f"Set REFRESH_URL. {OUTPUTS_MEND}"
            yield theme.bad("its address is not known", mend, status=Status.BY_HAND)
    if addresses.is_here or addresses.is_shared or any(addresses.own[name] for name in behind):
        return
    what = "whether functions answer past the load balancer: their own addresses are not known"
    yield Theme(CHECK, "ingress").bad(what, OUTPUTS_MEND, status=Status.BY_HAND)


def _closed(bench: "Bench", theme: Theme, address: str, function: "Function") -> Iterator[Finding]:
    """Ask what no route of it answers: whoever is let in, nothing is done."""
    route = function.routes[0]
    url = at(address, route, "doctor")
    strangers = {NOBODY: "", **identities(bench, function, url)}
    answers = {
        who: Visitor(bench.world.monotonic).ask(harmless_method(route), url, bearing(bearer))
        for who, bearer in strangers.items()
    }
    yield _judged_closed(theme, address, answers)


def _not_behind(
    bench: "Bench", theme: Theme, addresses: "Addresses", function: "Function"
) -> Iterator[Finding]:
    """Ask the front door for it, in the same way."""
    route = function.routes[0]
    url = addresses.origin + filled(route.path, "doctor")
    answer = Visitor(bench.world.monotonic).ask(harmless_method(route), url, JSON)
    if answer.status == NOT_THERE or (answer.status in REFUSED and not answer.is_ours):
        yield theme.ok(f"the front door does not lead to it ({answer.said})")
    elif answer.status >= SERVER_ERROR and not answer.is_ours:
        yield theme.bad(f"{url} answers {answer.said}", LATER, status=Status.UNKNOWN)
    else:
        yield theme.bad(f"the front door leads to it: {url} answers {answer.said}", UNMAP)


def _judged_closed(theme: Theme, address: str, answers: Mapping[str, Answer]) -> Finding:
    for who, answer in answers.items():
        if answer.is_ours or answer.status < ERROR:
            by = "our own code answered" if answer.is_ours else "the answer was"
            return theme.bad(f"the platform lets {who} in at {address}: {by} {answer.said}", CLOSE)
    for who, answer in answers.items():
        if answer.status not in REFUSED:
            what = f"{address} answers {answer.status} to {who}: not what IAM's refusal looks like"
            mend = (
                "404: compare REFRESH_URL with `terraform -chdir=infra output refresh_url`, and look at "
                "its ingress. Else run doctor again."
            )
            return theme.bad(what, mend, status=Status.UNKNOWN)
    said = ", ".join(f"{who} ({answer.status})" for who, answer in answers.items())
    return theme.ok(f"at {address} the platform refuses {said}")


def _past(bench: "Bench", theme: Theme, address: str, function: "Function") -> Iterator[Finding]:
    """Ask past the load balancer, as whoever wants to be rid of its rules."""
    route = asked_route(function)
    method = harmless_method(route)
    answer = Visitor(bench.world.monotonic).ask(method, at(address, route, "doctor"), JSON)
    if answer.is_ours or answer.status < ERROR:
        yield theme.bad(f"{address} answers the whole net: {answer.said}", INGRESS)
    elif answer.status in {NOT_THERE, *REFUSED}:
        yield theme.ok(f"{address} is closed to the net ({answer.status})")
    else:
        yield theme.bad(f"{address} answers {answer.status}", LATER, status=Status.UNKNOWN)
