"""Settings of what stands at the edge: who is let in, from where, and how often."""

import re
from functools import cached_property
from typing import Final

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.settings.origins import parse_origin
from multi_user_oauth.settings.values import Values, malformed

_RATE: Final = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)")
_MOST_HOPS: Final = 9


class EdgeSettings(Values):
    """The part of the mapping that is about callers."""

    @cached_property
    def return_origins(self) -> frozenset[str]:
        """`RETURN_ORIGINS`: origins, separated by commas, where a sign-in may end besides our own."""
        return self._origins("RETURN_ORIGINS")

    @cached_property
    def cors_origins(self) -> frozenset[str]:
        """`CORS_ORIGINS`: origins whose pages may start a sign-in, and ask how it ended, by script."""
        return self._origins("CORS_ORIGINS")

    @cached_property
    def rate_per_address(self) -> str:
        """`RATE_PER_ADDRESS`: requests from one address, for each instance; by default `3000/minute`."""
        return self._rate("RATE_PER_ADDRESS", "3000/minute")

    @cached_property
    def rate_per_caller(self) -> str:
        """`RATE_PER_CALLER`: calls of one agent or person, for each instance; `3000/minute`."""
        return self._rate("RATE_PER_CALLER", "3000/minute")

    @cached_property
    def rate_per_person(self) -> str:
        """`RATE_PER_PERSON`: one agent's calls about one person, for each instance; `600/minute`."""
        return self._rate("RATE_PER_PERSON", "600/minute")

    @cached_property
    def trusted_proxy_hops(self) -> int:
        """`TRUSTED_PROXY_HOPS`: how many proxies before us append to `X-Forwarded-For`; by default 0."""
        text = self._values.get("TRUSTED_PROXY_HOPS") or "0"
        if not text.isascii() or not text.isdecimal() or int(text) > _MOST_HOPS:
            raise malformed("TRUSTED_PROXY_HOPS", f"a number from 0 to {_MOST_HOPS}")
        return int(text)

    @cached_property
    def behind_iam(self) -> bool:
        """`BEHIND_IAM`: `yes` where Cloud Run's IAM admits callers, and takes their signatures away.

        Then the function `refresh` accepts such tokens. Refused outside Cloud Run, where nobody would
        have checked the signature.
        """
        if not self._yes_or_no("BEHIND_IAM"):
            return False
        if "K_SERVICE" not in self._values:
            raise ConfigurationError("BEHIND_IAM is refused outside Cloud Run")
        return True

    @cached_property
    def durable_reads(self) -> bool:
        """`DURABLE_READS`: `yes` also writes each use of a token to the database before it leaves.

        What the policy let through, that is, and how it ended; no token leaves that was not written
        down. A write more for each token; by default `no`: the log has the same line.
        """
        return self._yes_or_no("DURABLE_READS")

    @cached_property
    def reads_retention_days(self) -> int:
        """`READS_RETENTION_DAYS`: how many days such a use is kept, by default 400."""
        text = self._values.get("READS_RETENTION_DAYS") or "400"
        if not re.fullmatch(r"[1-9][0-9]{0,4}", text):
            raise malformed("READS_RETENTION_DAYS", "a number of days, at least 1")
        return int(text)

    @cached_property
    def trial_on_shared_host(self) -> bool:
        """`TRIAL_ON_SHARED_HOST`: `yes` lets browser routes run on a cloudfunctions.net host."""
        return self._yes_or_no("TRIAL_ON_SHARED_HOST")

    def _origins(self, name: str) -> frozenset[str]:
        listed = (origin.strip() for origin in self._values.get(name, "").split(","))
        return frozenset(parse_origin(origin, name) for origin in listed if origin)

    def _rate(self, name: str, default: str) -> str:
        text = self._values.get(name) or default
        if not _RATE.fullmatch(text):
            raise malformed(name, "a number a second, minute, hour or day such as 600/minute")
        return text

    def _yes_or_no(self, name: str) -> bool:
        text = self._values.get(name) or "no"
        if text not in {"yes", "no"}:
            raise malformed(name, "yes or no")
        return text == "yes"
