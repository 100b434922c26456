"""Every alarm is provoked here, Terraform's filter finds it, and its section says what to do."""

import io
import logging
import re
from collections.abc import Iterator
from typing import Final

import pytest

from multi_user_oauth import log
from multi_user_oauth.log import Alarm, raise_alarm
from tests.architecture.catalogue import ROOT
from tests.infra.alerts import METRICS, OF_MAPS, counted_by, filters, own_policies, policies
from tests.infra.filters import finds
from tests.infra.provoked import FOUND, PASSED_OVER, logged, written
from tests.infra.terraform import local

SOURCES: Final = "".join(
    path.read_text("utf-8") for path in (ROOT / "shared/multi_user_oauth").glob("*.py")
)
ALARMS_SECTION: Final = (
    (ROOT / "docs/operations.md").read_text("utf-8").partition("\n## Alarms\n")[2].split("\n## ")[0]
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


@pytest.mark.parametrize("alarm", list(Alarm))
def test_an_alarm_s_line_is_found_by_its_filter_and_no_other(
    alarm: Alarm, lines: io.StringIO
) -> None:
    """One metric and one alert for each."""
    raise_alarm(alarm, "something has to be looked at", reason="outage")
    line = logged(lines.getvalue())
    assert [name for name in local("alarms") if finds(filters()[name], line)] == [alarm.value]


def test_another_service_s_line_is_not_counted(lines: io.StringIO) -> None:
    """A project may hold more than us."""
    raise_alarm(Alarm.TAMPERED, "something has to be looked at")
    line = logged(lines.getvalue(), "another-oauth-desk")
    assert not finds(filters()["tampered"], line)


def test_every_alarm_has_a_metric() -> None:
    """An alarm that nobody hears is none."""
    assert set(local("alarms")) == {alarm.value for alarm in Alarm}


@pytest.mark.parametrize("name", sorted(filters().keys() - set(local("alarms"))))
def test_what_else_alerts_is_found_and_its_like_is_not(name: str) -> None:
    """Each is provoked by what Google keeps when it happens."""
    assert [finds(filters()[name], entry) for entry in FOUND[name]] == [True] * len(FOUND[name])
    assert not any(finds(filters()[name], entry) for entry in PASSED_OVER[name])


def test_a_backup_counts_where_it_was_written() -> None:
    """One that the bucket refused is none, and neither is another bucket's object."""
    counted = counted_by("backup")
    assert finds(counted, written("backups/objects/whole/2027-05-03T03-17-00Z.backup"))
    assert not finds(counted, written("backups/objects/whole/1.backup", code=7))
    assert not finds(counted, written("sources/objects/whole/1.backup"))


def test_the_lines_that_are_counted_are_written_somewhere() -> None:
    """A message that is reworded would be counted no more."""
    counted = re.findall(r'jsonPayload\.message=\\"([^"\\]+)\\"', METRICS)
    assert len(counted) == 2
    assert [message for message in counted if f'"{message}"' not in SOURCES] == []


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    """Whoever is woken finds by its name what happened, what to do, and what people see meanwhile."""
    sections = dict(
        re.findall(r"^### `(\w+)`\n(.*?)(?=^### |\Z)", ALARMS_SECTION, re.MULTILINE | re.DOTALL)
    )
    assert sorted(sections) == sorted(filters())
    for name, text in sections.items():
        said = re.findall(r"^- \*\*([\w ]+):\*\*", text, re.MULTILINE)
        assert said == ["What happened", "Look", "Do", "Over", "People see"], name


def test_every_alert_s_mail_links_to_its_section() -> None:
    """By its own name; of those of a map by the entry's, without what only tells metrics apart."""
    links = {
        policy.labels[1]: re.findall(
            r"\$\{local\.operations\}#(.*)\"", str(policy.body["documentation"][0]["content"])
        )
        for policy in policies()
    }
    expected = {name: ['${trimprefix(each.key, "alarm_")}'] for name in OF_MAPS}
    expected |= {policy.labels[1]: [policy.labels[1]] for policy in own_policies()}
    assert links == expected
    assert local("operations").count("operations.md") == 2
