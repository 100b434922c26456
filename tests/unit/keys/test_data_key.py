"""An open data key does not show itself."""

import json
import pickle
import traceback
from dataclasses import asdict

import pytest

from multi_user_oauth.ports import DataKey

MARKER = b"the-open-data-key-of-32-bytes..."
KEY = DataKey(plaintext=MARKER, wrapped=b"wrapped", outer=b"outer")


@pytest.mark.parametrize(
    "shown",
    [repr(KEY), str(KEY), f"{KEY}", f"{KEY!r}", "%s" % KEY, "%r" % KEY, ascii([KEY]), f"{(KEY,)}"],  # noqa: UP031  # reason: this way of showing it is under test
)
def test_no_way_of_printing_shows_it(shown: str) -> None:
    """Printed, alone or inside something, it is three stars."""
    assert MARKER.decode() not in shown
    assert "DataKey(***)" in shown


def test_json_refuses_it() -> None:
    """It is not serialised by accident."""
    with pytest.raises(TypeError) as refusal:
        json.dumps({"key": KEY})
    assert MARKER.decode() not in str(refusal.value)


def test_an_exception_that_holds_it_does_not_show_it() -> None:
    """An error with the key among its arguments prints without it."""
    error = RuntimeError("no", KEY)

    assert MARKER.decode() not in "".join(traceback.format_exception(error))
    assert MARKER.decode() not in repr(error)


def test_it_is_not_pickled() -> None:
    """It does not leave the process by accident."""
    with pytest.raises(TypeError):
        pickle.dumps(KEY)


def test_it_does_not_come_apart() -> None:
    """What turns values into dictionaries does not find the key."""
    with pytest.raises(TypeError):
        asdict(KEY)  # type: ignore[call-overload]  # reason: what the type checker says too
