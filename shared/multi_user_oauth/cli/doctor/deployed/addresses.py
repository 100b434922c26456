"""Where the functions of a deployment are: by the settings, and by what Terraform tells of it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from multi_user_oauth.cli.doctor.findings import Finding, Theme
from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.sandbox.gateway_catalogue import Function, Route
from multi_user_oauth.settings.origins import is_loopback, parse_origin

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench

CHECK: Final = "deployment"
NOBODY: Final = "nobody@doctor.invalid"
"""Nobody's address (RFC 2606, 2): what is asked for them is nobody's."""
SHARED_HOST: Final = ".cloudfunctions.net"
_REFRESH: Final = re.compile(
    r"https://(?P<prefix>[a-z0-9-]+)-refresh-(?P<place>[0-9]+\.[a-z0-9-]+\.run\.app)"
)
"""Cloud Run's address that is known before the service is there: SERVICE-NUMBER.REGION.run.app."""
_FUNCTION: Final = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_-]+)?/?")
OUTPUTS_MEND: Final = "Give --outputs FILE, of `terraform -chdir=infra output -json > FILE`."
AS_DEPLOYED: Final = (
    "Write what `terraform -chdir=infra output {name}` prints, or correct the deployment."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What Terraform tells of a deployment; empty where it was not asked."""

    public_origin: str = ""
    refresh_url: str = ""
    function_urls: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()


def read_outputs(file: Path) -> Outputs:
    """Return what `terraform output -json` printed into the file; raise `ConfigurationError`."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        value = {name: each["value"] for name, each in document.items()}
        urls = {str(name): str(url) for name, url in value.get("function_urls", {}).items()}
        return Outputs(
            public_origin=parse_origin(value["public_origin"], "public_origin"),
            refresh_url=parse_origin(value["refresh_url"], "refresh_url"),
            function_urls={name: _address(name, url) for name, url in urls.items()},
            secrets=tuple(sorted(map(str, value.get("secrets", {}).values()))),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        what = "is not what `terraform -chdir=infra output -json` prints"
        raise ConfigurationError(f"{file} {what}") from None


def _address(name: str, url: str) -> str:
    if _FUNCTION.fullmatch(url) is None:
        raise ConfigurationError(f"function_urls: that of {name} is no https address of a function")
    return url.rstrip("/")


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The catalogue, the front door, and each function's own addresses as far as they are known."""

    origin: str
    functions: tuple[Function, ...]
    refresh_url: str = ""
    outputs: Outputs = field(default_factory=Outputs)

    @property
    def is_here(self) -> bool:
        """Whether it is plain http on this machine: nothing that is deployed."""
        return is_loopback(self.origin)

    @property
    def is_shared(self) -> bool:
        """Whether the front door is Google's shared host: every function at an address of its own."""
        return (urlsplit(self.origin).hostname or "").endswith(SHARED_HOST)

    @cached_property
    def own(self) -> Mapping[str, tuple[str, ...]]:
        """By function, its own addresses; those of Cloud Run follow from that of `refresh`."""
        found = _REFRESH.fullmatch(self.refresh_url)
        addresses = {}
        for function in self.functions:
            known = [self.outputs.function_urls.get(function.name, "")]
            if function.name == "refresh":
                known.append("" if is_loopback(self.refresh_url) else self.refresh_url)
            elif found:
                service = f"{found['prefix']}-{function.name.replace('_', '-')}"
                known.append(f"https://{service}-{found['place']}")
            addresses[function.name] = tuple(dict.fromkeys(filter(None, known)))
        return addresses

    def of(self, function: Function, route: Route, connector_type: str) -> str:
        """Return where everybody reaches this route; empty where that is not known."""
        if not self.is_shared:
            return self.origin + filled(route.path, connector_type)
        url = self.outputs.function_urls.get(function.name, "")
        return url and url + filled(route.bare[0], connector_type).rstrip("/")


def at(address: str, route: Route, connector_type: str) -> str:
    """Return the route under a function's own address: behind a name it sees what follows that."""
    path = route.bare[0] if urlsplit(address).path else route.path
    return address + filled(path, connector_type)


def filled(path: str, connector_type: str) -> str:
    """Return the path with nobody's values in its placeholders."""
    values = {"connector_type": connector_type, "user_email": quote(NOBODY, safe="@")}
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "doctor"), path)


def differences(bench: "Bench", addresses: Addresses) -> Iterator[Finding]:
    """Yield what the settings and Terraform say differently."""
    outputs, settings = addresses.outputs, bench.settings
    if not outputs.public_origin:
        return
    compared = {
        "PUBLIC_ORIGIN": (settings.public_origin, outputs.public_origin, "public_origin"),
    }
    if settings.refresh_url is not None:
        compared["REFRESH_URL"] = (settings.refresh_url, outputs.refresh_url, "refresh_url")
        compared["REFRESH_AUDIENCE"] = (
            settings.refresh_audience, outputs.refresh_url, "refresh_url",
        )  # fmt: skip
    for setting, (ours, theirs, output) in compared.items():
        theme = Theme(CHECK, setting)
        if ours != theirs:
            mend = AS_DEPLOYED.format(name=output)
            yield theme.bad(f"{ours} here, {theirs} by Terraform", mend)
        else:
            yield theme.ok(f"{ours}, as Terraform has it")
