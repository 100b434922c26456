"""Google's Firestore emulator on this machine: where people have it, and how it is started."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

JAR: Final = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"

# The jar names no main class. It lives some minutes: the second compiler would not pay.
_JAVA: Final = ("-Duser.language=en", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m")
_MAIN: Final = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_PATIENCE: Final = 5.0

_direct = build_opener(ProxyHandler({}))


class NoEmulatorError(Exception):
    """There is none, or no Java for it; the message says how to get it, in one sentence."""


def emulator_command(
    environ: Mapping[str, str], port: int, *, sdk_root: Callable[[Mapping[str, str]], str]
) -> list[str]:
    """Return what starts an emulator on this port of 127.0.0.1; raise `NoEmulatorError`."""
    jar = find_jar(environ, sdk_root)
    if jar is None:
        raise NoEmulatorError(
            "This needs Google's Firestore emulator: `gcloud components install "
            "cloud-firestore-emulator` brings it, or set FIRESTORE_EMULATOR_JAR to its jar, or "
            "FIRESTORE_EMULATOR_HOST to one that runs"
        )
    java = find_java(environ)
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
    environ: Mapping[str, str], sdk_root: Callable[[Mapping[str, str]], str]
) -> str | None:
    """Return the path of the emulator: FIRESTORE_EMULATOR_JAR alone if it is set, else gcloud's."""
    named = environ.get("FIRESTORE_EMULATOR_JAR")
    if named:
        return named if Path(named).is_file() else None
    root = sdk_root(environ)
    jar = Path(root) / JAR
    return str(jar) if root and jar.is_file() else None


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
