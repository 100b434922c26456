"""A process that dies while it re-wraps loses nothing: the next one does what is left."""

from pathlib import Path
from signal import SIGKILL

import pytest

from multi_user_oauth.keys.local_versions import LocalKeyVersions
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
    """N50: SIGKILL; then again, to the end; the old keys are destroyed, and every token still works."""
    name = place.replace(".", "-").replace("_", "-")
    sarah, john = people(f"{name}-a", f"{name}-b").values()
    deployment = deploy(sarah, john)
    deployment.sign_in_long_ago((sarah, MICROSOFT), (john, GOOGLE))
    keys = [key_of(sarah, MICROSOFT), key_of(john, GOOGLE)]
    folder = Path(deployment.values["KEY_DIR"])
    versions = {kind: LocalKeyVersions(folder, kind) for kind in Kind}
    old = {kind: each.primary() for kind, each in versions.items()}
    newest = {kind.value: each.rotate() for kind, each in versions.items()}

    assert rewrap(deployment, place=place) is None
    for key in keys:
        assert refresh_token(deployment, record(deployment, key)).reveal()

    done = rewrap(deployment)
    assert done == {
        "rewrapped": 1 if place in ("main.write", "rewrap_written") else 2,
        "versions": {kind: {version: 2} for kind, version in newest.items()},
        "next": None,
    }
    for kind, each in versions.items():
        each.destroy(old[kind])
    for key in keys:
        works(deployment, key)
    # At the end: reading the files of a database takes this process's locks on it away.
    for key in keys:
        check(deployment, key)


def rewrap(deployment: Deployment, place: str = "") -> dict[str, object] | None:
    """Re-wrap in another process; None if it died at the place."""
    process = start(deployment, do="rewrap", place=place)
    try:
        if place:
            assert process.ended() == -SIGKILL
            return None
        said: dict[str, object] = process.hear()
        assert process.ended() == 0
        return said
    finally:
        process.stop()
