"""What it takes to open the demo on a phone: the address in the local network, a certificate that
the machine makes for itself, and a QR code in the terminal.

Browsers install a page and open a camera in it only over https. The phone warns once that it does
not know who made the certificate; nobody but this machine holds its key.
"""

import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

DAYS: Final = 90  # Apple's devices accept up to 825
RENEWED_BEFORE_DAYS: Final = 7
SOMEWHERE: Final = ("192.0.2.1", 9)  # RFC 5737: nobody's; nothing is sent there
MISSING: Final = (
    "--phone needs `pip install 'vistazo[phone]'`; `make demo PHONE=1` does that by itself."
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Where a certificate and its key lie."""

    chain: Path
    key: Path


def local_address() -> str:
    """This machine's address in its network; raises OSError where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(SOMEWHERE)  # only chooses a way; a datagram socket sends nothing yet
        except OSError as error:
            raise OSError("This machine is in no network that a phone could be in.") from error
        return str(probe.getsockname()[0])


def find_certificate(folder: Path, address: str, now: datetime) -> Certificate | None:
    """The certificate in `folder`, if it is for `address` and goes on for some days."""
    found = Certificate(folder / "certificate.pem", folder / "key.pem")
    try:
        from cryptography import x509

        held = x509.load_pem_x509_certificate(found.chain.read_bytes())
        names = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(found.chain, found.key)
    except ImportError as absent:
        raise OSError(MISSING) from absent
    except (OSError, ValueError):  # none yet, or none that can be used: another is made
        return None
    known = names.get_values_for_type(x509.IPAddress)
    fresh = held.not_valid_after_utc - now > timedelta(days=RENEWED_BEFORE_DAYS)
    return found if fresh and ipaddress.ip_address(address) in known else None


def make_certificate(folder: Path, address: str, now: datetime) -> Certificate:
    """A new certificate for `address` and this machine itself; raises OSError."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID
    except ImportError as absent:
        raise OSError(MISSING) from absent
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Vistazo demo")])
    hosts = dict.fromkeys(map(ipaddress.ip_address, (address, "127.0.0.1")))
    names = [*map(x509.IPAddress, hosts), x509.DNSName("localhost")]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    chain = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_secret(made.key, secret)
    made.chain.write_bytes(chain)
    return made


def certificate_for(folder: Path, address: str) -> Certificate:
    """The certificate in `folder` for `address`, made where there is none."""
    now = datetime.now(UTC)
    return find_certificate(folder, address, now) or make_certificate(folder, address, now)


def qr_code(text: str) -> str:
    """`text` as a QR code of half blocks, for a terminal, dark or light; raises OSError."""
    try:
        import segno
    except ImportError as absent:
        raise OSError(MISSING) from absent
    quiet = 2
    rows = [list(row) for row in segno.make(text, error="m").matrix_iter(border=quiet)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    blocks = {(1, 1): " ", (1, 0): "▄", (0, 1): "▀", (0, 0): "█"}  # light modules are drawn
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join(
        "".join(blocks[bool(upper), bool(lower)] for upper, lower in zip(above, below, strict=True))
        for above, below in pairs
    )


def _write_secret(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
