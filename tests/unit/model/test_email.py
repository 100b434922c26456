"""One spelling for each mailbox, and nothing that is not one."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from multi_user_oauth.errors import MalformedEmailError, RequestError
from multi_user_oauth.model import normalise_email, normalise_email_prefix


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Ada.Lovelace@EXAMPLE.Com", "ada.lovelace@example.com"),
        ("ada+tag@example.com", "ada+tag@example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("a/b%2f#?&=@example.com", "a/b%2f#?&=@example.com"),
        ("jose\u0301@example.com", "jos\u00e9@example.com"),
        ("JOS\u00c9@example.com", "jos\u00e9@example.com"),
        ("ada@B\u00dcCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@bu\u0308cher.example", "ada@xn--bcher-kva.example"),
        ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
        ("ada@fa\u00df.example", "ada@xn--fa-hia.example"),
        ("ada@example\u3002com", "ada@example.com"),
        ("ada@\uff45xample.com", "ada@example.com"),
        ("ada@mail.a-b.example.co.uk", "ada@mail.a-b.example.co.uk"),
    ],
    ids=ascii,
)
def test_every_spelling_of_a_mailbox_becomes_one(text: str, normal: str) -> None:
    """Composed or not, in any case, the domain in Unicode or ASCII: it is the same person."""
    assert normalise_email(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "", "@", "ada", "ada@", "@example.com", "ada@example", "ada@com.", "ada@example.com.",
        "ada@.example.com", "ada@example..com", "ada@-example.com", "ada@example-.com",
        "ada@exa_mple.com", "ada@exa mple.com", "ada@example.com/", "ada@[127.0.0.1]",
        "ada@example.com@evil.example.", "ada@evil.example@example.com", "ada@evil\uff20example.com",
        " ada@example.com", "ada@example.com ", "ada@example.com\n", "a da@example.com",
        "a\tda@example.com", "a\x00da@example.com", "a\x7fda@example.com", "a\u00a0da@example.com",
        "a\u200dda@example.com", "a\u202eda@example.com", "ad\ud800a@example.com",
        "ada@exam\ud800ple.com", "ada@\u00ad.com", "ada@\u200b.com",
        ".ada@example.com", "ada.@example.com", "a..da@example.com", "a/../b@example.com",
        '"ada"@example.com',
        "Ada <ada@example.com>", "<ada@example.com>", "ada@example.com,bob@example.com",
        "ada;bob@example.com", "mailto:ada@example.com", "a(b)@example.com", "a\\b@example.com",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_not_a_plain_address_is_refused(text: str) -> None:
    """No display name, quotes, lists, white space, control or invisible characters, bare hosts."""
    assert_refused(text)


def test_254_characters_are_the_most() -> None:
    """An address of 254 characters is one, of 255 is none; a local part has at most 64."""
    domain = ".".join(["d" * 60] * 3)  # 182
    assert len(normalise_email(f"{'a' * 64}@{domain}.{'e' * 6}")) == 254
    assert_refused(f"{'a' * 64}@{domain}.{'e' * 7}")
    assert_refused(f"{'a' * 65}@example.com")


def test_the_length_counts_after_normalising() -> None:
    """A domain that is short in Unicode and long in ASCII is measured as it is stored."""
    domain = ".".join(["\u00fc" * 20] * 8)
    text = f"{'a' * 64}@{domain}.example"
    assert len(text) < 254

    assert_refused(text)


def test_the_field_is_named() -> None:
    """A caller learns which of its fields was wrong; the text itself is not repeated."""
    with pytest.raises(MalformedEmailError) as refusal:
        normalise_email("no-address-at-all", field="login_hint")

    assert refusal.value.field == "login_hint"
    assert "login_hint" in str(refusal.value)
    assert "no-address-at-all" not in str(refusal.value)


LOCAL = st.text(min_size=1, max_size=20)
DOMAIN = st.lists(st.text(min_size=1, max_size=10), min_size=2, max_size=4).map(".".join)
COMBINING = st.text(st.characters(categories=["L", "M"]), min_size=1, max_size=12)


@given(
    st.one_of(
        st.text(max_size=40),
        st.builds("{}@{}".format, LOCAL, DOMAIN),
        st.builds("{}@example.com".format, COMBINING),
        st.builds("a@{}.com".format, COMBINING),
    )
)
@example("\u0130@example.com")
@example("\u0130\u0323@example.com")
@example("\u03a3\u03a3@example.com")
@example("a@\u0130.com")
def test_normalising_twice_changes_nothing(text: str) -> None:
    """What is stored is found again by itself; anything else is refused with the one error."""
    try:
        normal = normalise_email(text)
    except MalformedEmailError:
        return

    assert normalise_email(normal) == normal
    assert unicodedata.is_normalized("NFC", normal)
    assert normal == normal.lower()
    assert len(normal) <= 254
    assert normal.rpartition("@")[2].isascii()


@given(st.from_regex(r"[a-zA-Z0-9+_-]{1,20}@[a-zA-Z0-9]{1,10}\.[a-zA-Z]{2,5}", fullmatch=True))
def test_case_makes_no_difference(text: str) -> None:
    """Upper, lower or mixed, it is one key."""
    assert normalise_email(text.upper()) == normalise_email(text.lower()) == text.lower()


def assert_refused(text: str) -> None:
    """It is refused, with the one error."""
    with pytest.raises(MalformedEmailError):
        normalise_email(text)


FIELD = "user_email_prefix"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("a", "a"),
        ("Ada.", "ada."),
        ("ADA@", "ada@"),
        ("ada@EXAMPLE", "ada@example"),
        ("ada@example.", "ada@example."),
        ("ada@example.com", "ada@example.com"),
        ("%_*", "%_*"),
        ("jose\u0301", "jos\u00e9"),
        ("ada@B\u00dcCHER", "ada@xn--bcher-kva"),
        ("ada@b\u00fccher.", "ada@xn--bcher-kva."),
        ("ada@b\u00fccher.ex", "ada@xn--bcher-kva.ex"),
        ("ada@XN--BC", "ada@xn--bc"),
    ],
    ids=ascii,
)
def test_a_beginning_is_spelt_as_the_whole_is(text: str, normal: str) -> None:
    """Wherever it ends; signs that mean something elsewhere mean nothing here."""
    assert normalise_email_prefix(text, field=FIELD) == normal


@pytest.mark.parametrize(
    "text",
    [
        "", "@", "@a", "a b", "a\n", "\x00", "a,b", "a@b@", "a@@", "<a", 'a"', "a@b c", "a" * 255,
        "a@b\u00fc-", "a@\u00fc_", "\u2028", "\u00a0a", "a@" + "\u00fc" * 250, "\u1e9b\u0323 ",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_no_address_begins_with_is_refused(text: str) -> None:
    """By the parameter's name."""
    with pytest.raises(RequestError) as refused:
        normalise_email_prefix(text, field=FIELD)
    assert (refused.value.code, refused.value.field) == ("invalid_request", FIELD)


@given(
    st.from_regex(r"[a-zA-Z0-9%_+~'/-]{1,20}@[a-zA-Z0-9]{1,9}\.[a-zA-Z]{2,9}", fullmatch=True),
    st.integers(min_value=1),
)
def test_every_beginning_of_an_address_finds_it(text: str, length: int) -> None:
    """Cut anywhere, in any case: the address that is kept begins with what is asked for."""
    begins = text[: 1 + length % len(text)]
    normal = normalise_email(text)
    assert normal.startswith(normalise_email_prefix(begins, field=FIELD))
    assert normal.startswith(normalise_email_prefix(begins.swapcase(), field=FIELD))
