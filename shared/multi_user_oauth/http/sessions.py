"""A person's session: a JWS in `__Host-session`, signed by the callbacks, verified everywhere."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from flask import Response
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from multi_user_oauth.errors import ConfigurationError, UnauthenticatedError
from multi_user_oauth.model import Identity, Limits, Secret
from multi_user_oauth.ports import Clock, Draw

_ALGORITHM: Final = "ES256"
_TYPE: Final = "session+jwt"
_ID_BYTES: Final = 16
_LONGEST: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Who proved to be whom in this browser, since when and until when."""

    id: str
    identities: frozenset[Identity]
    email: str
    begun_at: datetime
    expires_at: datetime


class SessionSigner:
    """Makes sessions; holds the private key."""

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

    def session_for(self, identity: Identity, email: str, before: Session | None) -> Session:
        """
        Return a new session of this person; its id is always new (no fixation).

        Another provider's identity is added to the one before only where the e-mail is the same:
        on a shared browser the next person must not inherit the last one's.
        """
        now = self._now()
        kept = before.identities if before and before.email == email else frozenset()
        return Session(
            id=self._draw(_ID_BYTES).hex(),
            identities=kept | {identity},
            email=email,
            begun_at=now,
            expires_at=now + self._limits.session,
        )

    def sign(self, session: Session) -> Secret:
        """Return the cookie's value."""
        claims = {
            "aud": self._audience,
            "sid": session.id,
            "identities": sorted(str(identity) for identity in session.identities),
            "email": session.email,
            "iat": int(session.begun_at.timestamp()),
            "exp": int(session.expires_at.timestamp()),
        }
        header = {"alg": _ALGORITHM, "typ": _TYPE, "kid": self._key.kid}
        return Secret(jwt.encode(header, claims, self._key, algorithms=[_ALGORITHM]))


class SessionVerifier:
    """Reads sessions; holds public keys only."""

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
            session = Session(
                id=str(claims["sid"]),
                identities=frozenset(Identity.parse(text) for text in claims["identities"]),
                email=str(claims["email"]),
                begun_at=datetime.fromtimestamp(claims["iat"], UTC),
                expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            )
        except (JoseError, ValueError, KeyError, TypeError, OverflowError, OSError):
            raise UnauthenticatedError("the session does not verify") from None
        ours = claims.get("aud") == self._audience and token.header.get("typ") == _TYPE
        if not ours or not session.identities or session.expires_at <= self._now():
            raise UnauthenticatedError("the session is over")
        return session


def set_cookie(response: Response, name: str, value: Secret, *, max_age: int) -> None:
    """Set a `__Host-` cookie: this host only, never to scripts, not on other sites' requests."""
    response.set_cookie(
        name, value.reveal(), max_age=max_age, secure=True, httponly=True, samesite="Lax", path="/"
    )


def delete_cookie(response: Response, name: str) -> None:
    """Delete a `__Host-` cookie."""
    response.delete_cookie(name, secure=True, httponly=True, samesite="Lax", path="/")
