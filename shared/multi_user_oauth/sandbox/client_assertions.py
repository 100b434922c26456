"""Signed client assertions in place of a client secret, as Entra takes them (RFC 7523, 2.2)."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import flask
from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc7523.client import ASSERTION_TYPE
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.util import urlsafe_b64encode

from .grants import RefusedError
from .house import Problem
from .state import State

if TYPE_CHECKING:
    from .token_server import Client

METHOD: Final = "private_key_jwt"
SKEW: Final = 300
_THUMBPRINTS: Final[Mapping[str, tuple[str, Callable[[bytes], Any]]]] = {
    "PS256": ("x5t#S256", hashlib.sha256),
    "RS256": ("x5t", hashlib.sha1),  # what Microsoft documented before; MSAL still sends it
}
_JWS: Final = jws.JWSRegistry(algorithms=list(_THUMBPRINTS), strict_check_header=False)
_JWS.max_header_length = 16_384  # MSAL sends the whole certificate in it


class ClientAssertions:
    """Authlib's own check goes by another clock, and knows no certificate by its thumbprint."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __call__(
        self, query_client: "Callable[[str], Client | None]", request: OAuth2Request
    ) -> "Client | None":
        """Give the client that an assertion proves, None if the request carries none."""
        form = request.form
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            return None
        client_id, assertion = form.get("client_id", ""), form.get("client_assertion", "")
        client = query_client(client_id)
        if client is None:
            raise RefusedError("client_unknown")
        claims = self._verified(assertion, client.registration.certificates)
        problem = self._problem(claims, client_id)
        if problem is not None:
            raise RefusedError(problem)
        return client

    def _verified(self, assertion: str, certificates: Sequence[str]) -> Mapping[str, Any]:
        try:
            header = jws.extract_compact(assertion.encode(), registry=_JWS).headers()
            certificate = _named(header, certificates)
            if certificate is None:
                raise RefusedError("assertion_invalid")
            pem = certificate.public_bytes(Encoding.PEM)
            signed = jws.deserialize_compact(assertion, RSAKey.import_key(pem), registry=_JWS)
            claims: Mapping[str, Any] = json.loads(signed.payload)
        except (JoseError, ValueError):
            raise RefusedError("assertion_invalid") from None
        if certificate.not_valid_after_utc.timestamp() <= self._state.now():
            raise RefusedError("certificate_expired")
        return claims

    def _problem(self, claims: Mapping[str, Any], client_id: str) -> Problem | None:
        now = self._state.now()
        if not {"aud", "iss", "sub", "jti", "exp"} <= claims.keys():
            return "assertion_invalid"
        if claims["aud"] != f"https:/{flask.request.path}":
            return "assertion_audience"
        if (claims["iss"], claims["sub"]) != (client_id, client_id):
            return "assertion_subject"
        if not claims.get("nbf", now) - SKEW <= now < claims["exp"]:  # MSAL sends no nbf
            return "assertion_time"
        # Stricter than Entra, which lets an assertion be used until it ends: ours is for one request.
        if claims["jti"] in self._state.assertions:
            return "assertion_invalid"
        self._state.assertions.add(claims["jti"])
        return None


def _named(header: Mapping[str, Any], certificates: Sequence[str]) -> x509.Certificate | None:
    if header.get("alg") not in _THUMBPRINTS:
        return None
    name, digest = _THUMBPRINTS[header["alg"]]
    for pem in certificates:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        thumbprint = digest(certificate.public_bytes(Encoding.DER)).digest()
        if str(header.get(name)).rstrip("=") == urlsafe_b64encode(thumbprint).decode():  # MSAL pads
            return certificate
    return None
