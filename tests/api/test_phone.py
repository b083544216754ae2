"""The demo on a phone: an address, a certificate that fits it, a QR code that can be read."""

import socket
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from api.patience import Patient
from api.phone import DAYS, Certificate, find_certificate, local_address, make_certificate, qr_code
from tests.door_server import served_app

NOW = datetime.now(UTC)
ADDRESS = "192.168.7.20"


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path / "phone", ADDRESS, NOW)


def test_the_certificate_is_kept_until_it_ends_or_the_address_is_another(
    certificate: Certificate, tmp_path: Path
) -> None:
    folder = tmp_path / "phone"
    assert find_certificate(folder, ADDRESS, NOW) == certificate
    assert find_certificate(folder, "192.168.7.21", NOW) is None
    assert find_certificate(folder, ADDRESS, NOW + timedelta(days=DAYS - 3)) is None
    certificate.key.write_text("damaged", "utf-8")
    assert find_certificate(folder, ADDRESS, NOW) is None
    assert find_certificate(tmp_path / "none", ADDRESS, NOW) is None


def test_only_its_owner_reads_the_key(certificate: Certificate) -> None:
    assert stat.S_IMODE(certificate.key.stat().st_mode) == 0o600


def test_a_browser_that_trusts_the_certificate_is_served_over_https(
    certificate: Certificate,
) -> None:
    async def hello(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello " + scope["scheme"].encode()})

    options = {
        "http": Patient, "lifespan": "off", "log_level": "error",
        "ssl_certfile": certificate.chain, "ssl_keyfile": certificate.key,
    }  # fmt: skip
    trust = ssl.create_default_context(cafile=str(certificate.chain))
    with (
        served_app(hello, **options) as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
        trust.wrap_socket(plain, server_hostname=ADDRESS) as phone,
    ):
        phone.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: phone.recv(4096), b""))
    assert b"hello https" in answer


def test_the_code_in_the_terminal_reads_as_the_address() -> None:
    url = "https://192.168.7.20:8000"
    upper = {" ": 0, "▄": 0, "▀": 255, "█": 255}
    lower = {" ": 0, "▀": 0, "▄": 255, "█": 255}
    rows = []
    for line in qr_code(url).splitlines():
        rows += [[upper[c] for c in line], [lower[c] for c in line]]
    picture = np.kron(np.array(rows, np.uint8), np.ones((8, 8), np.uint8))
    text, *_ = cv2.QRCodeDetector().detectAndDecode(cv2.copyMakeBorder(
        picture, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=255))  # fmt: skip
    assert text == url


def test_this_machine_has_an_address() -> None:
    try:
        found = local_address()
    except OSError as none:
        pytest.skip(str(none))
    assert socket.inet_aton(found)
