"""The function `web`: pages and their static files."""

from functools import cache
from typing import TYPE_CHECKING

from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.http.web import WebRoutes
from multi_user_oauth.wiring.parts import Parts

if TYPE_CHECKING:
    from multi_user_oauth.http.pages import Pages


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    targets = parts.form_targets()

    @cache
    def pages() -> "Pages":
        from multi_user_oauth.http.pages import Pages

        return Pages(form_targets=targets)

    routes = WebRoutes(
        folder=parts.settings.web_dir,
        connector_types={
            name: each for name, each in parts.connector_types.items() if not each.retired
        },
        form_targets=targets,
    )
    return parts.endpoint(
        routes.routes(), error_page=lambda request, error: pages().error(request, error)
    )
