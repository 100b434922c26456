"""ID tokens, right ones and, on demand, wrong ones."""

from authlib.oidc.core.util import create_half_hash

from .faults import Fault
from .house import Answer
from .records import ProviderName
from .signing import process_key, sign
from .state import State

ID_TOKEN_LIFE = 3600
SOMEBODY_ELSE = "00000000-dead-4bad-8bad-00000000beef"
SOMEBODY_ELSES_EMAIL = "somebody-else@another-project.iam.gserviceaccount.com"


def at_hash(access_token: str) -> str:
    """Give the hash that binds an ID token to its access token (OIDC Core 3.1.3.6)."""
    return bytes(create_half_hash(access_token, "RS256")).decode()


def issue(
    state: State, provider: ProviderName, claims: Answer, fault: Fault | None, *, kind: str
) -> str:
    """Give the signed token with its times, spoilt as `fault` says; `kind` is for the ledger."""
    now = int(state.now())
    whole = claims | {"iat": now, "exp": now + ID_TOKEN_LIFE}
    if provider == "microsoft":
        whole["nbf"] = now
    spoilt = _spoilt(whole, fault.kind if fault else "")
    own = state.keys(provider)[-1]
    key = process_key("foreign") if fault and fault.kind == "wrong_key" else own
    token = sign(key, spoilt, kid=own.kid)
    state.secrets.add(kind, token)
    return token


def _spoilt(claims: Answer, kind: str) -> Answer:
    changes: dict[str, Answer] = {
        "wrong_nonce": {"nonce": "not-the-nonce-you-sent"},
        "wrong_aud": {"aud": "another-application"},
        "wrong_iss": {"iss": "https://accounts.evil.example"},
        "wrong_tid": {"tid": SOMEBODY_ELSE},
        "wrong_sub": {"sub": "100000000000000000000", "oid": SOMEBODY_ELSE},
        "expired_id_token": {"iat": claims["iat"] - 7200, "exp": claims["iat"] - 3600},
        "unverified_email": {"email_verified": False},
        "wrong_email": {"email": SOMEBODY_ELSES_EMAIL},
    }
    spoilt = claims | changes.get(kind, {})
    if kind == "missing_email":
        spoilt.pop("email", None)
    return spoilt
