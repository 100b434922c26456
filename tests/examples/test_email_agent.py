"""The agent as a plain class, as README prints it and in each way that it can end."""

from datetime import UTC, datetime

import pytest

from docs.examples.email_agent import EmailAgent, UserContext, report
from tests.examples import printed
from tests.examples.conftest import Beside
from tests.unit.client.fake_api import FakeApi, Reply, refuses, says

SARAH = UserContext("microsoft_teams", "sarah@company.com")
SINCE = datetime(2027, 5, 3, tzinfo=UTC)
HEADING = "An agent as a plain class"


def test_the_report_is_sent_once_however_often_it_is_run(beside: Beside) -> None:
    """The same mails make the same report, which the API sends once."""
    (lines,) = printed.blocks(HEADING)
    lines = beside.settings + printed.exchanged(
        lines, {**printed.PYTHON, "sarah@": "john@", "microsoft_teams": "google_workspace"}
    )
    before = len(beside.mails)
    first, second = printed.run(lines), printed.run(lines)
    assert [(each.returncode, each.stderr) for each in (first, second)] == [(0, "")] * 2
    assert first.stdout.splitlines()[-1] == "The report is sent."
    assert second.stdout.splitlines()[-1] == "This report was sent before."
    assert "- Birch: who presents?" in first.stdout.splitlines()
    new = beside.mails[: len(beside.mails) - before]
    assert [(sender, to) for _, sender, to in new] == [("john@company.com", "john@company.com")]


def test_the_printed_line_reports_to_sarah(beside: Beside) -> None:
    """As it stands, but for the ports."""
    (lines,) = printed.blocks(HEADING)
    done = printed.run(beside.settings + printed.exchanged(lines, printed.PYTHON))
    assert (done.returncode, done.stderr) == (0, "")
    assert "- Sarah, your trip to Copenhagen" in done.stdout.splitlines()


def test_who_has_not_connected_is_sent_to_the_page(beside: Beside) -> None:
    """The agent ends with 3, and a link that does not expire."""
    (lines,) = printed.blocks(HEADING)
    done = printed.run(
        beside.settings + printed.exchanged(lines, {**printed.PYTHON, "sarah@": "maria@"})
    )
    page = f"{beside.url}/connect?connector_type=microsoft_teams&user_email=maria%40company.com"
    assert (done.returncode, done.stdout, done.stderr) == (
        3,
        "",
        f"The person has to open {page}\n",
    )


@pytest.mark.parametrize(
    ("reply", "code", "said"),
    [
        (refuses("delegation_required", 403, delegate_url="https://c.test/#agents"), 3, "https://c.test/#agents"),
        (refuses("rate_limited", 429, retry_after=90), 4, "in 90 seconds"),
        (refuses("forbidden", 403), 1, "forbidden"),
    ],
)  # fmt: skip
def test_each_refusal_says_what_to_do(
    reply: Reply, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Give leave; wait; or ask whoever wrote the policy."""
    agent = EmailAgent(FakeApi(reply).vault(), SARAH)
    assert report(agent, SARAH.user_email, SINCE) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err


def test_its_own_mails_are_not_in_the_report() -> None:
    """Else each report would be new, and be sent again."""
    mails = [
        {"id": str(number), "from": sender, "to": [], "subject": subject}
        for number, (sender, subject) in enumerate(
            [("sarah@company.com", "2 new mails"), ("john@company.com", "Hello")]
        )
    ]
    api = FakeApi(says({"messages": mails}), says({"status": "sent"}))
    agent = EmailAgent(api.vault(), SARAH)
    assert report(agent, SARAH.user_email, SINCE) == 0
    assert api.asked[-1].json["body"] == "john@company.com: 1\n\n- Hello"
    assert all(each.query.get("purpose") == "mail report" for each in api.asked[:1])
    assert api.asked[-1].json["purpose"] == "mail report"
