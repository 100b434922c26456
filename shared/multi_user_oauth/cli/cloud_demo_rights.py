"""The catalogue's rights as the local cloud's: databases at the relay, roles on keys and secrets."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from multi_user_oauth.sandbox.cloud.relay import Right
from multi_user_oauth.sandbox.gateway_catalogue import Function, Use

_ENCRYPTER: Final = "roles/cloudkms.cryptoKeyEncrypter"
ADMIN: Final = "roles/cloudkms.admin"
DECRYPTER: Final = "roles/cloudkms.cryptoKeyDecrypter"
_ROLES: Final[Mapping[Use, tuple[str, ...]]] = {
    "none": (),
    "encrypt": (_ENCRYPTER,),
    "decrypt": (DECRYPTER,),
    "both": (_ENCRYPTER, DECRYPTER),
}
_READER: Final = ("roles/secretmanager.secretAccessor", "roles/secretmanager.viewer")


class Grant(NamedTuple):
    """A role of a caller on a resource and all below it."""

    caller: str
    role: str
    resource: str


def database_rights(functions: Iterable[Function]) -> dict[str, Mapping[str, Right]]:
    """Return what each function may do in the databases `main` and `activity`."""
    return {
        function.name: {
            "main": function.databases.main,
            "activity": function.databases.activity,
        }
        for function in functions
    }


def grants(
    functions: Iterable[Function], *, access_key: str, refresh_key: str, secrets: Iterable[str]
) -> Iterator[Grant]:
    """Yield what each function is granted on the two keys and on the applications' secrets."""
    for function in functions:
        for key, use in ((access_key, function.keys.access), (refresh_key, function.keys.refresh)):
            for role in _ROLES[use]:
                yield Grant(function.name, role, key)
        if "client_secrets" in function.secrets:
            for secret in secrets:
                for role in _READER:
                    yield Grant(function.name, role, secret)
