"""An agent that works in one person's mailbox: it reads what came in, and reports on it by mail."""

import argparse
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from multi_user_oauth.client import (
    ApiError,
    DelegationRequiredError,
    NoIdentityError,
    ReauthorizationRequiredError,
    TryAgainLaterError,
    Vault,
)

PURPOSE = "mail report"
"""Stands in the audit, where the person reads it."""
MOST = 100


@dataclass(frozen=True)
class UserContext:
    """As whom an agent works. Your program decides it for each task, and nothing in a mail can."""

    connector_type: str
    user_email: str


class EmailAgent:
    """
    Acts as one person. It holds no token, so make one for each task and each person.

    Its methods raise what `Vault` raises: `ApiError`, and of it those that tell what to do next.
    """

    def __init__(self, vault: Vault, user: UserContext) -> None:
        self._vault = vault
        self._user = user

    def received(self, since: datetime) -> list[dict[str, Any]]:
        """Return what others have sent since then, newest first."""
        mails = self._vault.messages(
            self._user.connector_type, self._user.user_email, since=since, purpose=PURPOSE
        )
        return [mail for mail in islice(mails, MOST) if self._user.user_email not in mail["from"]]

    def send_report(self, to: str, mails: Sequence[dict[str, Any]]) -> bool:
        """Send the summary; return whether it was sent now, and not by an earlier run."""
        text = summary(mails)
        sent = self._vault.send_email(
            self._user.connector_type,
            self._user.user_email,
            to=to,
            subject=f"{len(mails)} new mails",
            body=text,
            # Made of what is said to whom: should this die and run again, nothing is sent twice.
            idempotency_key=hashlib.sha256(f"{to}\n{text}".encode()).hexdigest(),
            purpose=PURPOSE,
        )
        return not sent["replayed"]


def summary(mails: Sequence[dict[str, Any]]) -> str:
    """Return who wrote how often, and about what."""
    senders = Counter(mail["from"] for mail in mails)
    lines = [f"{sender}: {number}" for sender, number in senders.most_common()]
    return "\n".join([*lines, "", *(f"- {mail['subject']}" for mail in mails)])


def report(agent: EmailAgent, to: str, since: datetime) -> int:
    """Return 0, 3 where the person has to do something, 4 where it is worth another try, else 1."""
    try:
        mails = agent.received(since)
        now = agent.send_report(to, mails)
    except (DelegationRequiredError, ReauthorizationRequiredError) as refused:
        # To leave this to the agent, or to connect: the person sees which. The page does not expire.
        print(f"The person has to open {refused.url}", file=sys.stderr)
        return 3
    except TryAgainLaterError as refused:
        print(f"Not now; try again in {refused.retry_after or 60} seconds", file=sys.stderr)
        return 4
    except (ApiError, NoIdentityError) as refused:  # a mistake of ours, or of the policy
        print(refused, file=sys.stderr)
        return 1
    print(summary(mails))
    print("The report is sent." if now else "This report was sent before.")
    return 0


def main() -> int:
    """Report once, on what came in lately."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("connector_type")
    parser.add_argument("user_email")
    parser.add_argument("--to", help="who gets the report  [default: the person]")
    parser.add_argument("--days", type=int, default=7)
    asked = parser.parse_args()

    # Who this program is, `Vault` finds out by itself: by its service account.
    vault = Vault(os.environ.get("VAULT_URL", "http://localhost:8084"))
    agent = EmailAgent(vault, UserContext(asked.connector_type, asked.user_email))
    since = datetime.now(UTC) - timedelta(days=asked.days)
    return report(agent, asked.to or asked.user_email, since)


if __name__ == "__main__":
    sys.exit(main())
