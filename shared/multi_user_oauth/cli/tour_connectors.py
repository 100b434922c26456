"""The tour's steps in which agents act as people through our connectors, and hold no token."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import requests

from multi_user_oauth.cli.demo_texts import AGENT, FILES_AGENT
from multi_user_oauth.cli.tour_deeds import CONNECTORS, Checks, Deeds
from multi_user_oauth.errors.client import ApiError

SUBJECT: Final = "The report is ready"
PLANNING: Final = "Planning the report"
KEY: Final = "report-of-the-tour"
FORBIDDEN: Final = requests.codes.forbidden


@dataclass(slots=True)
class ConnectorDeeds:
    """What happens in each of them, and what must hold."""

    deeds: Deeds

    def mails(self) -> Checks:
        """Let an agent send a mail as Sarah, and look for it as John."""
        api = self.deeds.world.connectors(AGENT)
        mail = {"to": "john@company.com", "subject": SUBJECT, "body": "Dear John, it is ready."}
        sent = api.send_email(*self._whose("sarah"), **mail, idempotency_key=KEY)
        yield sent["status"] == "sent", "one call, and the mail is sent; no token came back"
        again = api.send_email(*self._whose("sarah"), **mail, idempotency_key=KEY)
        yield again["replayed"], "the same call once more, with the same key, sends nothing"
        his = [m for m in api.messages(*self._whose("john")) if m["subject"] == SUBJECT]
        senders = [m["from"] for m in his]
        once = senders == ["sarah@company.com"]
        yield once, "John's mailbox has it, once: from sarah@company.com"
        text = api.message(*self._whose("john"), his[0]["id"]).get("body", "")
        yield "it is ready" in text, "and his connection reads it"

    def lists_files(self) -> Checks:
        """Let an agent look into two people's files."""
        api = self.deeds.world.connectors(AGENT)
        names = {
            who: {str(file["name"]) for file in api.files(*self._whose(who))}
            for who in ("sarah", "john")
        }
        yield bool(names["sarah"]), f"Sarah's OneDrive: {_some(names['sarah'])}"
        yield bool(names["john"]), f"John's Drive: {_some(names['john'])}"
        yield names["sarah"].isdisjoint(names["john"]), "nobody sees what is another's"

    def is_refused_mail(self) -> Checks:
        """Let an agent that may see files ask for more."""
        api = self.deeds.world.connectors(FILES_AGENT)
        yield any(api.files(*self._whose("sarah"))), "Sarah's files it sees"
        try:
            api.send_email(*self._whose("sarah"), to="john@company.com", subject="Hello", body="!")
        except ApiError as refused:
            yield refused.status == FORBIDDEN, f"her mail it is refused: 403, {refused.code}"
        else:
            yield False, "her mail it is refused"
        token = self.deeds.world.agent(FILES_AGENT).get(
            "user/microsoft_teams/sarah@company.com/token"
        )
        yield token.status_code == FORBIDDEN, "her token too, with which it could do anything"

    def invites(self) -> Checks:
        """Let Maria come back, and John invite her."""
        yield from self.deeds.connects("maria")
        api, now = self.deeds.world.connectors(AGENT), self.deeds.world.now()
        event = api.create_event(
            *self._whose("john"),
            subject=PLANNING,
            begins=now + timedelta(days=1),
            ends=now + timedelta(days=1, minutes=30),
            attendees=["maria@company.com"],
        )
        yield event["subject"] == PLANNING, "the event stands in John's calendar"
        found = api.events(*self._whose("maria"), begins=now, ends=now + timedelta(days=2))
        hers = [each["subject"] for each in found]
        yield PLANNING in hers, "Maria's own calendar has it too: Google invited her"

    def _whose(self, who: str) -> tuple[str, str]:
        return CONNECTORS[who], self.deeds.world.people[who].email


def _some(names: set[str]) -> str:
    return ", ".join(sorted(names)[:3])
