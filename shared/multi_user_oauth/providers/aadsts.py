"""What Microsoft's error numbers mean to us, where `error` and `suberror` leave it open.

Microsoft may change them ("Microsoft Entra authentication and authorization error codes": do not
depend on them). So they only refine an answer that is a refusal already, and a number that is not
here changes nothing.
"""

from collections.abc import Mapping
from typing import Final

_REASONS: Final[Mapping[str, tuple[int, ...]]] = {
    "mfa_required": (50072, 50074, 50076, 50078, 50079, 50158),
    "grant_revoked": (50173, 70000),
    "grant_expired": (70008, 700082, 700084),
    "session_control": (70043,),
    "password_changed": (50055, 50132, 50133, 50144),
    "consent_required": (65001, 65004),
    "sign_in_required": (50085, 50089, 50097, 53004, 54005),
    "admin_blocked": (
        50020, 50034, 50053, 50057, 50105, 51004, 53000, 53001, 53002, 53003, 53011, 90094, 90095,
        530032, 530035,
    ),
}  # fmt: skip

REASONS: Final = {number: reason for reason, numbers in _REASONS.items() for number in numbers}
"""Why a grant is refused, by number."""

TRANSIENT: Final = frozenset(
    {50033, 50087, 50166, 50196, 80005, 90006, 90012, 90024, 90033, 90055, 90090}
)
"""Refusals that pass by themselves."""

MISCONFIGURED: Final = frozenset(
    {
        50011, 50194, 65005, 70001, 70002, 90002, 650056, 650057, 700016,
        700025, 700027, 7000112, 7000215, 7000218, 7000222,
    }
)  # fmt: skip
"""Refusals of the application, whoever the person is."""

EXPIRED_CREDENTIAL: Final = frozenset({7000222, 1000502})
"""Refusals of a client secret, or a certificate, whose time is over."""

CODE_USED: Final = 54005
CODE_EXPIRED: Final = 70008
ADMIN_CONSENT: Final = frozenset({65001, 90094, 90095})
"""At a sign-in: nobody has consented, and the person may not, or asked an administrator to."""
