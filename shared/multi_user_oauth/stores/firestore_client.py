"""Google's client of Firestore, but for how soon it connects again after the network was down."""

from typing import Any, Final

import grpc
from google.cloud.firestore import Client
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

RECONNECTING: Final = (("grpc.max_reconnect_backoff_ms", 1_000),)
"""
Where nobody listens, gRPC waits between two attempts, at last for two minutes, and refuses every call
until then: the longer an outage was, the longer it would last for us when it is over.
"""


class ReconnectingClient(Client):
    """The same, over a channel with that option: the library has no other door for one."""

    def _firestore_api_helper(self, transport: Any, client_class: Any, client_module: Any) -> Any:  # noqa: ANN401  # reason: the library's classes
        return super()._firestore_api_helper(_Reconnecting, client_class, client_module)

    def _emulator_channel(self, transport: Any) -> Any:  # noqa: ANN401  # reason: grpc has no types
        return grpc.insecure_channel(self._emulator_host, options=RECONNECTING)


class _Reconnecting(FirestoreGrpcTransport):
    @classmethod
    def create_channel(cls, *arguments: Any, options: Any = (), **named: Any) -> Any:  # noqa: ANN401  # reason: grpc has no types
        return super().create_channel(*arguments, options=(*options, *RECONNECTING), **named)
