"""demo --backend gcp: each function a process with an identity of its own, over a local Google Cloud."""

import sys
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from multi_user_oauth.cli.cloud_demo_emulators import FIRESTORE, PUBSUB, Emulators
from multi_user_oauth.cli.cloud_demo_google import DemoCloud
from multi_user_oauth.cli.cloud_demo_processes import Processes, free_ports, listens
from multi_user_oauth.cli.cloud_demo_proxy import forwarding
from multi_user_oauth.cli.cloud_demo_rights import database_rights
from multi_user_oauth.cli.cloud_demo_settings import (
    OPERATOR,
    PUSH,
    Addresses,
    Shared,
    admit_callers,
    environment,
    service_account,
)
from multi_user_oauth.cli.cloud_demo_topics import DemoTopics
from multi_user_oauth.cli.demo import Demo
from multi_user_oauth.cli.demo_sandbox import sandbox_config, scheduler
from multi_user_oauth.cli.files import provision_deployment, sandbox_secrets
from multi_user_oauth.cli.settings_file import write_settings
from multi_user_oauth.sandbox.cloud.pushes import PushRelay
from multi_user_oauth.sandbox.cloud.relay import FirestoreRelay, Right
from multi_user_oauth.sandbox.gateway import Answered, Gateway
from multi_user_oauth.sandbox.gateway_catalogue import load_catalogue
from multi_user_oauth.sandbox.gateway_server import GatewayServer
from multi_user_oauth.sandbox.scheduler import Scheduler
from multi_user_oauth.sandbox.server import Sandbox

if TYPE_CHECKING:
    import socket
    from wsgiref.types import WSGIApplication

HEADING: Final = """The demo's settings for the command line, written anew at each start.
`multi-user-oauth users --env FILE`, and so `token` and `revoke`, work with them while it runs."""
_OPERATORS_RIGHTS: Final[dict[str, Right]] = {"main": "write", "activity": "write"}


class CloudDemo:
    """
    Enter it to start everything, leave it to stop everything.

    Databases, keys, secrets and the sandbox's memory are new at each start. Entering raises
    `ConfigurationError`. `sandbox`, `cloud`, `relay` and `pushes` serve in this process; `topics` and
    `pushes` are None where there is no emulator of Pub/Sub.
    """

    sandbox: Sandbox
    cloud: DemoCloud
    relay: FirestoreRelay
    scheduler: Scheduler
    topics: DemoTopics | None = None
    pushes: PushRelay | None = None

    def __init__(
        self,
        world: Demo,
        functions: Path,
        sockets: "list[socket.socket]",
        answered: Callable[[Answered], None] | None = None,
        *,
        environ: Mapping[str, str],
    ) -> None:
        """`environ` says where the emulator is, or Java; no setting is taken from it."""
        self._world = world
        self._environ = environ
        self._folder = functions
        self._functions = load_catalogue(functions)
        self._sockets = sockets
        self._answered = answered
        self._project = f"demo-{uuid.uuid4().hex[:12]}"
        self._processes = Processes(world.log_file.parent)
        self._undo = ExitStack()
        names = [function.name for function in self._functions]
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(self._processes)
            emulators = Emulators(self._processes, self._environ)
            firestore, pubsub = emulators.firestore(), emulators.pubsub()
            made = provision_deployment(self._world.directory)
            admit_callers(Path(made["POLICY_FILE"]))
            self._start_cloud(undo, made, firestore)
            emulators.wait(FIRESTORE, firestore)
            if pubsub:
                emulators.wait(PUBSUB, pubsub)
                self._start_pushes(undo, pubsub)
            undo.callback(self._processes.stop)  # before those whom they speak to
            self._start_functions(made)
            gateway = Gateway(self._functions, self._function, answered=self._answered)
            undo.callback(GatewayServer(gateway, self._sockets).start().stop)
            world = self._world
            self.scheduler = scheduler(self.sandbox, world.origin, world.sweep_every)
            undo.enter_context(self.scheduler)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def _start_cloud(self, undo: ExitStack, made: Mapping[str, str], emulator: str) -> None:
        settings = {"PUBLIC_ORIGIN": self._world.origin, **made}
        secrets = sandbox_secrets(Path(made["CLIENT_SECRETS_FILE"]))
        self.sandbox = Sandbox(sandbox_config(settings, None))
        self.sandbox.start(port=urlsplit(self._world.sandbox_url).port or 0)
        undo.callback(self.sandbox.stop)
        self.cloud = undo.enter_context(DemoCloud(self._project, self._functions, secrets))
        self.cloud.furnish()
        rights = {**database_rights(self._functions), OPERATOR: _OPERATORS_RIGHTS}
        self.relay = undo.enter_context(FirestoreRelay(emulator, rights))

    def _start_pushes(self, undo: ExitStack, pubsub: str) -> None:
        account, audience = service_account(PUSH), self._world.origin

        def token() -> str:
            return self.sandbox.identity_token(audience, account)

        self.pushes = undo.enter_context(PushRelay(f"{self._refresh_url}/refresh/shard", token))
        self.topics = DemoTopics(pubsub, self._project)
        self.topics.furnish(self.pushes.url, account=account, audience=audience)

    @property
    def _refresh_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['refresh']}"

    def _start_functions(self, made: Mapping[str, str]) -> None:
        shared = Shared(
            origin=self._world.origin,
            sandbox_url=self._world.sandbox_url,
            refresh_url=self._refresh_url,
            project=self._project,
            access_key=self.cloud.access_key,
            refresh_key=self.cloud.refresh_key,
            made=made,
            topics=self.topics.names if self.topics else {},
            pubsub=self.topics.emulator if self.topics else "",
            return_origins=self._world.return_origins,
            cors_origins=self._world.cors_origins,
        )
        operators = shared.of_operator(self._addresses(OPERATOR))
        write_settings(self._world.settings_file, operators, HEADING)
        for function in self._functions:
            settings = shared.of_function(function, self._addresses(function.name))
            self._processes.start(
                function.name,
                self._command(function.name),
                environment(self._environ, settings),
                output=self._world.log_file,
            )
        for name, port in self.ports.items():
            self._processes.wait_for(name, partial(listens, port))

    def _addresses(self, name: str) -> Addresses:
        return Addresses(
            firestore=self.relay.address(name),
            kms=self.cloud.rest_url(name),
            secrets=self.cloud.address(name),
        )

    def _command(self, name: str) -> list[str]:
        return [
            *(sys.executable, "-m", "functions_framework", "--target", "main"),
            *("--source", str(self._folder / name / "main.py")),
            *("--host", "127.0.0.1", "--port", str(self.ports[name])),
        ]

    def _function(self, name: str) -> "WSGIApplication":
        return forwarding(self.ports[name])
