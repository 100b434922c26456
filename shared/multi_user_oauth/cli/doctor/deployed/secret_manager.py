"""What Secret Manager says about a secret, without opening it; it loads Google's library."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud.secretmanager_v1 import SecretVersion

from multi_user_oauth.client_secrets.secret_manager import RECONNECTING, connect


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """When the secret is deleted by itself, if ever, and its newest version's state; empty: none."""

    expires: datetime | None
    newest: str


def kept(project: str, name: str, place: str | None, *, seconds: float) -> Kept | str:
    """Return it, or the name of what is answered in its place; `place` is a stand-in's host:port."""
    secret = f"projects/{project}/secrets/{name}"
    try:
        with ExitStack() as stack:
            channel = None
            if place is not None:
                import grpc

                channel = stack.enter_context(grpc.insecure_channel(place, options=RECONNECTING))
            client = connect(channel)
            found = client.get_secret(name=secret, retry=None, timeout=seconds)
            asked = {"parent": secret, "page_size": 1}
            versions = client.list_secret_versions(request=asked, retry=None, timeout=seconds)
            newest = next(islice(versions, 1), None)  # newest first, by Google's promise
    except (GoogleAPIError, GoogleAuthError) as error:
        return type(error).__name__  # its text may repeat what was sent
    expires = found.expire_time if "expire_time" in found else None
    state = "" if newest is None else SecretVersion.State(newest.state).name
    return Kept(expires=expires, newest=state)
