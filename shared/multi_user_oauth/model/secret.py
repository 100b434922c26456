"""A string that shows itself only when asked by name."""

import hmac
from typing import Never


class Secret:
    """
    A token, code, key or password.

    Printing, formatting and logging show `***`; pickling is refused; copying gives the same object.
    Comparison takes constant time.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the string itself; each call is a place that a reviewer can grep for."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, format_spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_encoded(self), _encoded(other))

    __hash__ = None  # type: ignore[assignment]  # reason: a hash in a set or key would outlive the secret

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> Never:
        message = "a Secret is not pickled"
        raise TypeError(message)


def _encoded(secret: Secret) -> bytes:
    # Not strictly: the error for a lone surrogate would carry the whole value.
    return secret.reveal().encode("utf-8", "surrogatepass")
