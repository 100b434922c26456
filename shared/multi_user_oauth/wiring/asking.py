"""What asks for a refresh or a revocation: the function `refresh` by HTTP, or this process itself."""

from typing import TYPE_CHECKING

from multi_user_oauth.custody import Credentials
from multi_user_oauth.model import Kind, Provider
from multi_user_oauth.ports import Finisher, Refresher, RewrapSteps
from multi_user_oauth.wiring.outside import Outside
from multi_user_oauth.wiring.parts import Parts

if TYPE_CHECKING:
    from multi_user_oauth.breakers import Breakers
    from multi_user_oauth.finishing import FinishRevocation
    from multi_user_oauth.refresh import RefreshConnection
    from multi_user_oauth.refreshers.remote import RemoteRefresher


def breakers(parts: Parts) -> "Breakers":
    """Return what knows of the providers' troubles; one for each process."""
    from multi_user_oauth.breakers import Breakers

    return Breakers(store=parts.activity, now=parts.world.now, publish=parts.publish)


def refresher(parts: Parts, shared: "Breakers | None" = None) -> "RefreshConnection":
    """Return the use case that refreshes, which opens refresh tokens."""
    from multi_user_oauth.refresh import RefreshConnection

    outside = Outside(parts, with_secrets=True)
    world = parts.world
    return RefreshConnection(
        store=parts.main,
        rescues=parts.main,
        connector_types=parts.connector_types,
        providers={Provider.MICROSOFT: outside.microsoft, Provider.GOOGLE: outside.google},
        credentials=Credentials(
            deployment=parts.settings.deployment_id,
            access_opener=parts.opener(Kind.ACCESS),
            access_sealer=parts.sealer(Kind.ACCESS),
            refresh_opener=parts.opener(Kind.REFRESH),
            refresh_sealer=parts.sealer(Kind.REFRESH),
        ),
        breakers=shared or breakers(parts),
        suspects=parts.activity,
        now=world.now,
        sleep=world.sleep,
        draw=world.draw,
        limits=world.limits,
        point=world.point,
    )


def finisher(parts: Parts) -> "FinishRevocation":
    """Return the use case that tells providers of a disconnect."""
    from multi_user_oauth.finishing import FinishRevocation

    return FinishRevocation(
        revocations=parts.main,
        connections=parts.main,
        opener=parts.opener(Kind.REFRESH),
        providers={Provider.GOOGLE: Outside(parts, with_secrets=False).google},
        deployment=parts.settings.deployment_id,
        now=parts.world.now,
        draw=parts.world.draw,
        limits=parts.world.limits,
        point=parts.world.point,
    )


def rewrapping(parts: Parts) -> RewrapSteps:
    """Return the use case that re-wraps: it opens both kinds, to see that they open."""
    from multi_user_oauth.rewrapping.step import RewrapRecords
    from multi_user_oauth.rewrapping.walk import SealedWalk

    world = parts.world
    walk = SealedWalk(
        records=parts.main,
        connections=parts.main,
        deployment=parts.settings.deployment_id,
        limits=world.limits,
    )
    return RewrapRecords(
        walk=walk,
        notes=parts.activity,
        rewrappers={kind: parts.rewrapper(kind) for kind in Kind},
        now=world.now,
        point=world.point,
    )


def rewrapping_wherever(parts: Parts) -> RewrapSteps:
    """Return the same where it may be done: at the function `refresh`, or in this process."""
    url = parts.settings.refresh_url
    if url is None:
        return rewrapping(parts)
    from multi_user_oauth.refreshers.remote_rewrapping import RemoteRewrapping

    return RemoteRewrapping(remote(parts, url))


class Asked:
    """Either way of asking, as both ports."""

    def __init__(self, parts: Parts) -> None:
        url = parts.settings.refresh_url
        if url is None:
            from multi_user_oauth.refreshers.in_process import InProcess

            here = InProcess(refresher=lambda: refresher(parts), finisher=lambda: finisher(parts))
            self.refresher: Refresher = here
            self.finisher: Finisher = here
            return
        there = remote(parts, url)
        self.refresher = self.finisher = there


def remote(parts: Parts, url: str) -> "RemoteRefresher":
    """Return what asks the function `refresh` at this address, as this process's identity."""
    from multi_user_oauth.refreshers.identity_token import METADATA, MetadataIdentity
    from multi_user_oauth.refreshers.remote import RemoteRefresher

    sandbox_url = parts.settings.sandbox_url
    identity = MetadataIdentity(
        base_url=f"{sandbox_url}/metadata.google.internal" if sandbox_url else METADATA,
        account=parts.settings.service_account,
        now=parts.world.now,
    )
    audience = parts.settings.refresh_audience
    return RemoteRefresher(url=url, audience=audience, identity=identity.token)
