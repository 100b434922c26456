"""The demo that docs/examples/README.md tells a reader to start, once for all examples."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.examples import printed
from tests.unit.cli.processes import ROOT, Running, free_ports, running, sign_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The demo, and where the back end of an example may live."""

    demo: Running
    backend: str

    @property
    def url(self) -> str:
        """The vault's address."""
        return str(self.demo.told["url"])

    @property
    def settings(self) -> str:
        """The lines that come before every other."""
        return printed.settings(self.url, str(self.demo.told["sandbox_url"]))

    @property
    def mails(self) -> list[tuple[str, str, str]]:
        """Subject, sender and recipients of what was sent, newest first."""
        return printed.mails(str(self.demo.told["mailbox_url"]))


@pytest.fixture(scope="package")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """The demo at ports of its own; Sarah and John have connected, Maria and Pat have not."""
    folder, (port, sandbox_port) = tmp_path_factory.mktemp("demo"), free_ports()
    backend = f"http://127.0.0.1:{free_ports()[0]}"
    arguments = (
        *("demo", "--port", port, "--sandbox-port", sandbox_port),
        *("--data-dir", folder / ".demo", "--functions", ROOT / "functions"),
        *("--return-origins", backend),
    )
    with running(*arguments, cwd=folder) as started:
        sign_in(started.told, "sarah@company.com", "microsoft_teams")
        sign_in(started.told, "john@company.com", "google_workspace")
        yield Beside(demo=started, backend=backend)
