"""What an API wants to see in a token, read out of the header by which it refuses one."""

import base64

import pytest

from multi_user_oauth.net.claims import LONGEST, MalformedClaimsError, challenged, read_claims

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'
ENCODED = base64.b64encode(CLAIMS.encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        f'Bearer realm="", error="insufficient_claims", claims="{ENCODED}"',
        f'Bearer claims="{ENCODED.rstrip("=")}"',
        f'Basic realm="x", Bearer authorization_uri="https://login", claims="{ENCODED}"',
        f'Bearer claims="%%%", claims="bm90IEpTT04=", claims="{ENCODED}"',
    ],
)
def test_the_claims_are_found_wherever_they_stand(header: str) -> None:
    """N89: In either alphabet of base64, padded or not, among other challenges."""
    assert challenged(header) == CLAIMS


@pytest.mark.parametrize(
    "header",
    [
        "",
        'Bearer error="invalid_token"',
        'Bearer claims=""',
        f"Bearer claims={ENCODED}",
        f'Bearer otherclaims="{ENCODED}"',
        'Bearer claims="bm90IEpTT04="',
        f'Bearer claims="{base64.b64encode(b"[1]").decode()}"',
        f'Bearer claims="{"A" * 5000}"',
        f'Bearer claims="{base64.b64encode(bytes(200)).decode()}"',
    ],
)
def test_what_can_not_be_read_asks_for_nothing(header: str) -> None:
    """It stays an ordinary refusal."""
    assert challenged(header) is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", '"x"', "{", "no base64!", '{"a":' * 2000, f'{{"a":"{"x" * LONGEST}"}}'],
)
def test_what_is_no_challenge_is_not_repeated(text: str) -> None:
    """The error says what was expected, and nothing of the text."""
    with pytest.raises(MalformedClaimsError) as refused:
        read_claims(text)
    assert "claims" in str(refused.value)
    assert len(str(refused.value)) < 80
