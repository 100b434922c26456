"""Every alarm is provoked here, and the filter that Terraform makes for it finds its line."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from multi_user_oauth import log
from multi_user_oauth.log import Alarm, raise_alarm
from tests.architecture.catalogue import ROOT
from tests.infra.terraform import INFRA, local

METRICS: Final = (INFRA / "metrics.tf").read_text("utf-8")
SOURCES: Final = "".join(
    path.read_text("utf-8") for path in (ROOT / "shared/multi_user_oauth").glob("*.py")
)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """The log as a function writes it; afterwards logging is as it was."""
    root = logging.getLogger()
    handlers, level, stream = root.handlers[:], root.level, io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log.JsonFormatter())
    root.handlers[:] = [handler]
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def entry(line: str) -> dict[str, Any]:
    """A line as Cloud Logging keeps it: a service's standard output."""
    return {
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": "oauth-refresh"}},
        "jsonPayload": json.loads(line),
    }


def finds(logging_filter: str, found: object) -> bool:
    """Whether a filter of equalities and patterns, all joined by AND, finds the entry."""
    for clause in logging_filter.split(" AND "):
        field, operator, wanted = re.fullmatch(r'([\w.]+)(=~|=)"(.*)"', clause).groups()  # type: ignore[union-attr]  # reason: None fails the test
        value: Any = found
        for name in field.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is None or not (re.search(wanted, value) if operator == "=~" else value == wanted):
            return False
    return True


def rendered(name: str) -> str:
    """The filter that metrics.tf makes for an alarm, with its references written out."""
    ours = local("ours").replace("${var.prefix}", "oauth").replace('\\"', '"')
    template = re.search(
        r'filter = "(\$\{local\.ours\} AND jsonPayload\.alarm=.*)"$', METRICS, re.MULTILINE
    )
    assert template is not None
    text = template[1].replace('\\"', '"')
    return text.replace("${local.ours}", ours).replace("${name}", name)


@pytest.mark.parametrize("alarm", list(Alarm))
def test_an_alarm_s_line_is_found_by_its_filter_and_no_other(
    alarm: Alarm, lines: io.StringIO
) -> None:
    """One metric and one alert for each."""
    raise_alarm(alarm, "something has to be looked at", reason="outage")
    written = entry(lines.getvalue())
    assert [name for name in local("alarms") if finds(rendered(name), written)] == [alarm.value]


def test_another_service_s_line_is_not_counted(lines: io.StringIO) -> None:
    """A project may hold more than us."""
    raise_alarm(Alarm.TAMPERED, "something has to be looked at")
    written = entry(lines.getvalue())
    written["resource"]["labels"]["service_name"] = "another-oauth-desk"
    assert not finds(rendered("tampered"), written)


def test_every_alarm_has_a_metric_and_a_place_in_the_guide() -> None:
    """An alarm that nobody hears is none; one that nobody can read about helps little."""
    assert set(local("alarms")) == {alarm.value for alarm in Alarm}
    guide = (ROOT / "docs/guide.md").read_text("utf-8")
    assert [name for name in local("alarms") if f"| `{name}` |" not in guide] == []


def test_the_lines_that_are_counted_are_written_somewhere() -> None:
    """A message that is reworded would be counted no more."""
    counted = re.findall(r'jsonPayload\.message=\\"([^"\\]+)\\"', METRICS)
    assert len(counted) == 2
    assert [message for message in counted if f'"{message}"' not in SOURCES] == []
