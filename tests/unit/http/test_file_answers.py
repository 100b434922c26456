"""A download on its way to a caller: let go of however it ends."""

from collections.abc import Iterator

import pytest

from multi_user_oauth.errors.connector import RangeRequiredError
from multi_user_oauth.http.byte_range import MOST
from multi_user_oauth.http.file_answers import streamed
from multi_user_oauth.model.files import File

FILE = File(id="1", name="x", folder=False, size=2)


class Coming:
    """A download that knows whether it was closed."""

    content_type = "text/plain"
    first = 0

    def __init__(self, total: int) -> None:
        self.total = total
        self.last = total - 1
        self.closed = False

    def chunks(self) -> Iterator[bytes]:
        """Yield one byte, and another."""
        yield from (b"0", b"1")

    def close(self) -> None:
        """Remember it."""
        self.closed = True


@pytest.mark.parametrize("parts", [0, 1, 2])
def test_whoever_stops_reading_ends_the_download(parts: int) -> None:
    """Before the first byte, in the midst, or at the end: the server closes what it was given."""
    download = Coming(2)
    response = streamed(FILE, download, partial=False)
    chunks = iter(response.response)
    assert [next(chunks) for _ in range(parts)] == [b"0", b"1"][:parts]
    assert not download.closed
    response.close()
    assert download.closed


def test_what_is_too_large_for_one_answer_is_let_go_at_once() -> None:
    """A document whose size nobody knew before, say."""
    download = Coming(MOST + 1)
    with pytest.raises(RangeRequiredError):
        streamed(FILE, download, partial=False)
    assert download.closed
    assert streamed(FILE, Coming(MOST), partial=False).status_code == 200
