"""Long lists: page by page, complete, and no page token tells of somebody unseen."""

import base64

from multi_user_oauth.model import ConnectionKey, Identity
from multi_user_oauth.sandbox.company import ADMIN
from tests.contract.stores.samples import connection, put
from tests.support.functions import MICROSOFT, Installation, Visitor, identity
from tests.support.installation import SARAHS_AGENT


def fill(installation: Installation, count: int) -> None:
    """Let this many people be connected."""
    store = installation.store
    for number in range(count):
        key = ConnectionKey(
            MICROSOFT, f"person{number:04}@{'other' if number % 2 else 'company'}.com"
        )
        put(store, connection(key, identity=Identity.google(str(number + 1))))


def pages(visitor: Visitor) -> tuple[list[str], list[str]]:
    """Follow the pages; return all e-mails and all page tokens."""
    emails: list[str] = []
    tokens: list[str] = []
    query = ""
    while True:
        answer = visitor.users(query).json or {}
        emails += [user["user_email"] for user in answer["users"]]
        if "next_page_token" not in answer:
            return emails, tokens
        tokens.append(answer["next_page_token"])
        query = f"?page_token={tokens[-1]}"


def test_all_pages_together_are_the_whole_list(installation: Installation) -> None:
    """Nobody twice, nobody left out; an agent's tokens name only people whom it saw."""
    fill(installation, 430)
    admin = installation.person(identity(MICROSOFT, ADMIN), email=ADMIN.email)
    emails, tokens = pages(admin)
    assert (len(emails), len(set(emails)), len(tokens)) == (430, 430, 4)
    emails, tokens = pages(installation.agent())
    assert len(emails) == len(set(emails)) == 215
    assert {email.partition("@")[2] for email in emails} == {"company.com"}
    for token in tokens:
        named = base64.urlsafe_b64decode(token + "==").decode()
        assert named.removeprefix(f"{MICROSOFT}:") in emails
    assert pages(installation.agent(SARAHS_AGENT)) == ([], [])
