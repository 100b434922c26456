"""Mails people when they have to sign in again: a consumer of the vault's events on Pub/Sub."""

import argparse
import hashlib
import json
import os
import sys
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlencode

from google.api_core.exceptions import DeadlineExceeded
from google.cloud.pubsub_v1 import SubscriberClient

from multi_user_oauth.client import (
    ApiError,
    DelegationRequiredError,
    OutcomeUnknownError,
    ReauthorizationRequiredError,
    Vault,
)

NEEDS_SIGN_IN = "multi-user-oauth.connection.needs_sign_in"
TEXT = """Hello,

please sign in once more, so that our agents can go on working for you:

{page}

You find the same page at {vault}.
"""


@dataclass(frozen=True)
class Consumer:
    """Sends from one mailbox, which this program's service account may use for `mail.send`."""

    url: str
    vault: Vault
    connector_type: str
    mailbox: str

    def take(self, message: Any) -> bool:  # noqa: ANN401  # reason: Google's messages have no types
        """
        Return whether the message is done with, and need not come again.

        Raise `ReauthorizationRequiredError` or `DelegationRequiredError` where the mailbox itself can not
        be used until somebody has helped.
        """
        event = message.attributes
        if event.get("ce-type") != NEEDS_SIGN_IN or event.get("ce-source") != self.url:
            return True
        about = json.loads(message.data)
        whom, page = about["user_email"], self._page(about["connector_type"], about["user_email"])
        if (about["connector_type"], whom) == (self.connector_type, self.mailbox):
            # No mail about the mailbox itself: it could hardly leave, and would arrive there.
            print(f"{whom} itself has to be connected: {page}", file=sys.stderr, flush=True)
            return True
        return self._mailed(event["ce-id"], whom, page)

    def _mailed(self, event_id: str, user_email: str, page: str) -> bool:
        try:
            sent = self.vault.send_email(
                self.connector_type,
                self.mailbox,
                to=user_email,
                subject="Please sign in again",
                body=TEXT.format(page=page, vault=self.url),
                # Pub/Sub may deliver an event twice: within 24 hours it is mailed once. As a digest,
                # for an event's id may be longer than a key.
                idempotency_key=hashlib.sha256(event_id.encode()).hexdigest(),
                purpose="sign-in needed",
            )
        except (DelegationRequiredError, ReauthorizationRequiredError):
            raise
        except OutcomeUnknownError:
            print(f"Perhaps mailed: {user_email}", flush=True)  # once at most
            return True
        except ApiError as refused:
            print(f"Not mailed: {user_email}: {refused}", file=sys.stderr, flush=True)
            return False
        print(f"{'Mailed before' if sent['replayed'] else 'Mailed'}: {user_email}", flush=True)
        return True

    def _page(self, connector_type: str, user_email: str) -> str:
        """Return where the person signs in; it does not expire, and knows if nothing is to be done."""
        # Made here: whoever can publish to the topic must not choose a link that we mail.
        asked = {"connector_type": connector_type, "user_email": user_email}
        return f"{self.url}/connect?{urlencode(asked)}"


def consume(subscriber: SubscriberClient, subscription: str, consumer: Consumer) -> NoReturn:
    """Go on for ever; what is not acknowledged comes again when its deadline is over."""
    while True:
        try:
            pulled = subscriber.pull(subscription=subscription, max_messages=1)
        except DeadlineExceeded:
            continue  # nothing was published meanwhile
        for received in pulled.received_messages:
            if consumer.take(received.message):
                subscriber.acknowledge(subscription=subscription, ack_ids=[received.ack_id])


def main() -> int:
    """Run until it is stopped; return 3 where the mailbox itself has to be connected first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subscription", help="projects/P/subscriptions/S")
    parser.add_argument("connector_type", help="of the mailbox that mails are sent from")
    parser.add_argument("mailbox")
    asked = parser.parse_args()
    url = os.environ.get("VAULT_URL", "http://localhost:8084").rstrip("/")  # as `ce-source` has it
    consumer = Consumer(url, Vault(url), asked.connector_type, asked.mailbox)
    print(f"Listening to {asked.subscription}", flush=True)
    try:
        consume(SubscriberClient(), asked.subscription, consumer)
    except (DelegationRequiredError, ReauthorizationRequiredError) as refused:
        # It ends, instead of failing at the same again and again; the event is kept for the next start.
        print(f"{asked.mailbox} itself has to be connected: {refused.url}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
