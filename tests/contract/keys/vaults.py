"""A sealer and an opener for each kind, and the places that a sealed value does not belong to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from multi_user_oauth.model import Binding, ConnectionKey, Identity, Kind, Secret
from multi_user_oauth.ports import Opener, Sealer
from tests.contract.keys.services import CountingMeter
from tests.support.clock import ManualClock

TENANT = "11111111-1111-1111-1111-111111111111"
ADA, BOB = (
    Identity.microsoft(TENANT, f"{number}2222222-2222-2222-2222-222222222222") for number in "ab"
)
PLACE = Binding(
    deployment="0e8b0c5e-7f0e-4d55-9d3f-0d4f4f1f6a11",
    key=ConnectionKey("microsoft_teams", "ada@example.com"),
    kind=Kind.ACCESS,
    epoch=1_767_603_600_000,
    identity=ADA,
    generation=3,
)
TOKEN = Secret("eyJ0eXAiOiJKV1QifQ.payload-of-ada.signature")

ANOTHER_GRANT = {
    "user": replace(PLACE, key=ConnectionKey("microsoft_teams", "bob@example.com")),
    "connector type": replace(PLACE, key=ConnectionKey("google_workspace", "ada@example.com")),
    "kind": replace(PLACE, kind=Kind.REFRESH),
    "deployment": replace(PLACE, deployment="0e8b0c5e-7f0e-4d55-9d3f-0d4f4f1f6a12"),
    "older epoch": replace(PLACE, epoch=PLACE.epoch - 1),
    "newer epoch": replace(PLACE, epoch=PLACE.epoch + 1),
}
ELSEWHERE = ANOTHER_GRANT | {
    "identity": replace(PLACE, identity=BOB),
    "provider": replace(PLACE, identity=Identity.google("117")),
    "older generation": replace(PLACE, generation=PLACE.generation - 1),
    "newer generation": replace(PLACE, generation=PLACE.generation + 1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """A sealer and an opener for each kind."""

    sealers: Mapping[Kind, Sealer]
    openers: Mapping[Kind, Opener]
    clock: ManualClock
    meter: CountingMeter

    def sealed(self, binding: Binding = PLACE, value: Secret = TOKEN) -> bytes:
        """Return the value sealed with a new key, as at a connect."""
        sealer = self.sealers[binding.kind]
        return sealer.seal(sealer.new_key(binding), binding, value)
