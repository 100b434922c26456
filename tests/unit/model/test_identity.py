"""Identities: one text for each person of a provider, and no other text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multi_user_oauth.model import Identity, Provider

TID, OID = "11111111-1111-1111-1111-111111111111", "aBcDeF00-2222-3333-4444-555555555555"

GUIDS = st.uuids().map(str)
IDENTITIES = st.one_of(
    st.builds(Identity.microsoft, GUIDS, GUIDS),
    st.builds(Identity.google, st.from_regex(r"[0-9]{1,64}", fullmatch=True)),
)


@given(IDENTITIES)
def test_what_is_written_is_read_again(identity: Identity) -> None:
    """`parse` is the inverse of `str`."""
    assert Identity.parse(str(identity)) == identity


@given(IDENTITIES, IDENTITIES)
def test_two_people_have_two_texts(one: Identity, other: Identity) -> None:
    """N30: No two identities, of whichever provider, are written alike."""
    assert (str(one) == str(other)) == (one == other)


def test_a_microsoft_identity_is_tenant_and_object() -> None:
    """In lower case, for GUIDs are written either way."""
    identity = Identity.microsoft(TID, OID)

    assert str(identity) == f"microsoft:{TID}:{OID.lower()}"
    assert identity == Identity.microsoft(TID.upper(), OID.upper())
    assert identity.provider is Provider.MICROSOFT


def test_a_google_identity_is_the_subject() -> None:
    """With its leading zeros, should there be any."""
    assert str(Identity.google("00117")) == "google:00117"
    assert Identity.google("00117") != Identity.google("117")


@pytest.mark.parametrize(
    ("tid", "oid"),
    [
        (TID, ""), ("", OID), (TID, "not-a-guid"), (TID, f"{OID}:x"), (f"{TID}:{TID}", OID),
        (TID, f" {OID}"), (TID, f"{OID}\n"), (TID.replace("-", ""), OID), (f"{{{TID}}}", OID),
        (TID, f"{OID[:-1]}g"), (TID, f"{OID[:-1]}\u0661"),
    ],
)  # fmt: skip
def test_claims_that_are_no_guids_are_refused(tid: str, oid: str) -> None:
    """A claim that is malformed, or holds a separator, makes no identity."""
    with pytest.raises(ValueError, match="not a microsoft identity"):
        Identity.microsoft(tid, oid)


@pytest.mark.parametrize(
    "sub", ["", "a", "117 ", "117\n", "-1", "1.0", "\u0661\u0662", "1" * 65, "google:117", "1:1"]
)
def test_a_subject_that_is_no_number_is_refused(sub: str) -> None:
    """Google's subjects are ASCII digits; nothing else is one."""
    with pytest.raises(ValueError, match="not a google identity"):
        Identity.google(sub)


@pytest.mark.parametrize(
    "text",
    [
        "", ":", "117", "google", "google:", ":117", "Google:117", "google:117:", " google:117",
        "github:117", "microsoft:117", f"microsoft:{TID}", f"microsoft:{TID}:{OID}",
        f"google:{TID}:{TID}", f"microsoft:{TID}:{TID}:", f"microsoft:{TID}:{TID}\n",
    ],
)  # fmt: skip
def test_any_other_text_is_refused(text: str) -> None:
    """Only the one spelling that `str` writes is read: lists of admins hold no near misses."""
    with pytest.raises(ValueError, match=r"not a|is not a valid Provider"):
        Identity.parse(text)
