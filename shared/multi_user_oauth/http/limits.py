"""How often anybody may call: by address, by caller, by caller and person, and what it may force.

Counted in the memory of one instance: with N instances N times as much passes. It keeps one caller from
using up an instance; against a flood from many addresses there is Cloud Armor in front.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from flask import Request
from limits import RateLimitItem, parse
from limits.strategies import FixedWindowRateLimiter

from multi_user_oauth.errors import TooManyRequestsError
from multi_user_oauth.http.limit_counts import InstanceCounts
from multi_user_oauth.model import Agent, Caller, ConnectionKey, Policy
from multi_user_oauth.ports import Clock

_NETWORK: Final = 64
"""Bits of an IPv6 address that name a customer; the rest they choose themselves (RFC 6177)."""

_FORCED: Final = parse("1/minute")
"""By each caller of each connection; `Limits.between_refreshes` is as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """
    In the notation of the library `limits`, such as `600/minute`.

    `hops` is how many proxies of ours, or of the platform, stand before this process: each has appended
    to `X-Forwarded-For` whom it was called by. What stands before these entries anybody can write.
    """

    per_address: str = "600/minute"
    per_caller: str = "3000/minute"
    per_person: str = "600/minute"
    hops: int = 0


class RateLimits:
    """Admits or raises `TooManyRequestsError`. Safe between threads."""

    def __init__(self, rates: Rates, *, now: Clock) -> None:
        self._now = now
        self._limiter = FixedWindowRateLimiter(InstanceCounts(now))
        self._hops = rates.hops
        self._per_address = parse(rates.per_address)
        self._per_caller = parse(rates.per_caller)
        self._per_person = parse(rates.per_person)

    def admit_address(self, request: Request) -> None:
        """Count a request against the address that it comes from, before anything else is done."""
        self._count(self._per_address, "address", client_address(request, self._hops))

    def admit_caller(self, caller: Caller, policy: Policy) -> None:
        """Count a call against its caller; an agent's rule may set its rate."""
        names = caller.names if isinstance(caller, Agent) else (str(caller),)
        for name in names:
            rule = policy.agents.get(name)
            rate = parse(rule.rate) if rule and rule.rate else self._per_caller
            self._count(rate, "caller", name)

    def admit_use(self, caller: Caller, key: ConnectionKey) -> None:
        """Count a call against its caller and the person whom it is about."""
        self._count(self._per_person, "person", str(caller), str(key))

    def admit_forced(self, caller: Caller, key: ConnectionKey) -> None:
        """Count a refresh that a caller forces: each costs the provider a call, and everybody a wait."""
        self._count(_FORCED, "forced refresh", str(caller), str(key))

    def _count(self, rate: RateLimitItem, *names: str) -> None:
        if self._limiter.hit(rate, *names):
            return
        reset_at = self._limiter.get_window_stats(rate, *names).reset_time
        wait = math.ceil(reset_at - self._now().timestamp())
        raise TooManyRequestsError(f"more than {rate} of this {names[0]}", retry_after=max(1, wait))


def client_address(request: Request, hops: int) -> str:
    """Return who called the outermost proxy that we trust; of IPv6 the network."""
    nearest = request.remote_addr or ""
    said = ",".join(request.headers.getlist("X-Forwarded-For")).split(",")
    chain = [*(address.strip() for address in said if address.strip()), nearest]
    # Shorter than the chain of our proxies: it did not come by them, so nothing in it is theirs.
    text = chain[-1 - hops] if hops < len(chain) else nearest
    return _network(text) or nearest


@lru_cache(maxsize=4096)
def _network(text: str) -> str:
    """Return the address as one text, of IPv6 the network; nothing for what is no address."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _NETWORK), strict=False))
    return str(address)
