"""Whether databases, keys and topics answer."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.findings import Check, Finding, Status, Theme
from multi_user_oauth.errors import (
    ConfigurationError,
    MultiUserOAuthError,
    RetryableError,
    StoreUnavailableError,
)
from multi_user_oauth.model import Binding, ConnectionKey, Identity, Kind, Secret

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench

CHECK: Final = "stores and keys"
STORE_MEND: Final = (
    "Look whether this identity may read the database (roles/datastore.viewer), and whether its name, "
    "FIRESTORE_MAIN_DATABASE or FIRESTORE_ACTIVITY_DATABASE, is right. With BACKEND=embedded: whether "
    "DATA_DIR is a folder of this user's on a disk with space left."
)
KEY_MEND: Final = (
    "The key is to be enabled and its name right; who runs this needs the right to encrypt with it "
    "(roles/cloudkms.cryptoKeyEncrypter, or kms:Encrypt)."
)
TOPIC_MEND: Final = "gcloud pubsub topics create {topic}, or correct the name."
PATIENCE: Final = 8.0


def stored_checks(bench: "Bench") -> Iterator[Check]:
    """Yield the checks; they read, and write nothing."""
    for name in ("main", "activity"):
        theme = Theme(CHECK, f"database {name}")
        yield Check(theme, partial(_database, bench, theme, name))
    for kind in Kind if _has_keys(bench) else ():
        theme = Theme(CHECK, f"{kind} key")
        yield Check(theme, partial(_key, bench, theme, kind))
    for name in ("EVENTS_TOPIC", "SWEEP_TOPIC"):
        if bench.values.get(name):
            theme = Theme(CHECK, name)
            yield Check(theme, partial(_topic, bench, theme, bench.values[name]))


def _has_keys(bench: "Bench") -> bool:
    return bench.settings.backend != "embedded" or "KEY_DIR" in bench.values


def _database(bench: "Bench", theme: Theme, name: str) -> Iterator[Finding]:
    if bench.settings.backend == "embedded":
        file = Path(bench.settings.data_dir) / f"{name}.db"
        if not file.exists():  # to look would make it
            yield theme.ok(f"{file} is not there yet: the first use makes it")
            return
    parts = bench.parts()
    try:
        if name == "main":
            parts.main.page(connector_type=None, status=None, after=None, limit=1)
        else:
            yield from _breakers(bench)
    except (RetryableError, ConfigurationError) as error:
        yield theme.error(error, STORE_MEND)
    else:
        yield theme.ok("it answers")


def _breakers(bench: "Bench") -> Iterator[Finding]:
    store = bench.parts().activity
    for each in bench.types:
        breaker = store.breaker(each.name).breaker
        if breaker.trouble is not None and breaker.opened_at is not None:
            since = f"{breaker.opened_at:%Y-%m-%d %H:%M} UTC"
            what = f"since {since} little or nothing is asked of the provider ({breaker.trouble})"
            mend = (
                "`outage` and `storm` pass by themselves. `misconfigured`: mend what is wrong here."
            )
            yield Theme(CHECK, each.name).bad(what, mend, status=Status.WARNING)


def _key(bench: "Bench", theme: Theme, kind: Kind) -> Iterator[Finding]:
    """Wrap a throwaway data key; on this machine seal with it, and open that again (access only)."""
    parts = bench.parts()
    try:
        sealer, nobody = parts.sealer(kind), _nobody(kind)
        data_key = sealer.new_key(nobody)
        if bench.settings.backend == "embedded" and kind is Kind.ACCESS:
            value = Secret(bench.world.draw(16).hex())
            sealed = sealer.seal(data_key, nobody, value)
            if parts.opener(Kind.ACCESS).open(sealed, nobody) != value:
                raise ConfigurationError("what was sealed opens as something else")
        if bench.settings.backend == "embedded":
            versions = len(parts.key_rotation(kind).states())
            yield theme.ok(f"it seals; {versions} of its versions can open")
            return
    except MultiUserOAuthError as error:
        yield theme.error(error, KEY_MEND)
    else:
        yield theme.ok("it encrypts")


def _nobody(kind: Kind) -> Binding:
    """Return a place where no record is: what is sealed for it is thrown away."""
    key = ConnectionKey("doctor", "nobody@doctor.invalid")
    identity = Identity.google("0")
    return Binding(deployment="doctor", key=key, kind=kind, epoch=1, identity=identity)


def _topic(bench: "Bench", theme: Theme, topic: str) -> Iterator[Finding]:
    try:
        from multi_user_oauth.cli.doctor.topics import topic_trouble
    except ModuleNotFoundError:
        mend = "Install the extra: pip install 'multi-user-oauth[pubsub]'"
        yield theme.bad("Google's library for Pub/Sub is not installed", mend)
        return
    trouble = topic_trouble(topic, bench.settings.pubsub_emulator_host, seconds=PATIENCE)
    if not trouble:
        yield theme.ok(f"{topic} is there")
    elif trouble == "NotFound":
        yield theme.bad(f"{topic} is not there", TOPIC_MEND.format(topic=topic))
    else:
        mend = "To look needs roles/pubsub.viewer on the topic; to publish, roles/pubsub.publisher."
        yield theme.error(StoreUnavailableError(f"{topic}: {trouble}"), mend)
