"""Make the source archive of each function: infra/build/NAME.zip, the same bytes for the same sources.

And build/backup.zip, the command line as scheduled backups run it (backups.tf).

`python3 infra/package.py` needs nothing but Python. Terraform names an archive by its hash, so a function
is built anew when, and only when, something in it has changed.
"""  # noqa: INP001  # reason: a program beside Terraform's files, not a package

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

ROOT: Final = Path(__file__).resolve().parents[1]
LIBRARY: Final = ROOT / "shared" / "multi_user_oauth"
NOT_DEPLOYED: Final = frozenset({"cli", "client", "mcp", "sandbox"})
"""Parts of the library that run on a person's or an agent's machine."""
ONLY_FOR: Final = {"connectors": "connectors"}
"""Parts that one function alone has."""
MADE_BY_RUNNING: Final = frozenset({"__pycache__", ".mypy_cache", ".ruff_cache", ".DS_Store"})
BACKUP: Final = "backup"
"""The archive of no function."""
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE: Final = 0o100644 << 16
_UNIX: Final = 3


def functions(root: Path = ROOT) -> list[str]:
    """Return the names of the functions that there are."""
    return sorted(main.parent.name for main in (root / "functions").glob("*/main.py"))


def contents(name: str) -> dict[str, Path]:
    """Return what belongs into a function's archive, or that of `BACKUP`, by its path there, in order."""
    if name == BACKUP:
        return _command_line()
    own = dict(_below(ROOT / "functions" / name, prefix=""))
    library = dict(_below(LIBRARY, prefix="multi_user_oauth/", leave_out=_left_out(name)))
    return dict(sorted((own | library).items()))


def _command_line() -> dict[str, Path]:
    locked = ROOT / ".requirements" / "demo-gcp.txt"
    own = {"backup.py": ROOT / "infra" / "backup.py", "requirements.txt": locked}
    return dict(sorted((own | dict(_below(LIBRARY, prefix="multi_user_oauth/"))).items()))


def archive(name: str, file: Path) -> Path:
    """Write the archive to the file and return it; times, modes and order are fixed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # Not compressed: another zlib would make other bytes of the same sources.
    with ZipFile(file, "w", ZIP_STORED) as made:
        for path, source in contents(name).items():
            entry = ZipInfo(path, _LONG_AGO)
            entry.create_system = _UNIX
            entry.external_attr = _PLAIN_FILE
            made.writestr(entry, source.read_bytes())
    return file


def _left_out(name: str) -> frozenset[str]:
    return NOT_DEPLOYED | {part for part, function in ONLY_FOR.items() if function != name}


def _below(
    folder: Path, *, prefix: str, leave_out: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and parts[0] not in leave_out and MADE_BY_RUNNING.isdisjoint(parts):
            yield prefix + "/".join(parts), path


def main() -> None:
    """Write all archives and say how large they are."""
    for name in (*functions(), BACKUP):
        file = archive(name, ROOT / "infra" / "build" / f"{name}.zip")
        sys.stdout.write(f"{file.relative_to(ROOT)}  {file.stat().st_size // 1024} KiB\n")


if __name__ == "__main__":
    main()
