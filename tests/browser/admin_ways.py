"""The office of the administrators' page: who works there, and people enough to fill its lists."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import yaml
from playwright.sync_api import Locator, Page, expect

from multi_user_oauth.audit import audited
from multi_user_oauth.model import (
    Batch,
    Connection,
    ConnectionKey,
    Identity,
    Snapshot,
)
from multi_user_oauth.sandbox.company import ADMIN, JOHN, microsoft_identity
from multi_user_oauth.stores.meter import NoMeter
from multi_user_oauth.stores.sqlite import SqliteMainStore
from tests.browser.visitor import Visitor
from tests.contract.stores.samples import connection
from tests.support.deployment import CONNECTOR_TYPES, POLICY
from tests.support.running import Running

MICROSOFT: Final = "microsoft_teams"
GOOGLE: Final = "google_workspace"
SCOPES: Final = {
    MICROSOFT: ("User.Read", "Mail.Send"),
    GOOGLE: ("https://www.googleapis.com/auth/gmail.send",),
}
REPORTS: Final = "reports-agent@company-project.iam.gserviceaccount.com"
QUESTIONS: Final = (
    "/api/v1/oauth/users",
    "/api/v1/oauth/summary",
    "/api/v1/account/agents",
    "/api/v1/account/audit",
    "/api/v1/account/audit/verification",
    "/api/v1/account/usage",
    "/api/v1/oauth/offboard",
)
STAFF: Final = {"admin": ADMIN, "auditor": JOHN}
STAYS: Final = timedelta(minutes=20)
"""A session that is older is not used again."""

Change = Callable[[Connection], Connection]


class Office(Running):
    """
    Running, with an administrator, an auditor and a second agent, and a secret that soon ends.

    `strict`: administrators prove more before they change what is another's.
    """

    def __init__(self, directory: Path, *, strict: bool = False) -> None:
        self._strict = strict
        self._sessions: dict[str, tuple[object, list[object]]] = {}
        super().__init__(directory)
        self.store = SqliteMainStore(directory / "main.db", now=self.clock, meter=NoMeter())

    def _values(self) -> dict[str, str]:
        values = super()._values()
        soon = (self.clock() + timedelta(days=10)).date()
        types = {
            **CONNECTOR_TYPES,
            MICROSOFT: {**CONNECTOR_TYPES[MICROSOFT], "client_secret_expires": soon},
        }
        agents = {
            **POLICY["agents"],  # type: ignore[dict-item]  # reason: the file's shape is not typed
            REPORTS: {
                "connector_types": [MICROSOFT],
                "users": ["sarah@company.com", "*@company.com"],
                "actions": ["mail.read", "files.read"],
            },
        }
        policy: dict[str, object] = {
            "admins": [microsoft_identity(ADMIN)],
            "auditors": [microsoft_identity(JOHN)],
            "agents": agents,
        }
        if self._strict:
            policy["step_up"] = {"context": "c1"}
        for name, content in (("CONNECTOR_TYPES_FILE", types), ("POLICY_FILE", policy)):
            text = yaml.safe_dump(content, sort_keys=False)
            Path(values[name]).write_text(text, encoding="utf-8")
        return values

    def put(
        self,
        connector_type: str,
        user_email: str,
        change: Change | None = None,
        *,
        records: int = 1,
    ) -> ConnectionKey:
        """Let somebody be connected, with an honest history of so many records."""
        key = ConnectionKey(connector_type, user_email)
        number = sum(map(ord, f"{connector_type}{user_email}"))
        is_google = connector_type == GOOGLE
        name = f"google:{number}" if is_google else _microsoft(user_email)
        new = replace(
            connection(key, identity=Identity.parse(name)),
            scopes=SCOPES[connector_type],
            missing_scopes=(),
        )
        before: Snapshot | None = None
        for sequence in range(records):
            after = change(new) if change is not None and sequence == records - 1 else new
            made = audited(
                before,
                replace(after, commit_id=f"commit-{sequence}"),
                action="refreshed" if sequence else "connected",
                actor="system:refresh" if sequence else f"person:{name}",
                at=self.clock() - timedelta(hours=records - sequence),
            )
            self.store.commit(Batch(changes=(made,)))
            before = self.store.read(key)
        return key

    def tamper(self, statement: str) -> None:
        """Change the database behind everybody's back."""
        with closing(sqlite3.connect(self._directory / "main.db")) as database, database:
            database.execute(statement)

    def asked(self) -> list[tuple[str, int]]:
        """Return which of the questions that only the staff asks were asked, and what was answered."""
        return [(each.path, each.status) for each in self.exchanges if each.path in QUESTIONS]

    def enter(self, visitor: Visitor, who: str = "admin", path: str = "/admin") -> None:
        """Open the page as a member of the staff, by a session that an earlier visitor began."""
        visitor.page.clock.set_fixed_time(self.clock())
        began, cookies = self._sessions.get(who, (None, []))
        # Where more is proved, the sandbox has to remember the consent: it forgets it with each test.
        if self._strict or began is None or self.clock() - began > STAYS:  # type: ignore[operator]  # reason: a datetime
            visitor.open("/admin")
            sign_in_here(visitor, STAFF[who].email, STAFF[who].id)
            expect(visitor.page.get_by_role("heading", name="Overview")).to_be_visible()
            cookies = list(visitor.context.cookies())
            self._sessions[who] = (self.clock(), cookies)
        else:
            visitor.context.add_cookies(cookies)  # type: ignore[arg-type]  # reason: what Playwright gives it takes
        visitor.open(path)
        loaded(visitor.page)


def _microsoft(user_email: str) -> str:
    known = {account.email: account for account in (ADMIN, JOHN)}
    if user_email in known:
        return microsoft_identity(known[user_email])
    tid = "7c0fd12e-3a46-4f1c-9d3b-5b8a1f6e2c40"
    return f"microsoft:{tid}:{sum(map(ord, user_email)):08x}-0000-4000-8000-000000000000"


def sign_in_here(visitor: Visitor, user_email: str, account: str) -> None:
    """Sign in by the form of the page that is open."""
    visitor.page.get_by_label("Work e-mail").fill(user_email)
    visitor.page.get_by_role("button", name="Sign in with Microsoft").click()
    visitor.choose(account)
    # Who consented in this test already is not asked again.
    visitor.page.locator("#accept, #stranger").first.wait_for(state="attached")
    if visitor.page.locator("#accept").count():
        visitor.accept()


def loaded(page: Page) -> None:
    """Wait until every part of the page is there."""
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def people(page: Page) -> Locator:
    """Return the names of whom the list of everybody shows."""
    return page.locator("#people-rows .open")


def opened(page: Page, email: str, within: str = "#people-rows") -> Locator:
    """Open somebody's row, and return what is shown then."""
    button = page.locator(within).get_by_role("button", name=email, exact=True).first
    button.click()
    return page.locator(f"#{button.get_attribute('aria-controls')}")


def broken(reason: str) -> Change:
    """Return what makes a connection wait for its person."""
    return lambda each: each.needing_sign_in(reason)


def ending(at: timedelta) -> Change:
    """Return what lets the provider's grant end so long after the sign-in."""
    return lambda each: replace(each, refresh_token_expires_at=each.connected_at + at)


def ended(each: Connection) -> Connection:
    """Return the connection revoked."""
    return each.disconnected(at=each.connected_at, pending=False)
