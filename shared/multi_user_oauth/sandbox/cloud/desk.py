"""Where every call arrives, whoever made it: faults, rights, the call itself, the log."""

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import grpc

from ..records import Draw, Sleep
from . import cloud_kms, secret_manager
from .calls import Call, CallLog
from .faults import Fault, Faults, spoil
from .iam import Policy
from .methods import Method
from .refusals import RefusedError, on_demand
from .state import load, save


class Desk:
    """Both services, one call at a time."""

    def __init__(self, file: Path | None, *, sleep: Sleep, draw: Draw) -> None:
        self.policy = Policy()
        self.faults = Faults()
        self.calls = CallLog()
        self._file = file
        self._holdings = load(file)
        self._sleep = sleep
        self._lock = Lock()
        self.services: Mapping[str, tuple[Method, ...]] = {
            cloud_kms.SERVICE: cloud_kms.CloudKms(self._holdings, draw).methods(),
            secret_manager.SERVICE: secret_manager.SecretManager(self._holdings).methods(),
        }

    def answer(self, caller: str, method: Method, request: Any) -> Any:  # noqa: ANN401  # reason: any message
        """Serve one call; raise `RefusedError`. Either way it is logged."""
        resource, status = method.resource(request), "OK"
        try:
            return self._answered(caller, method, resource, request)
        except RefusedError as refused:
            status = refused.code.name
            raise
        finally:
            self.calls.add(
                Call(caller=caller, method=method.name, resource=resource, status=status)
            )

    def _answered(self, caller: str, method: Method, resource: str, request: Any) -> Any:  # noqa: ANN401  # reason: any message
        fault = self.faults.take(method.name, caller, resource) or Fault(method=method.name)
        if fault.delay:
            self._sleep(fault.delay)
        if fault.status is not None and not fault.lost:
            raise on_demand(fault.status)
        # Before anything is looked up: who has no right does not learn what there is.
        if not self.policy.allows(caller, method.permission, resource):
            text = f"{caller} lacks {method.permission} on {resource}, or it does not exist"
            raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, text)
        with self._lock:
            answer = method.serve(request)
            if method.changes and self._file is not None:
                save(self._file, self._holdings)
        if fault.status is not None:
            raise on_demand(fault.status)
        if fault.spoilt is not None:
            spoil(answer, fault.spoilt)
        return answer
