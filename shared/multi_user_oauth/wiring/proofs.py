"""How callers prove who they are, put together."""

from multi_user_oauth.http.bearer_cache import ProvedBearer, VerifiedBearers
from multi_user_oauth.http.callers import Bearers, ListedCallers, Persons, admit_all
from multi_user_oauth.http.sessions import SessionSigner, SessionVerifier
from multi_user_oauth.model import Agent, Policy, Secret
from multi_user_oauth.providers.id_token import (
    GOOGLE_ISSUERS,
    GOOGLE_KEYS,
    SigningKeys,
    unverified_claims,
    verify_google_service_account,
)
from multi_user_oauth.providers.issuers import ConfiguredIssuers
from multi_user_oauth.providers.platform_token import is_stripped, service_account_behind_iam
from multi_user_oauth.wiring.outside import Outside
from multi_user_oauth.wiring.parts import Parts


def bearers(parts: Parts) -> Bearers:
    """Return callers by Google-signed OIDC tokens for our origin, or by those of configured issuers."""
    now = parts.world.now
    source = Outside(parts, with_secrets=False).transport()
    keys = SigningKeys(source=source, url=GOOGLE_KEYS)
    audience = parts.settings.public_origin
    others = ConfiguredIssuers(source=source, issuers=lambda: parts.policy().issuers, now=now)

    def prove(unverified_token: Secret) -> ProvedBearer:
        token = unverified_token.reveal()
        if (unverified_claims(token) or {}).get("iss") in GOOGLE_ISSUERS:
            account = verify_google_service_account(token, keys=keys, audience=audience, now=now())
            return ProvedBearer(caller=Agent(name=account.email), expires_at=account.expires_at)
        proved = others.prove(unverified_token)
        return ProvedBearer(caller=proved.caller, expires_at=proved.expires_at)

    verify = VerifiedBearers(prove, under=parts.policy, now=now)
    return Bearers(verify, admit=parts.admit)


def listed_callers(parts: Parts) -> ListedCallers:
    """Return the callers of `refresh`: service accounts, and no other issuer's."""
    now = parts.world.now
    source = Outside(parts, with_secrets=False).transport()
    keys = SigningKeys(source=source, url=GOOGLE_KEYS)
    audience = parts.settings.refresh_audience
    behind_iam = parts.settings.behind_iam

    def verify(unverified_token: Secret) -> Agent:
        token = unverified_token.reveal()
        if behind_iam and is_stripped(token):
            account = service_account_behind_iam(token, audience=audience, now=now())
        else:
            account = verify_google_service_account(token, keys=keys, audience=audience, now=now())
        return Agent(name=account.email)

    return ListedCallers(Bearers(verify), parts.policy)


def persons(parts: Parts, *, with_policy: bool = True) -> Persons:
    """Return callers by session; without the policy nobody is an admin."""
    verifier = SessionVerifier(
        parts.settings.session_public_keys_file,
        audience=parts.settings.public_origin,
        now=parts.world.now,
    )
    nobody = Policy()
    return Persons(
        sessions=verifier,
        people=parts.activity,
        policy=parts.policy if with_policy else lambda: nobody,
        origin=parts.settings.public_origin,
        now=parts.world.now,
        admit=parts.admit if with_policy else admit_all,
    )


def signer(parts: Parts) -> SessionSigner:
    """Return what signs sessions."""
    return SessionSigner(
        parts.settings.session_signing_key_file,
        audience=parts.settings.public_origin,
        now=parts.world.now,
        draw=parts.world.draw,
        limits=parts.world.limits,
    )
