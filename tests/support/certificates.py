"""Key pairs with a certificate, as an operator makes them with openssl; drawn once, then the same."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from tests.plugins.no_secret_in_logs import remember


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A private key and its certificate, both as PEM."""

    key: rsa.RSAPrivateKey
    private: str = field(repr=False)
    certificate: str

    @property
    def pem(self) -> str:
        """Both in one text, as they are stored."""
        return self.private + self.certificate

    def thumbprint(self, alg: str) -> dict[str, str]:
        """The header that names the certificate beside an algorithm, as Microsoft documents the two."""
        name, algorithm = ("x5t#S256", SHA256()) if alg == "PS256" else ("x5t", SHA1())  # noqa: S303  # reason: it names, no more
        certificate = x509.load_pem_x509_certificate(self.certificate.encode())
        return {name: urlsafe_b64encode(certificate.fingerprint(algorithm)).decode().rstrip("=")}

    def sign(self, message: bytes) -> bytes:
        """Sign as Cloud KMS does with RSA_SIGN_PKCS1_2048_SHA256."""
        return self.key.sign(message, PKCS1v15(), SHA256())


@cache
def key_pair(name: str, *, until: int = 2040) -> KeyPair:
    """Return the pair of this name, good to the end of the year `until`."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    remember("private key", private.splitlines()[4])
    certificate = certificate_of(key, key.public_key(), name=name, until=until)
    return KeyPair(key=key, private=private, certificate=certificate)


def certificate_of(
    signer: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    *,
    name: str = "vault",
    until: int = 2040,
) -> str:
    """Return a certificate that holds this public key, signed by any key."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public_key)
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(until, 12, 31, tzinfo=UTC))
    )
    return built.sign(signer, SHA256()).public_bytes(Encoding.PEM).decode()
