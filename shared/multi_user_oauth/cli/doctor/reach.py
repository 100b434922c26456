"""Whether the providers answer, are who they should be, and our clock agrees with theirs."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.findings import Check, Finding, Status, Theme
from multi_user_oauth.model import ConnectorType, Provider

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench

CHECK: Final = "reachability"
CLOCK: Final = "clock"
SKEW: Final = timedelta(seconds=30)
"""Half of what is forgiven where an id_token's times are checked."""
OK: Final = 200
SERVER_ERROR: Final = 500
DISCOVERY: Final = "/.well-known/openid-configuration"
GOOGLE: Final = "https://accounts.google.com"
MICROSOFT: Final = "https://login.microsoftonline.com/organizations/v2.0"
DOCUMENTS: Final = {
    Provider.GOOGLE: GOOGLE + DISCOVERY,
    Provider.MICROSOFT: MICROSOFT + DISCOVERY,
}
APIS: Final[Mapping[Provider, tuple[str, ...]]] = {
    Provider.MICROSOFT: ("https://graph.microsoft.com/v1.0/me",),
    Provider.GOOGLE: (
        "https://gmail.googleapis.com/gmail/v1/users/me/profile",
        "https://www.googleapis.com/drive/v3/files",
    ),
}
NAMES: Final = {Provider.MICROSOFT: "Microsoft", Provider.GOOGLE: "Google"}
TIME_MEND: Final = (
    "Let this machine set its clock by NTP (`timedatectl set-ntp true`, chrony, or the settings of the "
    "virtual machine's host): id_tokens and sessions of another time are refused."
)
IN_BETWEEN: Final = (
    "Find out who answers in the provider's place (a proxy that opens TLS, DNS); nobody can sign in "
    "until it is the provider itself."
)


def reach_checks(bench: "Bench") -> Iterator[Check]:
    """Yield the checks; none of them needs a credential."""
    for provider in bench.providers:
        yield Check(Theme(CLOCK, NAMES[provider]), partial(_clock, bench, provider))
        for url in APIS[provider]:
            theme = Theme(CHECK, url.split("/")[2])
            yield Check(theme, partial(_api, bench, theme, provider, url))
    for each in bench.types:
        theme = Theme(CHECK, each.name)
        yield Check(theme, partial(_sign_in, bench, theme, each))
        for tenant in each.tenant_ids:
            theme = Theme(CHECK, f"{each.name}, tenant {tenant}")
            yield Check(theme, partial(_tenant, bench, theme, tenant))


def sandbox_is_away(bench: "Bench") -> list[Finding]:
    """Return that the sandbox does not answer, where it should: then no provider would."""
    url = bench.settings.sandbox_url
    if url is None:
        return []
    import requests

    try:
        with requests.Session() as session:
            session.trust_env = False
            session.get(f"{url}/_sandbox/health", timeout=3.0).close()
    except requests.RequestException:
        what = f"nothing answers at {url}, which is to play Microsoft and Google"
        mend = "Start the demo (`make demo`), and run doctor again beside it."
        return [Theme(CHECK, "SANDBOX_URL").bad(what, mend, status=Status.UNKNOWN)]
    return []


def _clock(bench: "Bench", provider: Provider) -> Iterator[Finding]:
    theme = Theme(CLOCK, NAMES[provider])
    before = bench.world.now()
    answer = bench.probe().get(DOCUMENTS[provider])
    after = bench.world.now()
    try:
        theirs = told_time(answer.headers)
        ahead = before + (after - before) / 2 - theirs
    except (TypeError, ValueError):  # no date, or one without a zone
        mend = "Compare the clock of this machine with another one's."
        yield theme.bad("the answer does not tell the time", mend, status=Status.UNKNOWN)
        return
    seconds = round(ahead.total_seconds())
    if abs(ahead) > SKEW:
        way = "ahead of" if seconds > 0 else "behind"
        yield theme.bad(f"our clock is {abs(seconds)} seconds {way} the provider's", TIME_MEND)
    else:
        yield theme.ok(f"our clock and the provider's are {abs(seconds)} seconds apart")


def told_time(headers: Mapping[str, str]) -> datetime:
    """
    Return the time that an answer tells: its date, and how long a cache has kept it since.

    (RFC 9111, 5.1.) Raise `ValueError` or `TypeError` where it tells none.
    """
    return parsedate_to_datetime(headers.get("Date", "")) + timedelta(
        seconds=int(headers.get("Age", "0"))
    )


def _api(bench: "Bench", theme: Theme, provider: Provider, url: str) -> Iterator[Finding]:
    """Ask without a token, as the connectors' own door does it: any refusal is an answer."""
    from multi_user_oauth.connectors.manners import GoogleManners, GraphManners
    from multi_user_oauth.net.door import Door, Outgoing
    from multi_user_oauth.net.pinned import PinnedAdapter

    adapter = bench.adapter() or PinnedAdapter(pool_maxsize=1)
    hosts = (GraphManners if provider is Provider.MICROSOFT else GoogleManners).hosts
    try:
        door = Door(adapter, monotonic=bench.world.monotonic)
        answer = door.whole(Outgoing(method="GET", url=url, seconds=8.0), hosts)
    finally:
        adapter.close()
    if answer.status >= SERVER_ERROR:
        mend = f"Look at {NAMES[provider]}'s status page, and run doctor again."
        yield theme.bad(f"it answers {answer.status}", mend, status=Status.UNKNOWN)
    else:
        yield theme.ok(f"it answers ({answer.status}: it was asked without a token)")


def _sign_in(bench: "Bench", theme: Theme, connector_type: ConnectorType) -> Iterator[Finding]:
    from multi_user_oauth.errors import ProviderMisconfiguredError
    from multi_user_oauth.providers.microsoft_endpoints import signing_keys
    from multi_user_oauth.wiring.outside import Outside

    transport = Outside(bench.parts(), with_secrets=False).transport()
    if connector_type.provider is Provider.GOOGLE:
        from multi_user_oauth.providers.google import TOKEN_URI
        from multi_user_oauth.providers.id_token import GOOGLE_KEYS

        told = transport.get_json(DOCUMENTS[Provider.GOOGLE])
        expected = {"issuer": GOOGLE, "token_endpoint": TOKEN_URI, "jwks_uri": GOOGLE_KEYS}
        if {name: told.get(name) for name in expected} != expected:
            yield theme.bad("Google's discovery names other addresses than Google's", IN_BETWEEN)
            return
        transport.get_json(GOOGLE_KEYS)
    else:
        try:
            signing_keys(transport, connector_type).load()
        except ProviderMisconfiguredError as error:
            mend = f"Compare `tenants` of {connector_type.name} with *Directory (tenant) ID* in "
            mend += "the Entra admin center. If they are the same: " + IN_BETWEEN
            yield theme.error(error, mend)
            return
    yield theme.ok("discovery and signing keys are there, and the provider's own")


def _tenant(bench: "Bench", theme: Theme, tenant: str) -> Iterator[Finding]:
    answer = bench.probe().get(f"https://login.microsoftonline.com/{tenant}/v2.0{DISCOVERY}")
    if answer.status == OK:
        yield theme.ok("Microsoft knows this tenant")
    elif answer.status < SERVER_ERROR:
        mend = (
            "Write *Directory (tenant) ID* of the Entra admin center's *Overview* under `tenants`."
        )
        yield theme.bad("Microsoft knows no such tenant", mend)
    else:
        mend = "Look at Microsoft's status page, and run doctor again."
        yield theme.bad(f"it answers {answer.status}", mend, status=Status.UNKNOWN)
