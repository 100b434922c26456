"""Whether the files are there, whole, and closed to others."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.findings import Finding, Theme
from multi_user_oauth.errors import ConfigurationError

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench

CHECK: Final = "files"
PRIVATE: Final = 0o077
"""Nobody else may do anything with it."""
OURS_TO_WRITE: Final = 0o022
NOT_EVERYBODYS: Final = 0o002
"""Group members may: on many machines everybody's group is their own."""
CLOSED: Final[Mapping[str, int]] = {
    "CLIENT_SECRETS_FILE": PRIVATE,
    "FLOW_KEYS_FILE": PRIVATE,
    "LINK_KEYS_FILE": PRIVATE,
    "SESSION_SIGNING_KEY_FILE": PRIVATE,
    "SESSION_PUBLIC_KEYS_FILE": OURS_TO_WRITE,
    "CONNECTOR_TYPES_FILE": NOT_EVERYBODYS,
    "POLICY_FILE": NOT_EVERYBODYS,
    "DATA_DIR": NOT_EVERYBODYS,
    "KEY_DIR": OURS_TO_WRITE,
}
MEANS: Final = {
    PRIVATE: "others on this machine can read it",
    OURS_TO_WRITE: "others on this machine can change it",
    NOT_EVERYBODYS: "everybody on this machine can change it",
}


def files_findings(bench: "Bench") -> Iterator[Finding]:
    """Yield what is to be said of the files that the settings name; nothing is written."""
    named = [name for name in CLOSED if bench.values.get(name)]
    wrong = [finding for name in named for finding in _place(bench.values, name)]
    wrong += [*_key_files(bench)]
    if not wrong:
        wrong += [*_contents(bench)]
    yield from wrong
    if not wrong:
        what = f"{len(named)} files and folders are there, and closed to others"
        yield Theme(CHECK, "all").ok(what)
    if bench.settings.backend == "embedded" and "KEY_DIR" not in bench.values:
        yield Theme(CHECK, "KEY_DIR").ok("no keys yet: the first start makes them below DATA_DIR")


def _place(values: Mapping[str, str], name: str) -> Iterator[Finding]:
    path = Path(values[name])
    if not path.exists():
        if name != "DATA_DIR":  # the first start makes it
            mend = f"Make it, or let {name} name the one that is meant."
            yield Theme(CHECK, name).bad(f"{path} is not there", mend)
    elif not os.access(path, os.R_OK):
        mend = "Run this as the user that owns it, or change its owner."
        yield Theme(CHECK, name).bad(f"{path} can not be read by this user", mend)
    else:
        yield from _mode(path, CLOSED[name], name)


def _mode(path: Path, closed: int, name: str) -> Iterator[Finding]:
    if os.name == "posix" and path.stat().st_mode & closed:
        mode = "700" if path.is_dir() else "600"
        mend = f"chmod {mode} '{path}'"
        if closed == PRIVATE:
            mend += "; if somebody may have read it, replace what is in it."
        yield Theme(CHECK, name).bad(f"{path}: {MEANS[closed]}", mend)


def _key_files(bench: "Bench") -> Iterator[Finding]:
    folder = bench.values.get("KEY_DIR")
    for half, closed in (("private", PRIVATE), ("public", OURS_TO_WRITE)):
        for path in sorted(Path(folder).glob(f"*.{half}.pem")) if folder else ():
            yield from _mode(path, closed, path.name)


def _contents(bench: "Bench") -> Iterator[Finding]:
    """Yield what does not read as it should; each is opened as the functions open it."""
    from multi_user_oauth.wiring.proofs import signer

    parts = bench.parts()
    readers: Mapping[str, Callable[[], object]] = {
        "FLOW_KEYS_FILE": lambda: parts.box,
        "LINK_KEYS_FILE": lambda: parts.link_box,
        "SESSION_SIGNING_KEY_FILE": lambda: signer(parts),
    }
    for name, reader in readers.items():
        if bench.values.get(name):
            try:
                reader()
            except ConfigurationError as error:
                mend = f"Put back the file that {name} named before, from where you keep a copy."
                yield Theme(CHECK, name).bad(f"{error}", mend)
