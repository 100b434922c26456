"""What was ended of a person who left, as a document that can be kept and compared."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from multi_user_oauth.model import ConnectionKey, Identity, RevocationResult

Document = dict[str, object]

LEFT_TO_DO: Final = {
    RevocationResult.REVOKED: None,
    RevocationResult.PENDING: (
        "Google is asked again until it answers; or the person removes the access at "
        "https://myaccount.google.com/connections."
    ),
    RevocationResult.SUPERSEDED: (
        "End the connections of the same account that are named here, if they are this person's."
    ),
    RevocationResult.NOT_POSSIBLE: (
        "Remove the consent: the person at https://myapps.microsoft.com, or an administrator under "
        "Enterprise applications in Entra."
    ),
}
"""What somebody else must do, where we can not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedEnd:
    """
    How one ended connection stands.

    `copy_destroyed`: no token of it is left here, not even the one that is kept, sealed, until the
    provider was told. `ended_by` is None once the audit was erased. `connected_elsewhere` are live
    connections of the same account.
    """

    key: ConnectionKey
    provider: RevocationResult
    reason: str
    copy_destroyed: bool
    access_token_valid_until: datetime | None
    ended_at: datetime
    ended_by: str | None
    connected_elsewhere: tuple[ConnectionKey, ...] = ()

    @property
    def left_to_do(self) -> str | None:
        """What somebody else must do; None if nothing."""
        return LEFT_TO_DO[self.provider]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What is so at `issued_at`; `signed_out` are the identities whose sessions were ended."""

    user_email: str
    issued_at: datetime
    asked_by: str
    signed_out: tuple[Identity, ...]
    connections: tuple[CertifiedEnd, ...]

    @property
    def is_final(self) -> bool:
        """Whether the provider has nothing more to be told."""
        return all(each.provider is not RevocationResult.PENDING for each in self.connections)


def document_of(certificate: Certificate) -> Document:
    """Return the certificate as plain JSON values, its digest among them."""
    return _undigested(certificate) | {"digest": digest_of(certificate)}


def digest_of(certificate: Certificate) -> str:
    """Return the SHA-256, in hex, of the document without its digest, in canonical JSON (RFC 8785)."""
    return digest_of_document(_undigested(certificate))


def digest_of_document(document: Document) -> str:
    """Return the digest that this document should have, to be compared with the one that it has."""
    said = {name: value for name, value in document.items() if name != "digest"}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def _undigested(certificate: Certificate) -> Document:
    return {
        "user_email": certificate.user_email,
        "issued_at": _text(certificate.issued_at),
        "asked_by": certificate.asked_by,
        "signed_out": [str(identity) for identity in certificate.signed_out],
        "connections": [_end(each) for each in certificate.connections],
    }


def _end(end: CertifiedEnd) -> Document:
    until = end.access_token_valid_until
    return {
        "connector_type": end.key.connector_type,
        "user_email": end.key.user_email,
        "status": "revoked",
        "provider": end.provider.value,
        "reason": end.reason,
        "copy_destroyed": end.copy_destroyed,
        "access_token_valid_until": _text(until) if until else None,
        "left_to_do": end.left_to_do,
        "connected_elsewhere": [
            {"connector_type": key.connector_type, "user_email": key.user_email}
            for key in end.connected_elsewhere
        ],
        "ended_at": _text(end.ended_at),
        "ended_by": end.ended_by,
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
