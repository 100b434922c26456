"""The authenticated data of two places is never the same."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from multi_user_oauth.model import Binding, ConnectionKey, Identity, Kind

# Few, short and alike, so that parts run together wherever they are merely strung up.
TEXT = st.text(st.sampled_from("1a\x00\x01"), max_size=3)
NUMBER = st.integers(0, 111)
PERSON = st.builds(Identity.google, st.sampled_from(["1", "11", "111"]))
BINDINGS = st.builds(
    Binding,
    deployment=TEXT,
    key=st.builds(ConnectionKey, TEXT, TEXT),
    kind=st.sampled_from(Kind),
    epoch=NUMBER,
    identity=PERSON,
    generation=NUMBER,
)


def grant(binding: Binding) -> tuple[object, ...]:
    """Return what all values of one grant share."""
    return binding.deployment, binding.key, binding.kind, binding.epoch


@given(BINDINGS, BINDINGS)
def test_two_grants_wrap_for_two_aads(one: Binding, other: Binding) -> None:
    """N48: The outer AAD differs exactly where deployment, connection, kind or epoch do."""
    assert (one.outer() == other.outer()) == (grant(one) == grant(other))


@given(BINDINGS, BINDINGS)
def test_two_places_seal_for_two_aads(one: Binding, other: Binding) -> None:
    """N48: The inner AAD differs exactly where anything does, person and generation included."""
    assert (one.inner() == other.inner()) == (one == other)


@given(BINDINGS, st.text(max_size=12), st.data())
def test_a_border_between_two_parts_can_not_move(
    binding: Binding, text: str, data: st.DataObject
) -> None:
    """N48: ("a", "bc") and ("ab", "c") are two places, for any two neighbouring parts."""
    first, second = (data.draw(st.integers(0, len(text))) for _ in range(2))
    assume(first != second)

    def split(at: int) -> tuple[Binding, Binding]:
        head, tail = text[:at], text[at:]
        return (
            replace(binding, deployment=head, key=replace(binding.key, connector_type=tail)),
            replace(binding, key=ConnectionKey(head, tail)),
        )

    for one, other in zip(split(first), split(second), strict=True):
        assert one.outer() != other.outer()
        assert one.inner() != other.inner()


@given(BINDINGS, PERSON, NUMBER)
def test_a_data_key_serves_every_generation_of_its_grant(
    binding: Binding, person: Identity, generation: int
) -> None:
    """The outer AAD does not depend on what is only known later: the person and the generation."""
    assert replace(binding, identity=person, generation=generation).outer() == binding.outer()


def test_nothing_is_sealed_for_nobody() -> None:
    """A data key is wrapped before the person is known, a value only after."""
    binding = Binding(
        deployment="d", key=ConnectionKey("t", "a@b.example"), kind=Kind.ACCESS, epoch=1
    )

    assert binding.outer()
    with pytest.raises(ValueError, match="for a person"):
        binding.inner()
