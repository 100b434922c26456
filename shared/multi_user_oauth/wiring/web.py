"""The function `web`: pages and their static files."""

from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.http.pages import Pages
from multi_user_oauth.http.web import WebRoutes
from multi_user_oauth.wiring.parts import Parts


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    targets = parts.form_targets()
    pages = Pages(form_targets=targets)
    routes = WebRoutes(
        folder=parts.settings.web_dir,
        connector_types=parts.connector_types,
        form_targets=targets,
    )
    return parts.endpoint(routes.routes(), error_page=pages.error)
