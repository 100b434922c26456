"""A process that dies while it re-wraps loses nothing: the next one does what is left."""

from signal import SIGKILL
from typing import Any

import pytest

from multi_user_oauth.model import Kind
from tests.crash.checker import check, record, refresh_token, works
from tests.crash.deployment import GOOGLE, MICROSOFT, Deployment, key_of, people
from tests.crash.killing import Deploy, start

# Operations that the meter counts are places too: the notes, a call of the key service, a record.
PLACES = ("activity.write", "kms", "rewrapped", "main.write", "rewrap_written")


@pytest.mark.parametrize("place", PLACES)
def test_killed_anywhere_everything_still_opens_and_the_next_one_finishes(
    deploy: Deploy, place: str
) -> None:
    """N50, F20: SIGKILL; then again, to the end; the old keys are gone, and every token works."""
    left = kill_and_finish(deploy, place=place)
    assert left == (1 if place in ("main.write", "rewrap_written") else 2)


def kill_and_finish(deploy: Deploy, **where: Any) -> int:  # noqa: ANN401  # reason: as child.py reads it
    """Kill a run there, check that all opens, run again to the end; return how much was left."""
    sarah, john = people("rewrapped-a", "rewrapped-b").values()
    deployment = deploy(sarah, john)
    deployment.sign_in_long_ago((sarah, MICROSOFT), (john, GOOGLE))
    keys = [key_of(sarah, MICROSOFT), key_of(john, GOOGLE)]
    rotated = {kind: deployment.rotate_key(kind) for kind in Kind}

    assert rewrap(deployment, **where) is None
    for key in keys:
        assert refresh_token(deployment, record(deployment, key)).reveal()

    done = rewrap(deployment)
    assert done is not None
    newest = {kind.value: {new: 2} for kind, (_, new) in rotated.items()}
    assert (done["versions"], done["next"]) == (newest, None)
    for kind, (old, _) in rotated.items():
        deployment.destroy_key(kind, old)
    for key in keys:
        works(deployment, key)
    # At the end: reading the files of a database takes this process's locks on it away.
    for key in keys:
        check(deployment, key)
    left: int = done["rewrapped"]
    return left


def rewrap(deployment: Deployment, **where: Any) -> dict[str, Any] | None:  # noqa: ANN401  # reason: as child.py reads it
    """Re-wrap in another process; None if it died at the place."""
    process = start(deployment, do="rewrap", **where)
    try:
        if where:
            assert process.ended() == -SIGKILL
            return None
        said: dict[str, Any] = process.hear()
        assert process.ended() == 0
        return said
    finally:
        process.stop()
