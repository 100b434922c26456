"""Plays a chat model, so that langchain_agent.py runs without a key. It understands nothing."""

import json
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult


class ScriptedModel(BaseChatModel):
    """Whatever it is told: it looks for mails, mails their subjects to John, and says that it is done."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, *_: object, **__: object) -> "ScriptedModel":
        """Return itself: it knows the tools by heart."""
        return self

    def _generate(self, messages: list[BaseMessage], *_: object, **__: object) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=_answer(messages[-1]))])


def _answer(last: BaseMessage) -> AIMessage:
    if not isinstance(last, ToolMessage):
        return _call("find_mails", search="")
    if last.name == "find_mails":
        subjects = "\n".join(mail["subject"] for mail in json.loads(last.text))
        return _call("send_mail", to="john@company.com", subject="What came in", body=subjects)
    return AIMessage("It is sent." if last.status == "success" else "Nothing was sent.")


def _call(name: str, **arguments: Any) -> AIMessage:  # noqa: ANN401  # reason: as a tool has them
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": f"{name}-1"}])


MODEL = ScriptedModel()
