"""Ten thousand interleaved requests for two people's tokens, one in twenty cut off."""

from pathlib import Path

import pytest

from multi_user_oauth.wiring.provision import provision
from tests.support.functions import Installation
from tests.support.interleaving import EVERY, interleave

FETCHES = 10_000


def test_interleaved_requests_never_mix_two_people(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """N33: each answer is the asker's."""
    installation = Installation(tmp_path, provision(tmp_path_factory.mktemp("keys")))
    served = interleave(installation, FETCHES)
    assert [(asked, came) for asked, came in served.answers if asked != came] == []
    assert len(served.answers) + len(served.refused) + len(served.cut) == FETCHES
    assert 0 < len(served.cut) <= FETCHES // EVERY
    assert len(served.answers) > FETCHES // 2
