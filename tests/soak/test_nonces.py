"""A hundred thousand encryptions of one value, with the randomness of production."""

from multi_user_oauth.keys.envelope import NONCE_BYTES, Envelope, EnvelopeSealer
from multi_user_oauth.wiring.world import World
from tests.support.fuzzing import PLACE, TOKEN, key

SEALS = 100_000


def test_no_nonce_comes_twice() -> None:
    """N48: Nor does a ciphertext; ten thousand are drawn in every run of the tests."""
    sealer = EnvelopeSealer(key(), World().draw)
    data_key = sealer.new_key(PLACE)
    sealed = [Envelope.parse(sealer.seal(data_key, PLACE, TOKEN)) for _ in range(SEALS)]
    assert {len(each.nonce) for each in sealed} == {NONCE_BYTES}
    assert len({each.nonce for each in sealed}) == SEALS
    assert len({each.ciphertext for each in sealed}) == SEALS
