"""The function `access_token`: it opens access tokens, and nothing else."""

from datetime import timedelta
from typing import Final

from multi_user_oauth.custody import AccessTokens
from multi_user_oauth.http.access_token import TokenRoutes
from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.last_used import NoteUses
from multi_user_oauth.log import LineLog
from multi_user_oauth.model import Kind
from multi_user_oauth.ports import KeptRead, Use, UseLog
from multi_user_oauth.token import GetAccessToken, not_kept
from multi_user_oauth.wiring.asking import Asked
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.proofs import bearers

_MARK_BYTES: Final = 8
"""No two uses of one connection in one microsecond share these."""


def use_log(parts: Parts) -> UseLog:
    """Return what writes the use of a token and flushes it; where it can not, it raises."""
    lines = LineLog(parts.world.stream, parts.world.now)

    def write(use: Use) -> None:
        lines.write(
            "token",
            {
                "action": use.action.value,
                "actor": use.actor,
                "connection": str(use.key),
                "outcome": use.outcome,
                "purpose": use.purpose,
                "scopes": list(use.scopes),
                "min_ttl": use.min_ttl,
            },
        )

    return write


def read_log(parts: Parts) -> UseLog:
    """Return what keeps uses in the database, where that is set; else what does nothing."""
    if not parts.settings.durable_reads:
        return not_kept
    retention = timedelta(days=parts.settings.reads_retention_days)
    now, draw, reads = parts.world.now, parts.world.draw, parts.activity

    def write(use: Use) -> None:
        at = now()
        mark = draw(_MARK_BYTES).hex()
        reads.keep_read(KeptRead(use=use, at=at, mark=mark, until=at + retention))

    return write


def get_access_token(parts: Parts) -> GetAccessToken:
    """Return the use case."""
    world = parts.world
    opener = parts.opener(Kind.ACCESS)
    return GetAccessToken(
        connections=parts.main,
        access_tokens=AccessTokens(deployment=parts.settings.deployment_id, opener=opener),
        refresher=Asked(parts).refresher,
        policy=parts.policy,
        uses=use_log(parts),
        reads=read_log(parts),
        notes=NoteUses(usage=parts.activity, now=world.now),
        now=world.now,
        sleep=world.sleep,
        draw=world.draw,
        limits=world.limits,
    )


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    routes = TokenRoutes(
        tokens=get_access_token(parts),
        bearers=bearers(parts),
        admit=parts.rate_limits.admit_use,
        admit_forced=parts.rate_limits.admit_forced,
        origin=parts.settings.public_origin,
    )
    return parts.endpoint(routes.routes())
