"""How callers prove who they are, put together."""

from multi_user_oauth.http.callers import Agents, ListedCallers, Persons
from multi_user_oauth.http.sessions import SessionVerifier
from multi_user_oauth.model import Policy, Secret
from multi_user_oauth.providers.id_token import (
    GOOGLE_KEYS,
    SigningKeys,
    verify_google_service_account,
)
from multi_user_oauth.wiring.outside import Outside
from multi_user_oauth.wiring.parts import Parts


def agents(parts: Parts) -> Agents:
    """Return callers by Google-signed OIDC tokens for our origin."""
    keys = SigningKeys(source=Outside(parts, with_secrets=False).transport(), url=GOOGLE_KEYS)
    audience = parts.settings.public_origin

    def verify(unverified_token: Secret) -> str:
        return verify_google_service_account(
            unverified_token.reveal(), keys=keys, audience=audience, now=parts.world.now()
        )

    return Agents(verify)


def listed_callers(parts: Parts) -> ListedCallers:
    """Return the callers of `refresh`."""
    return ListedCallers(agents(parts), parts.policy)


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
    )
