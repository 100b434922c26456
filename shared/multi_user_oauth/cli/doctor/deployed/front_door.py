"""Whether PUBLIC_ORIGIN is reached by https only, proves its name, and sends its answers whole."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from multi_user_oauth.cli.doctor.deployed.page_headers import kept_headers
from multi_user_oauth.cli.doctor.deployed.platform import HERE
from multi_user_oauth.cli.doctor.deployed.tls import (
    CertificateRefusedError,
    HandshakeRefusedError,
    proof,
    speaks_tls_1_1,
)
from multi_user_oauth.cli.doctor.deployed.visiting import JSON, Answer, NoAnswerError, Visitor
from multi_user_oauth.cli.doctor.findings import LATER, Check, Finding, Status, Theme
from multi_user_oauth.cli.output import tame

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench
    from multi_user_oauth.cli.doctor.deployed.addresses import Addresses

CHECK: Final = "front door"
SOON: Final = timedelta(days=21)
"""Those that renew themselves do so a month before."""
OK: Final = 200
NOT_FOUND: Final = 404
SERVER_ERROR: Final = 500
REDIRECTS: Final = range(301, 309)
UNKNOWN_PATH: Final = "/doctor/no-such-path"
PROXY_MEND: Final = (
    "Look from a machine that reaches it directly, not through a proxy: "
    "openssl s_client -connect {host}"
)
CERTIFICATE: Final = (
    "Give the load balancer a certificate for {host}, with its whole chain. Google's managed one comes "
    "up to an hour after the name's A record leads here, and renews itself: `gcloud compute "
    "ssl-certificates list` says what it waits for."
)
OLD: Final = "Set the load balancer's SSL policy to TLS 1.2 and later: infra/edge.tf has it."
PLAIN: Final = (
    "Let plain http be answered by nobody, or by a redirect to https alone (infra/edge.tf): the load "
    "balancer's, since functions do not see the difference."
)
CHANGED: Final = (
    "The function `web` sends all of them: look what stands before it and changes headers (a CDN, a "
    "proxy), and whether what runs is of this version."
)
TELLING: Final = "Let whatever stands in front say neither its name nor its version."
STRANGER: Final = (
    "Look whether the name leads to the load balancer, and that to the function `web`."
)
_DEBUGGING: Final = re.compile(rb"Traceback \(most recent|Werkzeug Debugger|__debugger__")


def front_door_checks(bench: "Bench", addresses: "Addresses") -> Iterator[Check]:
    """Yield the checks."""
    if not addresses.is_shared:
        for name, look in (("pages", _page), ("unknown path", _nowhere)):
            theme = Theme(CHECK, name)
            yield Check(theme, partial(look, bench, theme, addresses.origin))
    if not addresses.is_here:
        for name, look in (
            ("certificate", _certificate),
            ("old TLS", _old),
            ("plain http", _plain),
        ):
            theme = Theme(CHECK, name)
            yield Check(theme, partial(look, bench, theme, addresses.origin))


def front_door_findings(addresses: "Addresses") -> Iterator[Finding]:
    """Yield that there is none, where there is none."""
    if addresses.is_here:
        what = (
            f"{addresses.origin} is plain http on this machine: no deployment, and no certificate"
        )
        yield Theme(CHECK, "https").bad(what, HERE, status=Status.BY_HAND)


def _certificate(bench: "Bench", theme: Theme, origin: str) -> Iterator[Finding]:
    host, port = _host(origin)
    try:
        proved = proof(host, port)
    except CertificateRefusedError as error:
        yield theme.bad(f"it does not prove {host}: {error}", CERTIFICATE.format(host=host))
        return
    except HandshakeRefusedError as error:
        what = f"{host} has no certificate, or speaks no TLS of today ({error})"
        yield theme.bad(what, CERTIFICATE.format(host=host))
        return
    except OSError as error:
        yield _unreached(theme, host, error)
        return
    left = proved.ends - bench.world.now()
    said = f"it proves {host} ({proved.version}), until {proved.ends:%Y-%m-%d}: {left.days} days"
    if left < SOON:
        mend = f"It should have been renewed by now. {CERTIFICATE.format(host=host)}"
        yield theme.bad(said, mend, status=Status.WARNING)
    else:
        yield theme.ok(said)


def _old(bench: "Bench", theme: Theme, origin: str) -> Iterator[Finding]:
    host, port = _host(origin)
    try:
        spoken = speaks_tls_1_1(host, port, bench.world.draw)
    except OSError as error:
        yield _unreached(theme, host, error)
        return
    if spoken:
        yield theme.bad(f"{host} speaks TLS 1.1", OLD)
    else:
        yield theme.ok(f"{host} does not go on with TLS 1.1")


def _unreached(theme: Theme, host: str, error: OSError) -> Finding:
    what = f"{host} was not reached directly ({type(error).__name__})"
    return theme.bad(what, PROXY_MEND.format(host=f"{host}:443"), status=Status.UNKNOWN)


def _plain(bench: "Bench", theme: Theme, origin: str) -> Iterator[Finding]:
    """Ask by plain http: at port 80, or where the origin names a port, there."""
    url = f"http://{urlsplit(origin).netloc}/"
    try:
        answer = Visitor(bench.world.monotonic).ask("GET", url)
    except NoAnswerError:
        yield theme.ok("nobody answers plain http")
        return
    location = answer.headers.get("Location", "")
    if answer.status in REDIRECTS and f"{location}/".startswith(f"{origin}/"):
        yield theme.ok(f"it is sent on to https ({answer.status})")
    elif answer.status in REDIRECTS:
        to = tame(urlsplit(location).netloc)[:100] or "nowhere"
        yield theme.bad(f"plain http is sent on to {to}, not to {origin}", PLAIN)
    elif answer.is_ours or answer.status < REDIRECTS.start:
        yield theme.bad(f"plain http is answered ({answer.said})", PLAIN)
    else:
        yield theme.ok(f"plain http is refused ({answer.status})")


def _page(bench: "Bench", theme: Theme, origin: str) -> Iterator[Finding]:
    answer = Visitor(bench.world.monotonic).ask("GET", f"{origin}/", {"Accept": "text/html"})
    if answer.status != OK or not answer.is_ours:
        later = answer.status >= SERVER_ERROR
        what = f"the first page is not there: {answer.said}"
        status = Status.UNKNOWN if later else Status.WRONG
        yield theme.bad(what, LATER if later else STRANGER, status=status)
        return
    weak = [name for name, is_kept in kept_headers(answer.headers).items() if not is_kept]
    if weak:
        yield theme.bad(f"missing, or weaker than they are sent: {', '.join(weak)}", CHANGED)
    else:
        yield theme.ok("policy, HSTS and the other headers arrive as they are sent")
    yield from _telling(theme, answer)


def _telling(theme: Theme, answer: Answer) -> Iterator[Finding]:
    """Yield what tells a stranger which software to attack."""
    server = tame(answer.headers.get("Server", ""))[:100]
    telling = [f"Server: {server}"] if re.search("[0-9]", server) else []
    telling += [name for name in ("X-Powered-By", "X-Runtime") if name in answer.headers]
    if telling:
        what = f"answers name what runs: {', '.join(telling)}"
        yield theme.bad(what, TELLING, status=Status.WARNING)


def _nowhere(bench: "Bench", theme: Theme, origin: str) -> Iterator[Finding]:
    answer = Visitor(bench.world.monotonic).ask("GET", origin + UNKNOWN_PATH, JSON)
    if _DEBUGGING.search(answer.body):
        mend = "Take the debugger out of what runs: FLASK_DEBUG and DEBUG must not be set."
        yield theme.bad("it shows how the code looks inside", mend)
    elif answer.status >= SERVER_ERROR and not answer.is_ours:
        yield theme.bad(f"it is answered with {answer.said}", LATER, status=Status.UNKNOWN)
    elif answer.status == NOT_FOUND and answer.is_ours:
        yield theme.ok("it is answered with our 404")
    else:
        yield theme.bad(f"it is not answered with our 404, but with {answer.said}", STRANGER)


def _host(origin: str) -> tuple[str, int]:
    parts = urlsplit(origin)
    return parts.hostname or "", parts.port or 443
