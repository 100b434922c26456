"""What happens in each step of the tour, and what must hold in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from multi_user_oauth.cli.demo_texts import AGENT, SARAHS_AGENT
from multi_user_oauth.cli.tour_world import TIMEOUT, Person, TourWorld
from multi_user_oauth.sandbox.browser import Page

CONNECTORS: Final = {
    "sarah": "microsoft_teams",
    "john": "google_workspace",
    "maria": "google_workspace",
}
PROVIDERS: Final = {"microsoft_teams": "Microsoft", "google_workspace": "Google"}
HOSTS: Final = {
    "microsoft_teams": "login.microsoftonline.com",
    "google_workspace": "accounts.google.com",
}
OWNERS: Final = {
    "microsoft_teams": ("graph.microsoft.com/v1.0/me", "mail"),
    "google_workspace": ("gmail.googleapis.com/gmail/v1/users/me/profile", "emailAddress"),
}
"""Where a provider says whose token it was given, and in which field."""
OK: Final = requests.codes.ok
SENT: Final = requests.codes.accepted
REFUSED: Final = requests.codes.unauthorized
UNKNOWN: Final = requests.codes.not_found

Checked = tuple[bool, str]
Checks = Iterator[Checked]
"""Whether it held, and what it was: told one by one, as they happen."""


@dataclass(slots=True)
class Deeds:
    """The steps' deeds; a later one may use what an earlier one found."""

    world: TourWorld
    tokens: dict[str, str] = field(default_factory=dict)

    def connects(self, who: str) -> Checks:
        """Let this person connect their account."""
        person, connector = self.world.people[who], CONNECTORS[who]
        provider = PROVIDERS[connector]
        link = person.ask_for_link(connector)
        yield link.status_code == OK, "our API gave a link, good for ten minutes"
        ours = person.browser.open(_field(link, "authorization_url"))
        yield person.email in ours.text, f"our page says that this is for {person.email}"
        theirs = person.press_continue(ours)
        sign_in = f"{self.world.places.sandbox_url}/{HOSTS[connector]}/"
        yield theirs.url.startswith(sign_in), f"the button leads to {provider}"
        yield self._arrived(person, person.come_back(theirs)), f"{person.name} is back with us"
        flow = person.browser.session.get(
            f"{self.world.places.origin}/api/v1/oauth/flow/{_field(link, 'flow_handle')}",
            timeout=TIMEOUT,
        )
        connected = _field(flow, "status") == "connected"
        yield connected, f"{provider}'s answer was verified, and {person.email} is connected"

    def _arrived(self, person: Person, page: Page) -> bool:
        session = any(cookie.name == "__Host-session" for cookie in person.browser.session.cookies)
        return page.status == OK and page.url.startswith(self.world.places.origin) and session

    def works(self) -> Checks:
        """Let an agent fetch everybody's token."""
        for who in CONNECTORS:
            email = self.world.people[who].email
            answer = self._ask(AGENT, who)
            yield answer.status_code == OK, f"the agent got a token for {email}"
            self.tokens[who] = _field(answer, "access_token")
            owner = self._owner(who)
            yield (
                owner == email,
                f"{PROVIDERS[CONNECTORS[who]]} says that it is the token of {owner}",
            )
        different = len(set(self.tokens.values())) == len(CONNECTORS)
        yield different, "three people, three different tokens"
        kept = b"".join(file.read_bytes() for file in self.world.places.directory.glob("main.db*"))
        sealed = kept and not any(token.encode() in kept for token in self.tokens.values())
        yield bool(sealed), "none of them can be read in our database"

    def is_limited(self) -> Checks:
        """Let an agent ask for a person outside its rule."""
        hers = self._ask(SARAHS_AGENT, "sarah")
        yield hers.status_code == OK, "for Sarah it gets a token"
        his = self._ask(SARAHS_AGENT, "john")
        yield his.status_code == UNKNOWN, "for John it is refused: 404, not connected"
        nobodys = self.world.agent(SARAHS_AGENT).get(
            "user/google_workspace/nobody@company.com/token"
        )
        same = _field(nobodys, "code") == _field(his, "code") == "not_connected"
        yield same, "and the answer is the one that it gets for somebody who does not exist"

    def lists(self) -> Checks:
        """Let agents ask who is connected."""
        everybody = self.world.agent(AGENT).get("users")
        emails = sorted(str(user.get("user_email")) for user in _users(everybody))
        people = sorted(person.email for person in self.world.people.values())
        yield emails == people, f"three are connected: {', '.join(emails)}"
        hidden = not any(token in everybody.text for token in self.tokens.values())
        yield hidden, "the answer holds no token"
        few = _users(self.world.agent(SARAHS_AGENT).get("users"))
        only_sarah = [user.get("user_email") for user in few] == ["sarah@company.com"]
        yield only_sarah, "the agent that is limited to Sarah sees Sarah only"

    def cuts(self) -> Checks:
        """Let Sarah cut the agent, and allow it again."""
        sarah = self.world.people["sarah"]
        cut = sarah.allow(CONNECTORS["sarah"], AGENT)
        yield cut.status_code == OK, "she pressed Cut beside the agent"
        refused = self._ask(AGENT, "sarah")
        yield _field(refused, "code") == "delegation_required", "from then on it gets nothing"
        link = _field(refused, "delegate_url")
        yield link.endswith("#agents"), f"and is told where she could allow it again: {link}"
        others = self._ask(AGENT, "john").status_code == OK
        yield others, "for John it works on: he has not cut it"
        sarah.allow(CONNECTORS["sarah"], AGENT, "token")
        again = self._ask(AGENT, "sarah")
        yield again.status_code == OK, "she pressed Allow, and it gets her token again"

    def refreshes(self) -> Checks:
        """Let the tokens run out."""
        self.world.turn_clocks(hours=2)
        self.world.sandbox.clear_requests()
        for who in ("sarah", "john"):
            provider = PROVIDERS[CONNECTORS[who]]
            old = self.tokens[who]
            yield self._owner(who) is None, f"{provider} refuses {who.capitalize()}'s old token"
            self.tokens[who] = _field(self._ask(AGENT, who), "access_token")
            again = self._owner(who) == self.world.people[who].email and self.tokens[who] != old
            yield again, "the agent asked again and got a new one, which works"
        refreshes = [r for r in self.world.sandbox.requests() if r["grant_type"] == "refresh_token"]
        yield len(refreshes) == 2, "each provider was asked once"  # noqa: PLR2004  # reason: two people

    def mails(self) -> Checks:
        """Let the agent use Sarah's token."""
        mail = _mail("Hello from an agent", to="john@company.com")
        path = "graph.microsoft.com/v1.0/me/sendMail"
        answer = self.world.ask_provider(self.tokens["sarah"], path, mail)
        yield answer.status_code == SENT, "Microsoft took the mail"
        seen = self.world.ask_provider("", "mailbox").text
        arrived = all(text in seen for text in ("Hello from an agent", "sarah@company.com"))
        yield arrived, "it is in the mailbox: from sarah@company.com to john@company.com"

    def revokes(self) -> Checks:
        """Let Maria disconnect."""
        maria = self.world.people["maria"]
        self.tokens["maria"] = _field(self._ask(AGENT, "maria"), "access_token")
        yield self._owner("maria") == maria.email, "until now the agent can act as Maria"
        link = maria.ask_for_link(CONNECTORS["maria"], intent="sign_in")
        ours = maria.browser.open(_field(link, "authorization_url"))
        back = self._arrived(maria, maria.come_back(maria.press_continue(ours)))
        yield back, "her session had ended while she was away: she signed in again"
        ended = maria.revoke(CONNECTORS["maria"])
        told = _field(ended, "provider") == "revoked"
        yield ended.status_code == OK and told, "she revoked, and Google has ended the grant"
        yield self._owner("maria") is None, "the token that the agent still holds is dead"
        refused = self._ask(AGENT, "maria")
        yield refused.status_code == UNKNOWN, "the agent is refused when it asks again"
        page = _field(refused, "reauthorize_url")
        told = maria.email.partition("@")[0] in page
        yield told, f"and told where she could connect again: {page}"
        others = self._owner("john") == self.world.people["john"].email
        yield others, "John's token, of the same provider, still works"

    def _ask(self, agent: str, who: str) -> requests.Response:
        path = f"user/{CONNECTORS[who]}/{self.world.people[who].email}/token"
        return self.world.agent(agent).get(path)

    def _owner(self, who: str) -> str | None:
        """Return whom the provider takes the bearer of this token for; None if it refuses it."""
        path, name = OWNERS[CONNECTORS[who]]
        answer = self.world.ask_provider(self.tokens[who], path)
        return None if answer.status_code == REFUSED else _field(answer, name)


def _field(answer: requests.Response, name: str) -> str:
    try:
        document = answer.json()
    except ValueError:
        return ""
    return str(document.get(name, "")) if isinstance(document, dict) else ""


def _users(answer: requests.Response) -> list[dict[str, Any]]:
    users: list[dict[str, Any]] = answer.json().get("users", [])
    return users


def _mail(subject: str, *, to: str) -> dict[str, object]:
    return {
        "message": {
            "subject": subject,
            "body": {"contentType": "Text", "content": "Sent as Sarah, with her own token."},
            "toRecipients": [{"emailAddress": {"address": to}}],
        }
    }
