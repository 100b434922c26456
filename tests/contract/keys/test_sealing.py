"""What every `Sealer` and `Opener` does: a sealed value opens where it belongs and nowhere else."""

from dataclasses import replace

import pytest

from multi_user_oauth.errors import TamperedError
from multi_user_oauth.model import Binding, Kind, Secret
from tests.contract.keys.vaults import ANOTHER_GRANT, ELSEWHERE, PLACE, TOKEN, Vault


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "text", ["", "a", "tökén-€-😀", "\x00\n", "x" * 20_000, "lone \ud800 surrogate"], ids=ascii
)
def test_a_sealed_value_opens_where_it_belongs(vault: Vault, kind: Kind, text: str) -> None:
    """Whatever the text, it comes back as it was."""
    place = replace(PLACE, kind=kind)

    assert vault.openers[kind].open(vault.sealed(place, Secret(text)), place) == Secret(text)


def test_a_sealed_value_does_not_show(vault: Vault) -> None:
    """Neither the token nor the data key stands in what is stored."""
    sealer = vault.sealers[Kind.ACCESS]
    key = sealer.new_key(PLACE)
    sealed = sealer.seal(key, PLACE, TOKEN)

    assert TOKEN.reveal().encode() not in sealed
    assert key.plaintext not in sealed


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize("elsewhere", ELSEWHERE.values(), ids=list(ELSEWHERE))
def test_a_moved_value_does_not_open(vault: Vault, elsewhere: Binding, warm: bool) -> None:
    """
    N42, N44, N45, N46: A value moved to another user, connector type, kind, deployment, epoch, identity
    or generation is refused, also while its data key is at hand.
    """
    sealed, opener = vault.sealed(), vault.openers[Kind.ACCESS]
    if warm:
        opener.open(sealed, PLACE)

    with pytest.raises(TamperedError):
        opener.open(sealed, elsewhere)
    with pytest.raises(TamperedError):
        opener.data_key(sealed, elsewhere)


@pytest.mark.parametrize("kind", Kind)
def test_the_two_kinds_can_not_be_swapped(vault: Vault, kind: Kind) -> None:
    """N43: A refresh token in the access token's place, or the reverse, opens for nobody."""
    other = Kind.REFRESH if kind is Kind.ACCESS else Kind.ACCESS
    sealed = vault.sealed(replace(PLACE, kind=kind))

    for opener in vault.openers.values():
        with pytest.raises(TamperedError):
            opener.open(sealed, replace(PLACE, kind=other))
    with pytest.raises(TamperedError):
        vault.openers[other].open(sealed, replace(PLACE, kind=kind))


@pytest.mark.parametrize("elsewhere", ANOTHER_GRANT.values(), ids=list(ANOTHER_GRANT))
def test_a_data_key_seals_for_its_own_grant_only(vault: Vault, elsewhere: Binding) -> None:
    """What would never open again is not sealed in the first place."""
    sealer = vault.sealers[Kind.ACCESS]
    key = sealer.new_key(PLACE)

    with pytest.raises(TamperedError):
        sealer.seal(key, elsewhere, TOKEN)


def test_the_successor_is_sealed_without_the_key_service(vault: Vault) -> None:
    """
    A refresh opens the old value's key once and seals the next generation with it: nothing can fail
    after the provider's answer.
    """
    sealed, following = vault.sealed(), replace(PLACE, generation=PLACE.generation + 1)
    opener, successor = vault.openers[Kind.ACCESS], Secret("the next one")

    key = opener.data_key(sealed, PLACE)
    before = vault.meter.counts["kms"]
    resealed = vault.sealers[Kind.ACCESS].seal(key, following, successor)

    assert vault.meter.counts["kms"] == before
    assert opener.open(resealed, following) == successor
    with pytest.raises(TamperedError):
        opener.open(resealed, PLACE)


def test_a_data_key_is_wrapped_once_and_unwrapped_once(vault: Vault) -> None:
    """One KMS operation to connect, one for the first read, none while it is warm."""
    sealed = vault.sealed()
    assert vault.meter.counts["kms"] == 1

    for _ in range(3):
        vault.openers[Kind.ACCESS].open(sealed, PLACE)
    assert vault.meter.counts["kms"] == 2


@pytest.mark.parametrize(("seconds", "operations"), [(299, 2), (301, 3)])
def test_an_unwrapped_key_is_kept_for_300_seconds(
    vault: Vault, seconds: int, operations: int
) -> None:
    """N52: At +301 s the key service is asked again, and may by then say no."""
    sealed = vault.sealed()
    vault.openers[Kind.ACCESS].open(sealed, PLACE)
    vault.clock.advance(seconds)
    vault.openers[Kind.ACCESS].open(sealed, PLACE)

    assert vault.meter.counts["kms"] == operations
