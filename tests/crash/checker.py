"""What must hold over the databases, the disk and the provider's books after whatever happened."""

from itertools import pairwise

from multi_user_oauth.audit import broken_at
from multi_user_oauth.model import Connection, ConnectionKey, ConnectionStatus, Secret
from multi_user_oauth.sandbox.records import Token
from tests.crash.deployment import Deployment
from tests.plugins.watch import Watch


def check(deployment: Deployment, key: ConnectionKey) -> None:
    """Raise `AssertionError` for the first promise that is broken."""
    connection = record(deployment, key)
    records = deployment.parts.main.audit(key)
    assert broken_at(records) is None, "the audit chain is broken"
    assert (connection.audit.sequence, connection.audit.hash) == (
        records[-1].sequence,
        records[-1].hash,
    ), "a change without its record"
    for before, after in pairwise(records):
        assert after.epoch >= before.epoch, "the epoch shrank"
        assert 0 <= after.generation - before.generation <= 1, "one answer counted twice"
    if connection.status is ConnectionStatus.REVOKED:
        assert connection.sealed_refresh is None
        assert connection.sealed_access is None
    else:
        good = deployment.sandbox_token(refresh_token(deployment, connection)) is not None
        assert good == (connection.status is ConnectionStatus.ACTIVE), "a refresh token was lost"
    assert_nothing_plain(deployment)


def assert_nothing_plain(deployment: Deployment) -> None:
    """Search all that is stored for every secret."""
    watch = Watch()
    for secret in deployment.sandbox.secrets():
        watch.know(secret["kind"], secret["value"])
    deployment.hear_stored(watch)
    assert watch.found() == []


def record(deployment: Deployment, key: ConnectionKey) -> Connection:
    """Return the connection as it stands."""
    snapshot = deployment.parts.main.read(key)
    assert snapshot is not None
    return snapshot.connection


def refresh_token(deployment: Deployment, connection: Connection) -> Secret:
    """Return the stored refresh token, open."""
    return deployment.credentials.open(connection).refresh_token


def works(deployment: Deployment, key: ConnectionKey) -> Token:
    """Fetch a token as an agent does; return what the provider knows of it: alive, and the person's."""
    token = deployment.manager.get_user_access_token(key.connector_type, key.user_email)
    known = deployment.sandbox_token(token.value)
    assert known is not None, "the token does not work"
    account = deployment.state.account(key.user_email)
    assert account is not None
    assert known.account == account.id, "the token is another person's"
    return known
