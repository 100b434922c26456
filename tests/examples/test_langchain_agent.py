"""The agent by LangChain: what its model may choose, and what it may not."""

import json
from typing import Any

import pytest
from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage

from docs.examples.langchain_agent import READING, WRITING, Task, email_agent, run
from multi_user_oauth.client import ReauthorizationRequiredError, Vault
from tests.examples import printed
from tests.examples.conftest import Beside
from tests.unit.client.fake_api import FakeApi, refuses, says

HEADING = "The same by LangChain"
INSTALL = ".venv/bin/pip install langchain\n"
MAIL = {"to": "john@company.com", "subject": "Atlas", "body": "As agreed."}


class Scripted(FakeMessagesListChatModel):
    """Calls what the test wants called, one tool a turn."""

    def bind_tools(self, *_: object, **__: object) -> "Scripted":
        """Return itself."""
        return self


def scripted(*calls: tuple[str, dict[str, Any]]) -> Scripted:
    """Return a model that makes these calls, and then says that it is done."""
    turns = [
        AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": f"call-{number}"}])
        for number, (name, arguments) in enumerate(calls)
    ]
    return Scripted(responses=[*turns, AIMessage("Done.")])


def task_of(vault: Vault, task_id: str = "a-task") -> Task:
    """Return a task in Sarah's mailbox."""
    return Task(vault, "microsoft_teams", "sarah@company.com", id=task_id)


def lines_of(beside: Beside, answer: str = "yes") -> str:
    """Return the printed lines, with what is installed already, and this answer."""
    (lines,) = printed.blocks(HEADING)
    assert lines.startswith(INSTALL)
    ours = lines.removeprefix(INSTALL)
    return beside.settings + printed.exchanged(
        ours, {**printed.PYTHON, "echo yes": f"echo {answer}"}
    )


def test_the_printed_lines_tell_john(beside: Beside) -> None:
    """Sarah's subjects, from Sarah, to John."""
    before = len(beside.mails)
    done = printed.run(lines_of(beside))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Sarah, your trip to Copenhagen" in done.stdout
    assert done.stdout.endswith("It is sent.\n")
    new = beside.mails[: len(beside.mails) - before]
    assert new == [("What came in", "sarah@company.com", "john@company.com")]


def test_nothing_is_sent_without_a_yes(beside: Beside) -> None:
    """The model hears that, too."""
    before = beside.mails
    done = printed.run(lines_of(beside, answer="no"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Nothing was sent.\n")
    assert beside.mails == before


def test_who_has_not_connected_is_sent_to_the_page(beside: Beside) -> None:
    """No model is told; the program ends with 3."""
    lines = lines_of(beside).replace("sarah@", "maria@")
    done = printed.run(lines)
    page = f"{beside.url}/connect?connector_type=microsoft_teams&user_email=maria%40company.com"
    assert (done.returncode, done.stderr) == (3, f"maria@company.com has to open {page}\n")


@pytest.mark.parametrize("smuggled", ["user_email", "connector_type", "runtime", "context"])
def test_a_model_can_not_choose_the_mailbox(smuggled: str) -> None:
    """Whatever it adds to its arguments, as somebody's mail may have told it to."""
    api = FakeApi(says({"messages": []}), says({"status": "sent"}))
    more = {smuggled: "john@company.com"}
    model = scripted(("find_mails", {"search": "", **more}), ("send_mail", {**MAIL, **more}))
    asked: list[str] = []
    assert run(email_agent(model), task_of(api.vault()), "Go", may=yes(asked)) == "Done."
    assert api.asked[0].query["user_email"] == "sarah@company.com"
    assert api.asked[1].json["user_email"] == "sarah@company.com"
    assert len(asked) == 1


@pytest.mark.parametrize("tool", [*READING, *WRITING], ids=lambda tool: tool.name)
def test_a_model_never_sees_whose_mailbox_it_is(tool: Any) -> None:  # noqa: ANN401  # reason: LangChain's tools have no common parameters
    """Neither the person nor the vault is among the arguments that it is offered."""
    offered = tool.tool_call_schema.model_json_schema()["properties"]
    assert not {"runtime", "user_email", "connector_type", "vault"} & offered.keys()
    assert offered


def test_reading_asks_nobody_and_writing_always_does() -> None:
    """Each call of each turn, also several of them."""
    api = FakeApi(
        says({"messages": []}), says({"id": "1", "body": "Hello"}), says({"status": "sent"})
    )
    model = scripted(
        ("find_mails", {"search": "Atlas"}),
        ("read_mail", {"message_id": "1"}),
        ("send_mail", MAIL),
        ("send_mail", {**MAIL, "subject": "Birch"}),
    )
    asked: list[str] = []
    run(email_agent(model), task_of(api.vault()), "Go", may=yes(asked))
    assert [json.loads(each)["subject"] for each in asked] == ["Atlas", "Birch"]
    keys = [each.headers["Idempotency-Key"] for each in api.asked[2:]]
    assert len(set(keys)) == len(keys) == 2


def test_a_task_that_is_taken_up_again_sends_under_the_same_key() -> None:
    """So the API sends it once; another task's is another mail."""
    api = FakeApi(says({"status": "sent"}))
    for task_id in ("a-task", "a-task", "another"):
        run(
            email_agent(scripted(("send_mail", MAIL))), task_of(api.vault(), task_id), "Go", yes([])
        )
    first, again, other = (each.headers["Idempotency-Key"] for each in api.asked)
    assert first == again
    assert other != first


def test_what_only_the_person_can_mend_is_no_answer_for_the_model() -> None:
    """It leaves the agent, with the page."""
    refused = refuses("needs_sign_in", 409, reauthorize_url="https://connect.company.com/connect")
    agent = email_agent(scripted(("find_mails", {"search": ""})))
    with pytest.raises(ReauthorizationRequiredError) as raised:
        run(agent, task_of(FakeApi(refused).vault()), "Go", may=yes([]))
    assert raised.value.url == "https://connect.company.com/connect"


def yes(asked: list[str]) -> Any:  # noqa: ANN401  # reason: a function of the test's own
    """Return somebody who agrees to everything, and whose questions are kept."""

    def may(what: str) -> bool:
        asked.append(what)
        return True

    return may
