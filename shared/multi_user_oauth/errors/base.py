"""The root of everything the system refuses, and what an operator must mend."""

from typing import ClassVar


class MultiUserOAuthError(Exception):
    """Base of all errors raised on purpose."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500


class ConfigurationError(MultiUserOAuthError):
    """A setting is missing or malformed: the start stops and names it."""


class TamperedError(MultiUserOAuthError):
    """A sealed value did not open where it lies: moved, altered, or sealed by another key."""

    code = "tampered"


class StillConnectedError(MultiUserOAuthError):
    """What is kept of a person is not erased while they are connected; the message says where."""


class KeyVersionNeededError(MultiUserOAuthError):
    """A key version is not destroyed, for something may still need it; the message says what."""
