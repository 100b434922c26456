"""Google's Pub/Sub emulator on this machine: where gcloud has it, and how it is started."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from .emulator import NoEmulatorError, SdkRoot, find_java, version

JARS: Final = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"
"""Below gcloud's own folder; the number of its version is in the name."""

_JAVA: Final = ("-Duser.language=en", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m")


def find_pubsub_jar(environ: Mapping[str, str], sdk_root: SdkRoot) -> str | None:
    """Return the path of the emulator: PUBSUB_EMULATOR_JAR alone if it is set, else gcloud's."""
    named = environ.get("PUBSUB_EMULATOR_JAR")
    if named:
        return named if Path(named).is_file() else None
    root = sdk_root(environ)
    return max(map(str, Path(root).glob(JARS)), key=version, default=None) if root else None


def pubsub_command(environ: Mapping[str, str], port: int, *, sdk_root: SdkRoot) -> list[str]:
    """Return what starts an emulator on this port of 127.0.0.1; raise `NoEmulatorError`."""
    java, jar = find_java(environ), find_pubsub_jar(environ, sdk_root)
    if java is None or jar is None:
        raise NoEmulatorError(
            "There is no Pub/Sub emulator: `gcloud components install pubsub-emulator` brings it, or "
            "set PUBSUB_EMULATOR_JAR to its jar, or PUBSUB_EMULATOR_HOST to one that runs"
        )
    return pubsub_java_command(java, jar, port)


def pubsub_java_command(java: str, jar: str, port: int) -> list[str]:
    """Return what starts this emulator with this Java."""
    return [java, *_JAVA, "-jar", jar, "--host=127.0.0.1", f"--port={port}"]
