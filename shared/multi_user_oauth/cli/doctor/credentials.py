"""Client secrets and certificates: stored, not about to end, and taken by the provider."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from multi_user_oauth.cli.doctor.findings import Check, Finding, Status, Theme, is_denied
from multi_user_oauth.errors import ConfigurationError, KeysUnavailableError
from multi_user_oauth.model import ENDS_SOON, ConnectorType, Provider, Secret, is_signing

if TYPE_CHECKING:
    from multi_user_oauth.cli.doctor.bench import Bench
    from multi_user_oauth.providers.error_answer import ErrorAnswer

CHECK: Final = "client credential"
NEW_ONE: Final = {
    Provider.MICROSOFT: (
        "Entra admin center, App registrations, the application, Certificates & secrets: New client "
        "secret. Store its Value (not its Secret ID) under the name {name}, first in the list."
    ),
    Provider.GOOGLE: (
        "Google Cloud console, Google Auth Platform, Clients, the client: Add secret. Store it under the "
        "name {name}, first in the list."
    ),
}
NO_OUTAGE: Final = " Step by step, without an outage: docs/connector-types.md#client-credentials."
FORMS: Final = "docs/connector-types.md#client-credentials says in which forms they are stored."
EXPIRED: Final = frozenset({7000222, 1000502})
CODE_REFUSED: Final = frozenset({"invalid_grant", "redirect_uri_mismatch"})
"""The credential passed; whether the redirect URI is registered is spoken of by itself."""
ORDER: Final = ("the newest", "the one before")


def credential_checks(bench: "Bench") -> Iterator[Check]:
    """Yield one check for each type."""
    for each in bench.types:
        yield Check(Theme(CHECK, each.name), partial(_credentials, bench, each))


def _credentials(bench: "Bench", connector_type: ConnectorType) -> Iterator[Finding]:
    theme = Theme(CHECK, connector_type.name)
    yield from _written_end(bench, connector_type)
    name = connector_type.client_secret_name
    mend = f"Store the application's credential under the name {name}." + NO_OUTAGE
    try:
        secrets = bench.parts().client_secrets.get(name)
    except ConfigurationError as error:
        yield theme.error(error, FORMS)
        return
    except KeysUnavailableError as error:
        # A plain one is a no; its heirs say that the place did not answer.
        missing = type(error) is KeysUnavailableError and not is_denied(f"{error}")
        yield theme.bad(f"{error}", mend) if missing else theme.error(error, mend)
        return
    for place, secret in zip(ORDER, secrets, strict=False):
        told = Theme(CHECK, f"{connector_type.name}, {place}" if secrets[1:] else theme.subject)
        if is_signing(secret):
            yield from _certificate(bench, told, secret)
        yield from _tried(bench, told, connector_type, secret)


def _written_end(bench: "Bench", connector_type: ConnectorType) -> Iterator[Finding]:
    day, theme = connector_type.client_secret_expires, Theme(CHECK, connector_type.name)
    mend = _new(connector_type) + " Then write its last day into client_secret_expires."
    if day is None:
        if connector_type.provider is Provider.MICROSOFT and not bench.sandboxed:
            what = "client_secret_expires is not written down, and Microsoft's credentials all end"
            mend = "Write the day that Certificates & secrets shows: it is then told in time."
            yield theme.bad(what, mend, status=Status.WARNING)
        return
    yield _end(bench, theme, datetime.combine(day, time(), UTC), "client_secret_expires", mend)


def _end(bench: "Bench", theme: Theme, end: datetime, what: str, mend: str) -> Finding:
    left = end - bench.world.now()
    if left <= timedelta():
        return theme.bad(f"{what}: it ended on {end:%Y-%m-%d}", mend)
    said = f"{what}: it ends on {end:%Y-%m-%d}, in {left.days} days"
    return theme.bad(said, mend, status=Status.WARNING) if left <= ENDS_SOON else theme.ok(said)


def _certificate(bench: "Bench", theme: Theme, secret: Secret) -> Iterator[Finding]:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA1

    from multi_user_oauth.providers.client_credentials import signing_credential

    mend = "Make a new certificate, and upload it before you store it." + NO_OUTAGE
    try:
        credential = signing_credential(secret, bench.parts().signer)
        certificate = x509.load_pem_x509_certificate(credential.certificate.encode())
    except (KeysUnavailableError, ConfigurationError) as error:
        yield theme.bad(f"{error}", mend)
        return
    except ValueError:  # its text may quote the certificate
        yield theme.bad("the certificate can not be read", mend)
        return
    thumbprint = certificate.fingerprint(SHA1()).hex().upper()  # noqa: S303  # reason: Entra names it so
    what = f"the certificate with thumbprint {thumbprint}"
    yield _end(bench, theme, certificate.not_valid_after_utc, what, mend)


def _tried(
    bench: "Bench", theme: Theme, connector_type: ConnectorType, secret: Secret
) -> Iterator[Finding]:
    """Send it with a made-up code, as the functions send a real one."""
    from multi_user_oauth.http.paths import redirect_uri
    from multi_user_oauth.providers.probing import credential_answer

    uri = redirect_uri(bench.settings.public_origin, connector_type.provider)
    try:
        clients = bench.flow(connector_type.provider, secret).prepare(connector_type).clients
    except (KeysUnavailableError, ConfigurationError) as error:
        yield theme.bad(f"it can not be used: {error}", FORMS)
        return
    yield _judged(theme, connector_type, credential_answer(clients, uri, bench.world.draw))


def _judged(theme: Theme, connector_type: ConnectorType, answer: "ErrorAnswer") -> Finding:
    said = answer.error + "".join(f", AADSTS{number}" for number in answer.codes)
    if answer.error == "invalid_client":
        ended = EXPIRED.intersection(answer.codes)
        what = "it has ended" if ended else "the provider does not know it for this client_id"
        return theme.bad(f"{what} ({said})", _new(connector_type))
    if answer.error in CODE_REFUSED:
        return theme.ok("not refused: with a made-up code, only the code is")
    mend = f"Compare `client_id` and `tenants` of {connector_type.name} with the provider's pages."
    return theme.bad(f"the provider refuses the application ({said})", mend)


def _new(connector_type: ConnectorType) -> str:
    page = NEW_ONE[connector_type.provider].format(name=connector_type.client_secret_name)
    return page + NO_OUTAGE
