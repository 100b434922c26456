"""The company's people are the same in every run."""

from multi_user_oauth.sandbox.company import (
    ACCOUNTS,
    COMPANY_TENANT,
    GUEST,
    SARAH,
    google_identity,
    microsoft_identity,
)


def test_identities_never_change() -> None:
    """Stored connections of an older run still name the same people."""
    tid = "7c0fd12e-3a46-4f1c-9d3b-5b8a1f6e2c40"
    assert microsoft_identity(SARAH) == f"microsoft:{tid}:4c1a5caf-5ef7-5509-9ddd-536639f39882"
    assert google_identity(SARAH) == "google:115469674264626316386"


def test_nobody_shares_an_identity() -> None:
    """Two identifiers for each person, all different; a guest has one for each tenant."""
    microsoft = {microsoft_identity(account) for account in ACCOUNTS}
    google = {google_identity(account) for account in ACCOUNTS}
    assert len(microsoft | google) == 2 * len(ACCOUNTS)
    assert microsoft_identity(GUEST, COMPANY_TENANT) not in microsoft
    assert all(len(account.sub) == 21 for account in ACCOUNTS)
