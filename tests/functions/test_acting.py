"""Three people at once: whoever acts as one of them sees and changes what is theirs, and nothing else."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from werkzeug.test import TestResponse

from multi_user_oauth.sandbox.company import JOHN, MARIA, SARAH, Account
from tests.support.connectors import CONNECTORS, connected, wide
from tests.support.functions import GOOGLE, MICROSOFT, Installation, Visitor

PEOPLE: Final = (SARAH, JOHN, MARIA)
CALLS: Final = 200
THREADS: Final = 6
WEEK: Final = {"from": "2025-12-29T00:00:00Z", "to": "2026-01-26T00:00:00Z"}
LISTS: Final = {"messages": "messages", "files": "files", "calendar/events": "events"}
KINDS: Final = (MICROSOFT, GOOGLE)


def get(visitor: Visitor, kind: str, path: str, account: Account) -> TestResponse:
    """Read something of a person's, as an agent."""
    query: dict[str, Any] = {"user_email": account.email, "purpose": f"for {account.id}"}
    query |= WEEK if path == "calendar/events" else {}
    return visitor.call("connectors", "GET", f"{CONNECTORS}/{kind}/{path}", query_string=query)


def ids(response: TestResponse, path: str) -> frozenset[str]:
    """Return what a list names."""
    assert response.status_code == 200, response.text
    return frozenset(item["id"] for item in (response.json or {})[LISTS[path]])


def everything(office: Installation) -> Mapping[tuple[str, str, str], frozenset[str]]:
    """Return what each person has, asked for one after the other."""
    agent = office.agent()
    return {
        (account.id, kind, path): ids(get(agent, kind, path, account), path)
        for account in PEOPLE
        for kind in KINDS
        for path in LISTS
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls for one person or another, and what each of them had before."""

    office: Installation
    own: Mapping[tuple[str, str, str], frozenset[str]]

    def make(self, number: int, account: Account, what: str) -> None:
        """Read a list, an item that is another's, or send a mail; fail if anything is not one's own."""
        agent, kind = self.office.agent(), KINDS[number % 2]
        if what == "send":
            body = {"user_email": account.email, "to": "desk@partner.example", "subject": what}
            sent = agent.call("connectors", "POST", f"{CONNECTORS}/{kind}/send_email", json=body)
            assert sent.status_code == 200, sent.text
        elif what == "another's":
            other = PEOPLE[(PEOPLE.index(account) + 1) % len(PEOPLE)]
            item = quote(min(self.own[other.id, kind, "files"]), safe="")
            assert get(agent, kind, f"files/{item}", other).status_code == 200
            assert get(agent, kind, f"files/{item}", account).status_code == 404
        else:
            found = ids(get(agent, kind, what, account), what)
            assert found >= self.own[account.id, kind, what]
            for (whose, *_), theirs in self.own.items():
                assert whose == account.id or not found & theirs


def test_two_hundred_calls_for_three_people_never_mix(
    tmp_path: Path, keys: Mapping[str, str]
) -> None:
    """Lists hold one's own, another's item is not found, a mail goes out from whoever it is for."""
    office = connected(wide(tmp_path, keys), *PEOPLE)
    calls = Calls(office=office, own=everything(office))
    assert all(calls.own.values()), "there is something to mix up"
    wanted = list(
        islice(zip(cycle(PEOPLE), cycle((*LISTS, "another's", "send")), strict=False), CALLS)
    )

    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(calls.make, n, who, what) for n, (who, what) in enumerate(wanted)]
        for each in running:
            each.result()

    sent = Counter(mail.sender for mail in office.sandbox.mailbox())
    assert sent == Counter(who.email for who, what in wanted if what == "send")
