"""What every `Rewrapper` does, over each key service."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from multi_user_oauth.errors import ConfigurationError, KeysUnavailableError, TamperedError
from multi_user_oauth.keys.aws_kms import AwsKmsDecrypter, AwsKmsEncrypter, AwsKmsVersions
from multi_user_oauth.keys.cache import DataKeyCache
from multi_user_oauth.keys.cloud_kms import CloudKmsDecrypter, CloudKmsEncrypter
from multi_user_oauth.keys.cloud_kms_versions import CloudKmsVersions
from multi_user_oauth.keys.envelope import (
    EnvelopeOpener,
    EnvelopeSealer,
    KeyDecrypter,
    KeyEncrypter,
)
from multi_user_oauth.keys.local import LocalDecrypter, LocalEncrypter
from multi_user_oauth.keys.local_versions import LocalKeyVersions
from multi_user_oauth.keys.rewrapping import EnvelopeRewrapper
from multi_user_oauth.model import Binding, Kind
from multi_user_oauth.ports import KeyRotation
from tests.contract.keys.services import CountingMeter, LikeAws, aws_client, new_arn
from tests.contract.keys.vaults import ELSEWHERE, PLACE, TOKEN
from tests.support.aws import moto_aws
from tests.support.clock import ManualClock
from tests.support.cloud import OPERATOR, REFRESH, Cloud
from tests.support.draw import CountingDraw
from tests.unit.keys.files import write

ROTATING = ["local", "google"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key, its versions, and what moves values to the newest."""

    encrypter: KeyEncrypter
    decrypter: KeyDecrypter
    versions: KeyRotation
    meter: CountingMeter

    @property
    def rewrapper(self) -> EnvelopeRewrapper:
        """Return the one under test."""
        return EnvelopeRewrapper(self.encrypter, self.decrypter, CountingDraw())

    def sealed(self) -> bytes:
        """Return a value sealed with the version that wraps now."""
        sealer = EnvelopeSealer(self.encrypter, CountingDraw("sealer"))
        return sealer.seal(sealer.new_key(PLACE), PLACE, TOKEN)

    def opens(self, sealed: bytes) -> bool:
        """Whether it opens where it belongs, asking the key service."""
        opener = EnvelopeOpener(self.decrypter, DataKeyCache(now=ManualClock()))
        return opener.open(sealed, PLACE) == TOKEN


def local_key(made: Path, folder: Path) -> Key:
    """Return a key in files of its own."""
    for file in made.iterdir():
        write(folder / file.name, file.read_bytes())
    meter = CountingMeter()
    return Key(
        encrypter=LocalEncrypter(folder / "access.public.pem", meter=meter),
        decrypter=LocalDecrypter(folder / "access.private.pem", meter=meter),
        versions=LocalKeyVersions(folder, Kind.ACCESS),
        meter=meter,
    )


def google_key(cloud: Cloud) -> Key:
    """Return a new key of Cloud KMS."""
    name, meter = cloud.new_key(), CountingMeter()
    kms = cloud.our_kms(REFRESH, meter=meter)
    return Key(
        encrypter=CloudKmsEncrypter(kms, name),
        decrypter=CloudKmsDecrypter(kms, name),
        versions=CloudKmsVersions(cloud.our_kms(OPERATOR), name),
        meter=meter,
    )


def aws_key() -> Key:
    """Return a new key of AWS KMS, as moto plays it."""
    arn, meter, client = new_arn(), CountingMeter(), LikeAws(aws_client())
    return Key(
        encrypter=AwsKmsEncrypter(client, arn, meter=meter),
        decrypter=AwsKmsDecrypter(client, arn, meter=meter),
        versions=AwsKmsVersions(arn),
        meter=meter,
    )


@pytest.fixture(params=[*ROTATING, "aws"])
def key(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Key]:
    """One key of each service."""
    fixture: Callable[[str], object] = request.getfixturevalue
    match request.param:
        case "local":
            made = fixture("key_directory")
            assert isinstance(made, Path)
            yield local_key(made, tmp_path)
        case "google":
            cloud = fixture("cloud")
            assert isinstance(cloud, Cloud)
            yield google_key(cloud)
        case _:
            with moto_aws():
                yield aws_key()


only_rotating = pytest.mark.parametrize("key", ROTATING, indirect=True)


def test_a_sealed_value_says_its_version(key: Key) -> None:
    """The one that was the primary when its data key was wrapped; nobody is asked."""
    sealed = key.sealed()
    before = key.meter.counts["kms"]

    assert key.rewrapper.version(sealed) == key.versions.primary()
    assert key.meter.counts["kms"] == before


def test_the_newest_version_is_the_primary_one(key: Key) -> None:
    """Found out with one call, by the right to encrypt."""
    assert key.rewrapper.newest() == key.versions.primary()
    assert key.meter.counts["kms"] == 1
    assert key.versions.states() == {key.versions.primary(): "ENABLED"}


@only_rotating
def test_after_a_rotation_a_value_is_moved_to_the_newest_version(key: Key) -> None:
    """It opens before and after; what was sealed stays as it was, under another wrapping."""
    old = key.sealed()
    first = key.versions.primary()
    second = key.versions.rotate()

    new = key.rewrapper.rewrap(old, PLACE)

    assert key.rewrapper.newest() == second == key.versions.primary() != first
    assert [key.rewrapper.version(each) for each in (old, new)] == [first, second]
    assert key.opens(old)
    assert key.opens(new)
    body = len(TOKEN.reveal()) + 12 + 16
    assert old[-body:] == new[-body:]
    assert key.versions.states() == {first: "ENABLED", second: "ENABLED"}


@only_rotating
def test_once_rewrapped_the_old_version_is_not_needed(key: Key) -> None:
    """It is destroyed: what was moved opens, what was not is lost, as said."""
    old, first = key.sealed(), key.versions.primary()
    key.versions.rotate()
    new = key.rewrapper.rewrap(old, PLACE)
    key.versions.destroy(first)

    assert key.opens(new)
    with pytest.raises((TamperedError, KeysUnavailableError)):
        key.opens(old)


def test_rewrapping_at_the_newest_version_changes_the_wrapping_only(key: Key) -> None:
    """It is never needed, and does no harm."""
    sealed = key.sealed()
    again = key.rewrapper.rewrap(sealed, PLACE)

    assert again != sealed
    assert key.opens(again)


@pytest.mark.parametrize("elsewhere", ELSEWHERE.values(), ids=list(ELSEWHERE))
def test_a_value_that_does_not_belong_there_is_refused(key: Key, elsewhere: Binding) -> None:
    """Whoever pasted it gets no fresh wrapping for it, not of another generation either."""
    with pytest.raises(TamperedError):
        key.rewrapper.rewrap(key.sealed(), elsewhere)


def test_a_damaged_value_is_refused(key: Key) -> None:
    """In its wrapping, its ciphertext or its length."""
    sealed = key.sealed()
    for place in (0, 1, 3, 20, len(sealed) - 1):
        altered = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(TamperedError):
            key.rewrapper.rewrap(altered, PLACE)
    for short in (b"", sealed[:3], sealed[:-1]):
        with pytest.raises(TamperedError):
            key.rewrapper.rewrap(short, PLACE)


def test_bytes_without_a_version_are_refused(key: Key) -> None:
    """Nobody guesses which version they need."""
    for garbage in (b"", b"\x01", b"\x01\x00\x02\x03\x01" + bytes(40), b"\x02" * 80):
        with pytest.raises(TamperedError):
            key.rewrapper.version(garbage)


class Forgetful:
    """A key service that wraps what it does not unwrap, or unwraps to something else."""

    def __init__(self, key: Key, *, lies: bool) -> None:
        self._key = key
        self._lies = lies
        self.asked = 0

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """Open what was there before, and fail at what was wrapped just now."""
        self.asked += 1
        if self.asked == 1:
            return self._key.decrypter.decrypt(ciphertext, aad)
        if self._lies:
            return bytes(32)
        raise TamperedError("scripted: not wrapped here")


@pytest.mark.parametrize("lies", [False, True])
def test_what_would_not_open_is_not_handed_out(key: Key, lies: bool) -> None:
    """A good record is never replaced by a bad one: try again later."""
    sealed = key.sealed()
    forgetful = Forgetful(key, lies=lies)
    rewrapper = EnvelopeRewrapper(key.encrypter, forgetful, CountingDraw())

    with pytest.raises(KeysUnavailableError, match="does not unwrap"):
        rewrapper.rewrap(sealed, PLACE)
    assert forgetful.asked == 2


def test_aws_rotates_by_itself() -> None:
    """A plain sentence, for who tries it here."""
    versions = AwsKmsVersions("arn:aws:kms:eu-central-1:123456789012:key/1234abcd")
    assert (versions.primary(), dict(versions.states())) == ("1234abcd", {"1234abcd": "ENABLED"})
    with pytest.raises(ConfigurationError, match="AWS KMS rotates a key by itself"):
        versions.rotate()
    with pytest.raises(ConfigurationError, match="AWS KMS keeps every version"):
        versions.destroy("1234abcd")


def test_a_value_of_another_kind_is_refused(key: Key) -> None:
    """What one key wrapped for access tokens is not re-wrapped as a refresh token."""
    with pytest.raises(TamperedError):
        key.rewrapper.rewrap(key.sealed(), replace(PLACE, kind=Kind.REFRESH))
