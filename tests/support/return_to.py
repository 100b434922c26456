"""
Where attackers would have a sign-in end: what browsers and parsers read differently (RFC 9700, 4.11).

Written by hand are the single tricks; every trick with a slash, a user info or an encoding is then put
before each way to write somebody else's host.
"""

from itertools import product
from typing import Final

ORIGIN: Final = "https://vault.example"
APP: Final = "https://app.example"
ALLOWED: Final = frozenset({APP})

EVIL: Final = (
    "evil.example", "EVIL.example", "evil.example:443", "evil.example.", "evil%2eexample",
    "evil。example", "\uff45\uff56\uff49\uff4c.example", "xn--evl-2ja.example", "127.0.0.1", "0177.0.0.1",
    "0x7f000001", "2130706433", "127.1", "[::1]", "[::ffff:7f00:1]", "vault.example.evil.example",
    "vault.example@evil.example", "vault.example:x@evil.example", "app.example%40evil.example",
    "evil.example#@vault.example", "evil.example?@vault.example", "evil.example/@vault.example",
    "vault.example%00.evil.example", "app.example\\.evil.example",
)  # fmt: skip
"""Ways to write a host that is not ours."""

LEADS: Final = (
    "//", "///", "////", "/\\", "\\/", "\\\\", "\\", "/\\/", "/\t/", "\t//", "/\n/", "\r\n//",
    "/./\\", "/.//", "/..//", "/a/..//", "/%2e%2e//", "/%09//", "https:", "https:/",
    "https:///", "https:\\\\", "https:/\\", "HTTPS://", "http://", "ht\ttps://", "\x00//", " //",
    "\ufeff//", "\u2028//", "/\u202e//", "://", "javascript://", "data://", "blob:https://",
    "view-source:https://", "https://vault.example@", "https://app.example:443@", "/x//",
    "//vault.example\\@",
)  # fmt: skip
"""What may stand before it and still lead there, in one reader or another."""

PLAIN: Final = (
    "/", "/settings", "/a/b?c=d&e=f#g", "/search?q=https://evil.example/", "/up?path=../x",
    "/..a/b..", "/%2F%2Fevil.example", "/%5cevil.example", "/%09/evil.example", "/%0d%0aX:y",
    "/a:b@c", "/@evil.example", "/;x", "/x?//evil.example", "/x#//evil.example",
    "/x?u=javascript:alert(1)", "/%00", "/%E2%80%AE", "/.well-known/x", "/...", "/a.b/c..d",
    ORIGIN, f"{ORIGIN}/", f"{ORIGIN}/x", f"{ORIGIN}/x?y=//evil.example", APP, f"{APP}/",
    f"{APP}/done?x=1#y", f"{APP}/@evil.example", f"{APP}/%2e%2e", f"{APP}/..;/x",
)  # fmt: skip
"""What may be asked for; encoded nastiness stays encoded, so it stays a path."""

CORPUS: Final = tuple(
    dict.fromkeys(
        [*PLAIN, *(lead + host + rest for lead, host, rest in product(LEADS, EVIL, ("", "/x")))]
    )
)
"""Near two thousand, none twice."""
