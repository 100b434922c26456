"""A backup as a file: what is written is what is read, and anything else is refused."""

import gzip
import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from multi_user_oauth.errors import ConfigurationError
from multi_user_oauth.model import Kind
from multi_user_oauth.ports import LastUse
from multi_user_oauth.ports.backup import (
    BackupHeading,
    BackupKind,
    Kept,
    KeyVersionSeen,
    SignedOut,
    UsedBy,
)
from multi_user_oauth.stores.file_backup import BackupFile, BackupWriter, whole_file
from tests.contract.stores.samples import (
    ANNA,
    AT,
    BERT,
    FAILURE,
    KEY,
    change,
    connection,
    ledger_entry,
    rescue,
    revocation,
)

HEADING = BackupHeading(deployment="d", taken_at=AT, kind=BackupKind.WHOLE)
NEW = replace(connection(), failure=FAILURE, sealed_access=b"\x00\xff\n sealed")
EVERYTHING: tuple[Kept, ...] = (
    rescue(NEW),
    NEW,
    change(None, NEW).audit,
    revocation(NEW),
    UsedBy(key=KEY, uses=(LastUse(agent="a", action="read", purpose="ü", at=AT),)),
    KeyVersionSeen(kind=Kind.REFRESH, version="projects/p/1", at=AT),
    SignedOut(identity=ANNA, valid_from=AT),
    SignedOut(identity=BERT, sessions=(("s1", AT + timedelta(hours=1)),)),
    ledger_entry(),
)


def written(*kept: Kept, ended: bool = True) -> bytes:
    """Return a file with this in it."""
    stream = BytesIO()
    writer = BackupWriter(stream, HEADING)
    for each in kept:
        writer.put(each)
    if ended:
        writer.end()
    else:
        writer._packed.close()  # noqa: SLF001  # reason: what dies before the end does not do this either
    return stream.getvalue()


def opened(data: bytes) -> BackupFile:
    """Read it."""
    return BackupFile(BytesIO(data), "b.gz")


def test_everything_comes_back_in_its_order_as_often_as_it_is_read() -> None:
    """Bytes, times to the microsecond, and all that stands within another."""
    source = opened(written(*EVERYTHING))
    assert source.heading == HEADING
    for _ in range(2):
        assert tuple(source.kept()) == EVERYTHING
    assert source.seen == len(EVERYTHING)


def test_the_same_content_has_the_same_digest() -> None:
    """However it was packed; of other content it is another."""
    digest = opened(written(*EVERYTHING)).digest
    repacked = gzip.compress(gzip.decompress(written(*EVERYTHING)), 1)
    assert opened(repacked).digest == digest
    assert opened(written(*EVERYTHING[1:])).digest != digest


def lines_changed(change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """Return a whole file of which somebody has changed the lines."""
    lines = gzip.decompress(written(*EVERYTHING)).splitlines(keepends=True)
    return gzip.compress(b"".join(change(lines)))


WHOLE = written(*EVERYTHING)
SPOILED = {
    "nothing": b"",
    "no gzip": b"PK\x03\x04 something else",
    "cut in the middle": WHOLE[: len(WHOLE) // 2],
    "cut by a byte": WHOLE[:-1],
    "a bit of it turned": WHOLE[:200] + bytes([WHOLE[200] ^ 1]) + WHOLE[201:],
    "without its end": written(*EVERYTHING, ended=False),
    "a line left out": lines_changed(lambda lines: [*lines[:3], *lines[4:]]),
    "a line twice": lines_changed(lambda lines: [*lines[:3], *lines[2:]]),
    "lines that changed places": lines_changed(
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]]
    ),
    "a word changed": lines_changed(
        lambda lines: [each.replace(b'"active"', b'"revoked"') for each in lines]
    ),
    "something behind its end": lines_changed(lambda lines: [*lines, lines[1]]),
    "two files in one": WHOLE + WHOLE,
    "no heading": lines_changed(lambda lines: lines[1:]),
    "no JSON": lines_changed(lambda lines: [lines[0], b"{\n", *lines[1:]]),
    "no object": lines_changed(lambda lines: [lines[0], b"[1]\n", *lines[1:]]),
    "of an unknown sort": lines_changed(lambda lines: [lines[0], b'{"of":"x"}\n', *lines[1:]]),
    "of a newer program": lines_changed(
        lambda lines: [lines[0].replace(b'backup":1', b'backup":2'), *lines[1:]]
    ),
    "a heading without a kind": lines_changed(
        lambda lines: [lines[0].replace(b'"whole"', b'"none"'), *lines[1:]]
    ),
    "a line without end": gzip.compress(b"{" + b" " * 9 * 2**20),
}


@pytest.mark.parametrize("data", SPOILED.values(), ids=SPOILED)
def test_anything_else_is_refused_when_it_is_opened(data: bytes) -> None:
    """Before anything could be written; the message names the file, and quotes nothing of it."""
    with pytest.raises(ConfigurationError, match=r"^b\.gz .*nothing was restored$") as refused:
        opened(data)
    assert "sealed" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_document_of_a_newer_schema_is_refused() -> None:
    """Even where the file fits itself: it was written anew by somebody."""

    def newer(line: bytes) -> bytes:
        fields = json.loads(line)
        fields.get("document", {})["schema"] = 2
        return json.dumps(fields).encode() + b"\n"

    stream = BytesIO()
    writer = BackupWriter(stream, HEADING)
    writer._write(json.loads(newer(gzip.decompress(WHOLE).splitlines()[2])))  # noqa: SLF001  # reason: no method writes such a line
    writer.counts["connection"] = 1
    writer.end()
    with pytest.raises(ConfigurationError, match="can not be read: 2"):
        opened(stream.getvalue())


def test_a_file_that_is_changed_after_it_was_opened_is_found_out() -> None:
    """Behind its last line at the latest."""
    stream = BytesIO(written(*EVERYTHING))
    source = BackupFile(stream, "b.gz")
    stream.seek(0)
    stream.truncate()
    stream.write(written(*EVERYTHING[1:]))
    with pytest.raises(ConfigurationError, match="altered"):
        list(source.kept())


def test_a_file_has_its_name_once_it_is_whole(tmp_path: Path) -> None:
    """For its owner alone; what had the name stays until then."""
    file = tmp_path / "b.gz"
    file.write_bytes(b"before")
    with whole_file(file) as stream:
        stream.write(b"after")
        assert file.read_bytes() == b"before"
    assert file.read_bytes() == b"after"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_of_a_file_that_did_not_become_whole_nothing_stays(tmp_path: Path) -> None:
    """What had the name has it still."""
    file = tmp_path / "b.gz"
    file.write_bytes(b"before")
    with pytest.raises(KeyError), whole_file(file) as stream:  # noqa: PT012  # reason: what is inside fails
        stream.write(b"after")
        raise KeyError
    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]
