"""Reading a claims challenge out of a request."""

from multi_user_oauth.errors import RequestError
from multi_user_oauth.net.claims import MalformedClaimsError, read_claims


def claims_challenge(text: str) -> str:
    """Return the JSON object that it is; raise a `RequestError` that repeats nothing of it."""
    try:
        return read_claims(text)
    except MalformedClaimsError as malformed:
        raise RequestError(str(malformed), field="claims") from None
