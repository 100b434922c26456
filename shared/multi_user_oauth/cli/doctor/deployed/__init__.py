"""doctor --deployed: what runs at a deployment, looked at from outside, as a stranger would."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from multi_user_oauth.cli.doctor.deployed.addresses import (
    Addresses,
    Outputs,
    differences,
    read_outputs,
)
from multi_user_oauth.cli.doctor.deployed.departure import departure_checks, departure_findings
from multi_user_oauth.cli.doctor.deployed.front_door import (
    front_door_checks,
    front_door_findings,
)
from multi_user_oauth.cli.doctor.deployed.platform import platform_checks, platform_findings
from multi_user_oauth.cli.doctor.deployed.refusing import refusing_checks
from multi_user_oauth.cli.doctor.deployed.secret_ends import secret_checks
from multi_user_oauth.cli.doctor.findings import Check, Finding
from multi_user_oauth.cli.files import find_functions
from multi_user_oauth.sandbox.gateway_catalogue import load_catalogue

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench

__all__ = ["Deployed", "addresses_of", "deployed_checks", "deployed_findings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What Terraform printed of it, and the folder of its functions.yaml; None: not given."""

    outputs: Path | None = None
    functions: Path | None = None


def addresses_of(bench: "Bench", deployed: Deployed) -> Addresses:
    """Return where what is deployed can be asked; raise `ConfigurationError`."""
    outputs = read_outputs(deployed.outputs) if deployed.outputs else Outputs()
    return Addresses(
        origin=bench.settings.public_origin,
        functions=load_catalogue(find_functions(deployed.functions)),
        refresh_url=bench.settings.refresh_url or outputs.refresh_url,
        outputs=outputs,
    )


def deployed_findings(bench: "Bench", addresses: Addresses) -> Iterator[Finding]:
    """Yield what is known without asking."""
    yield from differences(bench, addresses)
    yield from platform_findings(addresses)
    yield from front_door_findings(addresses)
    yield from departure_findings(addresses)


def deployed_checks(bench: "Bench", addresses: Addresses) -> Iterator[Check]:
    """Yield the checks that ask; nothing that they ask for changes anything."""
    yield from platform_checks(bench, addresses)
    yield from refusing_checks(bench, addresses)
    yield from front_door_checks(bench, addresses)
    yield from departure_checks(bench, addresses)
    yield from secret_checks(bench, addresses)
