"""An adapter for `requests` that answers from a list, and remembers what it was asked."""

from typing import Any

import requests
from requests.adapters import BaseAdapter


class Answers(BaseAdapter):
    """Gives one answer after the other; an exception is raised. The last one is given for ever."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes] | Exception) -> None:
        super().__init__()
        self._answers = list(answers)
        self.requests: list[requests.PreparedRequest] = []
        self.options: list[dict[str, Any]] = []

    def send(
        self,
        request: requests.PreparedRequest,
        *args: Any,  # noqa: ANN401  # reason: requests' own options
        **options: Any,  # noqa: ANN401  # reason: requests' own options
    ) -> requests.Response:
        """Answer once."""
        self.requests.append(request)
        self.options.append(options)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code, headers, response._content = answer  # noqa: SLF001  # reason: how requests' own adapters do it
        response.headers.update(headers)
        response.request, response.url = request, request.url or ""
        return response

    def close(self) -> None:
        """Nothing is open."""
