"""The routes of the code are those of the catalogue, and every function answers under both addresses."""

import pytest

from multi_user_oauth.sandbox.company import ADMIN
from tests.architecture.catalogue import Route
from tests.support.api import BUILT
from tests.support.functions import (
    METHODS,
    MICROSOFT,
    WANTS_JSON,
    Installation,
    Visitor,
    code,
    identity,
)
from tests.support.installation import ORIGIN

ROUTES = [
    pytest.param(name, route, id=f"{name}-{route.path}")
    for name, routes in BUILT.items()
    for route in routes
]


def filled(path: str) -> str:
    """Return a path with something in the place of its placeholders."""
    values = {
        "{connector_type}": MICROSOFT,
        "{user_email}": "sarah@company.com",
        "{handle}": "a-ffffffff",
        "{path}": "style.css",
    }
    for name, value in values.items():
        path = path.replace(name, value)
    return path


@pytest.mark.parametrize("name", BUILT)
def test_the_code_has_the_routes_of_the_catalogue(nothing_stored: Installation, name: str) -> None:
    """Methods, the path behind the load balancer and the bare paths: all of them, and no other."""
    coded = {
        (route.methods, frozenset(route.paths)) for route in nothing_stored.endpoint(name).routes
    }
    catalogued = {
        (tuple(route.methods), frozenset((route.path, *route.bare))) for route in BUILT[name]
    }
    assert coded == catalogued
    assert all(
        route.paths[0] in {entry.path for entry in BUILT[name]}
        for route in nothing_stored.endpoint(name).routes
    )


@pytest.mark.parametrize(("name", "route"), ROUTES)
def test_other_methods_are_refused_and_the_right_ones_named(
    nothing_stored: Installation, name: str, route: Route
) -> None:
    """
    N10, N23: HEAD too: a GET of a callback counts, so nothing may be taken for one. Nothing
    is written.
    """
    visitor = Visitor(nothing_stored)
    for path in (route.path, *route.bare):
        for method in sorted(set(METHODS) - set(route.methods)):
            response = visitor.call(name, method, filled(path), headers=WANTS_JSON)
            assert response.status_code == 405, f"{method} {path}"
            assert response.headers["Allow"] == ", ".join(route.methods)
    assert nothing_stored.meter.counts() == {}


@pytest.mark.parametrize("name", BUILT)
@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/api/v1/oauth",
        "/api/v1/oauth/user/x/y/token/z",
        "/a/b/c/d",
        "/..%2f",
        "/%00",
    ],
)
def test_elsewhere_is_nothing(nothing_stored: Installation, name: str, path: str) -> None:
    """A path that is no route is a plain 404 problem, whoever asks."""
    response = nothing_stored.agent().call(name, "GET", path)
    assert (response.status_code, code(response)) == (404, "not_found")


@pytest.mark.parametrize(("name", "route"), ROUTES)
def test_full_and_bare_paths_are_the_same_route(
    nothing_stored: Installation, name: str, route: Route
) -> None:
    """The answer does not depend on whether the request came through the load balancer."""
    admin = nothing_stored.person(identity(MICROSOFT, ADMIN), email=ADMIN.email)
    method = route.methods[0]
    answers = {
        (response.status_code, response.data)
        for path in (route.path, *route.bare)
        for response in [admin.call(name, method, filled(path), headers={"Origin": ORIGIN})]
    }
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("authorize", "/api/v1/oauth/user/authorize"),
        ("authorize", "/"),
        ("callback_microsoft", "/api/v1/oauth/callback/microsoft?state=x&code=y"),
        ("callback_microsoft", "/admin-consent"),
        ("callback_google", "/?state=x&code=y"),
        ("web", "/"),
        ("web", "/connect"),
        ("web", "/account"),
        ("web", "/admin"),
    ],
)
@pytest.mark.parametrize(
    "host",
    [
        "http://evil.example",
        "http://localhost:8085",
        "http://localhost",
        "http://localhost.evil.example:8084",
        "http://127.0.0.1:8084",
    ],
)
def test_browser_routes_know_one_host_only(
    nothing_stored: Installation, name: str, path: str, host: str
) -> None:
    """A cookie of a host that others share could be read there: only the public origin's host counts."""
    visitor = Visitor(nothing_stored)
    headers = {
        **WANTS_JSON,
        "X-Forwarded-Host": "localhost:8084",
        "Forwarded": "host=localhost:8084",
    }
    response = visitor.call(name, "GET", path, host=host, headers=headers)
    assert (response.status_code, code(response)) == (404, "not_found")
    assert response.headers.getlist("Set-Cookie") == []


def test_bearer_routes_serve_under_any_host(nothing_stored: Installation) -> None:
    """A function's own address serves callers who prove themselves by a token."""
    agent = nothing_stored.agent()
    for name, path in (("list_users", "/"), ("access_token", "/microsoft_teams/sarah@company.com")):
        response = agent.call(name, "GET", path, host="https://region-project.cloudfunctions.net")
        assert response.status_code == (200 if name == "list_users" else 404)
        assert name == "list_users" or code(response) == "not_connected"
