"""Names that a package offers, and loads from their modules at their first use.

A function starts faster for each value and port that it does not need: to make a dataclass takes a third
of a millisecond, and there are more than a hundred.
"""

from collections.abc import Callable, Mapping
from importlib import import_module


def offers(package: str, modules: Mapping[str, str]) -> Callable[[str], object]:
    """
    Return the `__getattr__` (PEP 562) of a package that offers the names that each of its modules has.

    Give it to the package where it runs, not where its types are checked: else every name would pass.
    """
    homes = {
        name: f"{package}.{module}" for module, names in modules.items() for name in names.split()
    }

    def load(name: str) -> object:
        if name not in homes:
            message = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(message)
        return getattr(import_module(homes[name]), name)

    return load
