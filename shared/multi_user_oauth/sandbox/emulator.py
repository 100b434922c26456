"""Google's Firestore emulator on this machine: where people have it, and how it is started."""

import logging
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

JAR: Final = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"

FIREBASE_TOOLS: Final = "firebase-tools@14.27.0"
"""The last whose emulator (1.19.8, 64 MB) runs on every Java since 11; it checks what it downloads."""

# Of gcloud's the jar names no main class. It lives some minutes: the second compiler would not pay.
_JAVA: Final = ("-Duser.language=en", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m")
_MAIN: Final = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_PATIENCE: Final = 5.0
_DOWNLOAD: Final = 300.0  # seconds

SdkRoot = Callable[[Mapping[str, str]], str]
Download = Callable[[Mapping[str, str]], None]

logger = logging.getLogger(__name__)

_direct = build_opener(ProxyHandler({}))


class NoEmulatorError(Exception):
    """There is none, or no Java for it; the message says how to get it, in one sentence."""


def download_by_npx(environ: Mapping[str, str]) -> None:
    """Let firebase-tools put its emulator where it keeps it; do nothing without Node.js or a network."""
    npx = shutil.which("npx", path=environ.get("PATH"))
    if npx is None:
        return
    logger.warning("no Firestore emulator here: %s downloads one, once", FIREBASE_TOOLS)
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(  # noqa: S603  # reason: the npx of whoever starts this
            [npx, "--yes", FIREBASE_TOOLS, "setup:emulators:firestore"],
            env={**environ, "CI": "1", "npm_config_fetch_retries": "0"},  # asks nothing, gives up soon
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False, timeout=_DOWNLOAD,
        )  # fmt: skip


def emulator_command(
    environ: Mapping[str, str],
    port: int,
    *,
    sdk_root: SdkRoot,
    download: Download = download_by_npx,
) -> list[str]:
    """
    Return what starts an emulator on this port of 127.0.0.1; raise `NoEmulatorError`.

    Where there is none, but a Java for it, one is downloaded.
    """
    java = find_java(environ)
    jar = find_jar(environ, sdk_root, download if java else None)
    if jar is None:
        raise NoEmulatorError(
            "This needs Google's Firestore emulator: `gcloud components install "
            f"cloud-firestore-emulator` or `npx {FIREBASE_TOOLS} setup:emulators:firestore` brings "
            "it, or set FIRESTORE_EMULATOR_JAR to its jar, or FIRESTORE_EMULATOR_HOST to one that runs"
        )
    if java is None:
        raise NoEmulatorError(
            "The Firestore emulator needs Java: install a Java runtime (Debian, Ubuntu: `sudo apt-get "
            "install default-jre-headless`; macOS: `brew install openjdk`), or set JAVA_HOME"
        )
    return java_command(java, jar, port)


def java_command(java: str, jar: str, port: int) -> list[str]:
    """Return what starts this emulator with this Java."""
    return [java, *_JAVA, "-cp", jar, _MAIN, "--host=127.0.0.1", f"--port={port}"]


def find_java(environ: Mapping[str, str]) -> str | None:
    """Return the path of Java: the one of JAVA_HOME, else the first of PATH."""
    home = environ.get("JAVA_HOME")
    named = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    return named or shutil.which("java", path=environ.get("PATH"))


def find_jar(
    environ: Mapping[str, str], sdk_root: SdkRoot, download: Download | None = None
) -> str | None:
    """
    Return the path of the emulator.

    FIRESTORE_EMULATOR_JAR alone if it is set, else gcloud's, else that of firebase-tools, which
    `download` may bring.
    """
    named = environ.get("FIRESTORE_EMULATOR_JAR")
    if named:
        return named if Path(named).is_file() else None
    root = sdk_root(environ)
    jar = Path(root) / JAR
    if root and jar.is_file():
        return str(jar)
    kept = _firebase_jar(environ)
    if kept is None and download is not None:
        download(environ)
        kept = _firebase_jar(environ)
    return kept


def _firebase_jar(environ: Mapping[str, str]) -> str | None:
    home, named = environ.get("HOME"), environ.get("FIREBASE_EMULATORS_PATH")
    if not named and not home:
        return None
    folder = Path(named) if named else Path(home or "") / ".cache/firebase/emulators"
    found = folder.glob("cloud-firestore-emulator-v*.jar")
    return max(map(str, found), key=version, default=None)


def version(path: str) -> list[int]:
    """Return the numbers in a file's name, to be compared."""
    return [int(number) for number in re.findall(r"\d+", Path(path).name)]


def gcloud_sdk_root(environ: Mapping[str, str]) -> str:
    """Return where gcloud keeps its parts, by its own word; empty without gcloud. Takes a second."""
    gcloud = shutil.which("gcloud", path=environ.get("PATH"))
    if gcloud is None:
        return ""
    answer = subprocess.run(  # noqa: S603  # reason: the gcloud of whoever starts this
        [gcloud, "info", "--format=value(installation.sdk_root)"],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return answer.stdout.strip()


def answers(address: str) -> bool:
    """Return whether a Firestore emulator answers at this host:port."""
    try:
        with _direct.open(f"http://{address}/", timeout=_PATIENCE) as answer:
            return b"Ok" in answer.read()
    except (URLError, OSError, ValueError):
        return False
