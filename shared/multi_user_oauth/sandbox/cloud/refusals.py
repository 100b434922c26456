"""How the local cloud says no: a gRPC status and a text, which is ours and not Google's."""

import grpc


class RefusedError(Exception):
    """A call is answered with this status; clients go by the code, never by the text."""

    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def malformed(text: str) -> RefusedError:
    """Give the refusal of a request that can not be right."""
    return RefusedError(grpc.StatusCode.INVALID_ARGUMENT, text)


def unknown(name: str) -> RefusedError:
    """Give the refusal of a resource that is not there."""
    return RefusedError(grpc.StatusCode.NOT_FOUND, f"{name} not found")


def taken(name: str) -> RefusedError:
    """Give the refusal of a name that is in use."""
    return RefusedError(grpc.StatusCode.ALREADY_EXISTS, f"{name} already exists")


def wrong_state(name: str, state: str) -> RefusedError:
    """Give the refusal of a resource whose state does not allow the call."""
    return RefusedError(grpc.StatusCode.FAILED_PRECONDITION, f"{name} is {state}")


def on_demand(status: str) -> RefusedError:
    """Give the refusal that somebody asked for, to see what becomes of it."""
    return RefusedError(grpc.StatusCode[status], "a fault on demand")
