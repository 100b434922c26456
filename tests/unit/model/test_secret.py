"""A secret does not show itself, whatever is done with it, until it is asked by name."""

import copy
import json
import pickle
import traceback
from dataclasses import asdict, astuple, dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multi_user_oauth.model import Secret

MARKER = "s3cr3t-marker"
SECRET = Secret(MARKER)


@dataclass(frozen=True)
class Holder:
    """A value that holds a secret."""

    token: Secret
    name: str = "ada"


HOLDER = Holder(SECRET)


@pytest.mark.parametrize(
    "shown",
    [
        repr(SECRET), str(SECRET), ascii(SECRET), f"{SECRET}", f"{SECRET!r}", f"{SECRET!s}",
        f"{SECRET:>40}", format(SECRET, "s"), "{}".format(SECRET), "%s" % SECRET, "%r" % SECRET,  # noqa: UP031,UP032  # reason: these ways of showing it are under test
        repr([SECRET]), str({"token": SECRET}), repr(HOLDER), str(asdict(HOLDER)),
        str(astuple(HOLDER)), str(replace(HOLDER, name="bob")), repr(copy.deepcopy(HOLDER)),
        json.dumps(asdict(HOLDER), default=str), json.dumps({"token": SECRET}, default=repr),
    ],
)  # fmt: skip
def test_no_way_of_printing_shows_it(shown: str) -> None:
    """N55: alone, inside something, taken apart or copied: three stars."""
    assert MARKER not in shown
    assert "***" in shown


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_not_pickled(protocol: int) -> None:
    """N55: nor is what holds it: it does not leave the process by accident."""
    for value in (SECRET, HOLDER, [SECRET]):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(value, protocol)


def test_json_refuses_it() -> None:
    """N55: whoever wants it in JSON must reveal it."""
    with pytest.raises(TypeError) as refusal:
        json.dumps({"token": SECRET})
    assert MARKER not in str(refusal.value)


def test_a_copy_is_the_same_object() -> None:
    """No second copy of the string comes about."""
    assert copy.copy(SECRET) is SECRET
    assert copy.deepcopy(SECRET) is SECRET
    assert asdict(HOLDER)["token"] is SECRET


def test_an_exception_that_holds_it_does_not_show_it() -> None:
    """Neither its arguments nor its traceback do."""
    error = RuntimeError("no", SECRET, HOLDER)

    assert MARKER not in repr(error)
    assert MARKER not in "".join(traceback.format_exception(error))


def test_it_has_no_dictionary_to_look_into() -> None:
    """`vars` finds nothing, and nothing can be hung on it."""
    with pytest.raises(TypeError):
        vars(SECRET)
    with pytest.raises(AttributeError):
        SECRET.note = "x"  # type: ignore[attr-defined]  # reason: that it has no such attribute is tested


def test_it_is_no_key() -> None:
    """It can not be put into a set or be the key of a dictionary."""
    with pytest.raises(TypeError, match="unhashable"):
        hash(SECRET)


@given(st.text(), st.text())
def test_two_are_equal_if_their_texts_are(one: str, other: str) -> None:
    """And only with each other: a plain string is no secret."""
    assert (Secret(one) == Secret(other)) == (one == other)
    assert Secret(one) == Secret(one)
    assert Secret(one) != one


def test_a_lone_surrogate_compares_like_any_text() -> None:
    """JSON can bring one; the error for it would carry the whole token."""
    assert Secret("a\ud800") == Secret("a\ud800")
    assert Secret("a\ud800") != Secret("a\ud801")


@pytest.mark.parametrize(("text", "truth"), [("", False), ("x", True)])
def test_an_empty_one_is_false(text: str, truth: bool) -> None:
    """So that `if token` asks what it seems to ask."""
    assert bool(Secret(text)) is truth


def test_it_is_revealed_by_name_only() -> None:
    """The one way to the string."""
    assert SECRET.reveal() == MARKER
