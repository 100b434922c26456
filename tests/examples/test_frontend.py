"""The frontend of another origin, served as it is printed; tests/browser/test_connect_js.py uses it."""

import requests

from multi_user_oauth.cli.demo import demo
from tests.examples import printed
from tests.examples.conftest import Beside
from tests.support.processes import until
from tests.unit.cli.processes import free_ports

HEADING = "A frontend of another origin"


def test_it_is_served_as_printed(beside: Beside) -> None:
    """Its page loads the script of the vault that the settings name, and its policy lets it."""
    _, lines = printed.blocks(HEADING)
    port = free_ports()[0]
    program = beside.settings + printed.exchanged(lines, {**printed.PYTHON, "8090": str(port)})
    with printed.running("frontend", program) as (_, log):
        until(lambda: f"Open http://127.0.0.1:{port}" in log.read_text(), "it is served")
        with requests.Session() as session:
            session.trust_env = False
            page = session.get(f"http://127.0.0.1:{port}/", timeout=10)
            own = [
                session.get(f"http://127.0.0.1:{port}/app.{kind}", timeout=10)
                for kind in ("js", "css")
            ]
            script = session.get(f"{beside.url}/connect.js", timeout=10)
    assert f'src="{beside.url}/connect.js"' in page.text
    assert f"script-src 'self' {beside.url};" in page.headers["Content-Security-Policy"]
    assert {each.status_code for each in (page, script, *own)} == {200}


def test_the_demo_takes_both_settings_as_they_are_printed() -> None:
    """From the environment, as `make` passes it on; the origin is the one where the example is served."""
    started, _ = printed.blocks(HEADING)
    origin = "http://127.0.0.1:8090"
    assert started == f"RETURN_ORIGINS={origin} CORS_ORIGINS={origin} make demo\n"
    known = {option.envvar for option in demo.params}
    assert {"RETURN_ORIGINS", "CORS_ORIGINS"} <= known
