"""Taking in an older system's tokens: at the function `refresh`, or in this process."""

from functools import partial
from typing import TYPE_CHECKING

from multi_user_oauth.model import Provider
from multi_user_oauth.ports.importing import Importer
from multi_user_oauth.wiring.asking import remote
from multi_user_oauth.wiring.connecting import connecting
from multi_user_oauth.wiring.outside import Outside
from multi_user_oauth.wiring.parts import Parts

if TYPE_CHECKING:
    from multi_user_oauth.importing import ImportToken


def importing(parts: Parts) -> "ImportToken":
    """Return the use case; it needs the applications' secrets, and opens nothing."""
    from multi_user_oauth.importing import ImportToken
    from multi_user_oauth.providers.importing import OldTokens, google_owner, microsoft_owner

    outside = Outside(parts, with_secrets=True)
    microsoft = partial(microsoft_owner, transport=outside.transport())
    google = partial(google_owner, transport=outside.transport())
    return ImportToken(
        store=parts.main,
        connector_types=parts.connector_types,
        providers={
            Provider.MICROSOFT: OldTokens(outside.microsoft, microsoft),
            Provider.GOOGLE: OldTokens(outside.google, google),
        },
        connecting=connecting(parts),
        point=parts.world.point,
    )


def importing_wherever(parts: Parts) -> Importer:
    """Return the same where it may be done."""
    url = parts.settings.refresh_url
    if url is None:
        return importing(parts)
    from multi_user_oauth.refreshers.remote_importing import RemoteImporting

    return RemoteImporting(remote(parts, url))
