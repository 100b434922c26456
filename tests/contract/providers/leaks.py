"""Looks for secrets wherever an error can carry them."""

from collections.abc import Iterable, Iterator


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Each error that a traceback would show, or could be made to show."""
    if error is not None:
        yield error
        yield from chain(error.__cause__)
        yield from chain(error.__context__)


def texts(error: BaseException) -> Iterator[str]:
    """All text of one error: itself, its arguments, its attributes."""
    yield f"{error!s} {error!r} {error.args!r} {getattr(error, '__notes__', '')!r}"
    for name in dir(error):
        if not name.startswith("__"):
            yield repr(getattr(error, name))


def assert_no_secret(error: BaseException, secrets: Iterable[str]) -> None:
    """Fail if any error of the chain holds one of these strings."""
    known = tuple(secrets)
    for each in chain(error):
        for text in texts(each):
            found = [secret for secret in known if secret in text]
            assert not found, f"{type(each).__name__} holds a secret"
