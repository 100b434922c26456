"""A person's session: a JWS in `__Host-session`, signed by callbacks and account, verified everywhere."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from multi_user_oauth.errors import ConfigurationError, UnauthenticatedError
from multi_user_oauth.model import Identity, Limits, Provider, Role, Secret
from multi_user_oauth.ports import Clock, Draw

_ALGORITHM: Final = "ES256"
_TYPE: Final = "session+jwt"
_ID_BYTES: Final = 16
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """
    Who proved to be whom in this browser, since when and until when.

    It is over at `expires_at` unless it is renewed before, and at `ends_at` whatever happens. `roles`
    are Entra app roles, `contexts` the authentication contexts that were proved, and when.
    """

    id: str
    identities: frozenset[Identity]
    email: str
    begun_at: datetime
    expires_at: datetime
    ends_at: datetime
    roles: frozenset[Role] = frozenset()
    contexts: Mapping[str, datetime] = field(default_factory=dict)


class SessionSigner:
    """Makes sessions; holds the newest private key."""

    def __init__(
        self, file: Path, *, audience: str, now: Clock, draw: Draw, limits: Limits
    ) -> None:
        try:
            self._key = ECKey.import_key(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, JoseError, KeyError, TypeError):
            raise ConfigurationError(f"{file}: expected a private P-256 JWK with a kid") from None
        self._audience = audience
        self._now = now
        self._draw = draw
        self._limits = limits

    def session_for(
        self,
        identity: Identity,
        email: str,
        before: Session | None,
        *,
        roles: frozenset[Role] = frozenset(),
        contexts: Mapping[str, datetime] | None = None,
    ) -> Session:
        """
        Return a new session of this person; its id is always new (no fixation).

        What was proved before is kept only where the e-mail is the same: on a shared browser the next
        person must not inherit the last one's. Another identity is kept no longer for it: the session
        ends when the older one would have ended.
        """
        now = self._now()
        session = Session(
            id=self._draw(_ID_BYTES).hex(),
            identities=frozenset({identity}),
            email=email,
            begun_at=now,
            expires_at=now,
            ends_at=now + self._limits.session,
            roles=roles,
            contexts=contexts or {},
        )
        if before is not None and before.email == email:
            others = before.identities - {identity}
            session = replace(
                session,
                identities=others | {identity},
                ends_at=before.ends_at if others else session.ends_at,
                roles=_kept_roles(before, identity) | roles,
                contexts={**before.contexts, **session.contexts},
            )
        return self.renewed(session)

    def renewed(self, session: Session) -> Session:
        """Return the same session, idle from now on."""
        expires_at = min(self._now() + self._limits.session_idle, session.ends_at)
        return replace(session, expires_at=expires_at)

    def sign(self, session: Session) -> Secret:
        """Return the cookie's value."""
        claims = {
            "aud": self._audience,
            "sid": session.id,
            "identities": sorted(str(identity) for identity in session.identities),
            "email": session.email,
            "roles": sorted(str(role) for role in session.roles),
            "contexts": {name: _seconds(at) for name, at in session.contexts.items()},
            "iat": _seconds(session.begun_at),
            "exp": _seconds(session.expires_at),
            "ends": _seconds(session.ends_at),
        }
        header = {"alg": _ALGORITHM, "typ": _TYPE, "kid": self._key.kid}
        return Secret(jwt.encode(header, claims, self._key, algorithms=[_ALGORITHM]))


class SessionVerifier:
    """Reads sessions; holds public keys only: while the signing key changes, the old one's too."""

    def __init__(self, file: Path, *, audience: str, now: Clock) -> None:
        try:
            self._keys = KeySet.import_key_set(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, JoseError, KeyError, TypeError, AttributeError):
            raise ConfigurationError(f"{file}: expected a JWK set of public P-256 keys") from None
        if any(key.is_private for key in self._keys.keys):
            raise ConfigurationError(f"{file}: expected public keys only")
        self._audience = audience
        self._now = now

    def verify(self, unverified_cookie: str) -> Session:
        """Return the session; raise `UnauthenticatedError` unless it is signed, ours and alive."""
        try:
            if len(unverified_cookie) > _LONGEST:
                raise ValueError  # noqa: TRY301  # reason: every way of being wrong ends in one place
            token = jwt.decode(unverified_cookie, self._keys, algorithms=[_ALGORITHM])
            claims = token.claims
            session = _session(claims)
        except (JoseError, AttributeError, ValueError, KeyError, TypeError, OverflowError, OSError):
            raise UnauthenticatedError("the session does not verify") from None
        ours = claims.get("aud") == self._audience and token.header.get("typ") == _TYPE
        over = min(session.expires_at, session.ends_at) <= self._now()
        if not ours or not session.identities or over:
            raise UnauthenticatedError("the session is over")
        return session


def _kept_roles(before: Session, identity: Identity) -> frozenset[Role]:
    # Which roles a tenant assigns, its newest sign-in says: one that was taken away is not kept.
    tenant = identity.subject.partition(":")[0] if identity.provider is Provider.MICROSOFT else ""
    return frozenset(role for role in before.roles if role.tenant_id != tenant)


def _session(claims: Mapping[str, Any]) -> Session:
    return Session(
        id=str(claims["sid"]),
        identities=frozenset(Identity.parse(text) for text in claims["identities"]),
        email=str(claims["email"]),
        begun_at=_moment(claims["iat"]),
        expires_at=_moment(claims["exp"]),
        ends_at=_moment(claims["ends"]),
        roles=frozenset(_role(text) for text in claims["roles"]),
        contexts={str(name): _moment(at) for name, at in claims["contexts"].items()},
    )


def _role(text: str) -> Role:
    _, tenant_id, value = text.split(":", 2)
    return Role(tenant_id, value)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
