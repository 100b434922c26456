"""A claims challenge, as an API's `WWW-Authenticate` brings it."""

import base64
import json

import pytest

from multi_user_oauth.errors import RequestError
from multi_user_oauth.http.claims_challenge import claims_challenge
from multi_user_oauth.net.claims import LONGEST

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'


def encoded(text: str) -> str:
    """The text in base64."""
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("claims", [CLAIMS, '{"a": "\xfc\xfe?>~ \u20ac"}', "{}"])
def test_both_ways_to_write_it_mean_the_same(claims: str) -> None:
    """JSON, base64 of either alphabet, with or without what fills it up; nothing is rewritten."""
    standard = encoded(claims)
    for text in (
        claims,
        standard,
        standard.replace("+", "-").replace("/", "_"),
        standard.strip("="),
    ):
        assert claims_challenge(text) == claims


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "7", "null", "[]", '"text"', "{", "{'a': 1}", '{"a": NaN}', '{"a": 1} {}', "{}x",
        '{"a": "\\ud800"}', "{" * 1000, '{"a":' * 400, encoded("[]"), encoded("7"), encoded("text"),
        encoded("{"), "e30 ", "e3 0=", "e30\n", "%7B%7D", "eyJ\u20ac", "A",
        base64.b64encode(b'{"a": "\xff"}').decode(),
    ],
    ids=lambda text: repr(text)[:30],
)  # fmt: skip
def test_anything_else_is_refused_by_the_fields_name(text: str) -> None:
    """And not repeated: nobody knows what stands in it."""
    with pytest.raises(RequestError) as refused:
        claims_challenge(text)
    assert refused.value.field == "claims"
    assert str(refused.value) == "claims is a JSON object, or one in base64"


def test_two_thousand_bytes_are_enough() -> None:
    """Counted as JSON, and in bytes."""
    fits = json.dumps({"a": "x" * (LONGEST - 9)})
    assert len(fits) == LONGEST
    for text in (fits, encoded(fits)):
        assert claims_challenge(text) == fits
    for longer in (fits + " ", fits.replace("x", "\u20ac", 1)):
        for text in (longer, encoded(longer)):
            with pytest.raises(RequestError, match="at most 2048 bytes") as refused:
                claims_challenge(text)
            assert refused.value.field == "claims"
