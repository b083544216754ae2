"""Tricks that lead a server to where it must not look: none gets through."""

import ipaddress
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import address
from index.address import NOBODY, Allowed, is_public, judge, read_link
from index.errors import BadLink
from index.fetch import FetchLimits, fetch_picture
from tests.fakes import drawn_picture
from tests.picture_host import PictureHost, picture_host

PORT = "{port}"
SPELLINGS = [
    # this machine, spelled in every way that some parser understands
    "http://127.0.0.1:{port}/", "http://127.0.0.1.:{port}/", "http://127.1:{port}/",
    "http://127.0.1:{port}/", "http://2130706433:{port}/", "http://0x7f000001:{port}/",
    "http://0x7f.0x0.0x0.0x1:{port}/", "http://0x7F.1:{port}/", "http://017700000001:{port}/",
    "http://0177.0.0.1:{port}/", "http://0177.0.0.01:{port}/", "http://127.000.000.001:{port}/",
    "http://127.0.0.1%00.example.com:{port}/", "http://127.0.0.1%2f.example.com:{port}/",
    "http://127.0.0.1%23@example.com:{port}/", "http://127.255.255.254:{port}/",
    "http://0:{port}/", "http://0.0.0.0:{port}/", "http://0x0:{port}/", "http://00000000:{port}/",
    "http://4294967296:{port}/", "http://340282366920938463463374607431768211456:{port}/",
    # IPv6, and IPv4 inside of it
    "http://[::1]:{port}/", "http://[::]:{port}/", "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/", "http://[64:ff9b::127.0.0.1]:{port}/",
    "http://[64:ff9b:1::7f00:1]:{port}/", "http://[2002:7f00:1::]:{port}/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]:{port}/", "http://[fe80::1]:{port}/",
    "http://[fe80::1%25lo]:{port}/", "http://[::1%25lo]:{port}/", "http://[fc00::1]:{port}/",
    "http://[fd00:ec2::254]/", "http://[fec0::1]/", "http://[ff02::1]/",
    "http://[2001:db8::5efe:127.0.0.1]/", "http://[::ffff:0:127.0.0.1]/", "http://[::1/",
    "http://[v1.x]/", "http://[127.0.0.1]:{port}/",
    # who is asked is not who seems to be
    "http://example.com@127.0.0.1:{port}/", "http://example.com:80@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@example.com/", "http://127.0.0.1:{port}?@example.com/",
    "http://example.com\\@127.0.0.1:{port}/", "http:\\\\127.0.0.1:{port}\\",
    "http://127.0.0.1:{port}\t/", "http://127.0.0.1\n:{port}/", " http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\r\nHost: example.com/", "http://user:secret@example.com/",
    "http://@127.0.0.1:{port}/", "http:///127.0.0.1:{port}/", "http:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/", "http://127.0.0.1:{port}:80/", "http://127.0.0.1:99999/",
    "http://127.0.0.1:-1/", "http://127.0.0.1:0/",
    # letters that are folded into ASCII
    "http://①②⑦.⓪.⓪.①:{port}/", "http://127。0。0。1:{port}/", "http://１２７.０.０.１:{port}/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:{port}/", "http://local\u00adhost:{port}/", "http://127.0.0.1\u200b:{port}/",
    # names that lead inside
    "http://localhost:{port}/", "http://LOCALHOST:{port}/", "http://localhost.:{port}/",
    "http://inside.test:{port}/", "http://both.test:{port}/", "http://mapped.test:{port}/",
    "http://metadata.google.internal/", "http://inside.test.:{port}/",
    # the neighbours, and the cloud's metadata
    "http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.0.1/", "http://169.254.169.254/",
    "http://[::ffff:169.254.169.254]/", "http://0xa9fea9fe/", "http://2852039166/",
    "http://169.254.43518/", "http://0251.0376.0251.0376/", "http://100.64.0.1/",
    "http://100.100.100.200/", "http://168.63.129.16/", "http://192.0.0.192/",
    "http://198.18.0.1/", "http://224.0.0.1/", "http://239.255.255.250/", "http://240.0.0.1/",
    "http://255.255.255.255/", "http://192.0.2.1/", "http://203.0.113.5/",
    # other doors than a picture's
    "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:{port}/_GET", "dict://127.0.0.1/",
    "jar:http://127.0.0.1:{port}/", "data:image/png;base64,AAAA", "javascript:alert(1)",
    "http://example.com:22/", "http://example.com:25/", "http://example.com:6379/",
    "ldap://127.0.0.1/", "", "http://", "http:///", "https://.", "http://..", "http://-a-.test/",
]  # fmt: skip

NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "inside.test": ["192.168.7.7"],
    "both.test": ["8.8.8.8", "127.0.0.1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "outside.test": ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"],
}


def resolve(host: str, port: int) -> Sequence[str]:
    """Known names; any other leads straight to this machine, as an attacker's would."""
    return NAMES.get(host, ["127.0.0.1"])


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[PictureHost]:
    """A service of this machine that nobody may be led to, at a port that could be asked."""
    with picture_host() as host:
        host.shows("/", drawn_picture(1))
        host.shows("", drawn_picture(1))
        monkeypatch.setattr(address, "PORTS", address.PORTS | {host.port})
        yield host


def test_there_are_tricks_enough() -> None:
    assert len(set(SPELLINGS)) >= 100


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_trick_gets_through(spelling: str, secret: PictureHost) -> None:
    url = spelling.replace("{port}", str(secret.port))
    with pytest.raises(BadLink) as refused:
        fetch_picture(url, FetchLimits(total_s=60), resolve=resolve)
    assert refused.value.code in ("bad_address", "private_address", "unknown_host")
    assert secret.asked == []


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("status", [301, 307])
def test_no_redirect_gets_through_either(spelling: str, status: int, secret: PictureHost) -> None:
    url = spelling.replace("{port}", str(secret.port))
    if not url.isascii() or any(c in url for c in "\r\n") or "//" not in url.replace("\\", "/"):
        pytest.skip("no header can say it, or it leads back to the host itself")
    with picture_host() as friend:
        friend.sends_to("/start", url, status)
        limits = FetchLimits(total_s=60, allowed=Allowed.of([friend.name]))
        with pytest.raises(BadLink):
            fetch_picture(f"{friend.url}/start", limits, resolve=resolve)
    assert secret.asked == []


def test_a_name_that_changes_its_mind_is_connected_to_where_it_was_judged(
    secret: PictureHost,
) -> None:
    answers = iter([["203.0.114.1"], ["127.0.0.1"], ["127.0.0.1"]])
    with pytest.raises(BadLink) as refused:
        fetch_picture(
            f"http://rebind.test:{secret.port}/",
            FetchLimits(total_s=0.3),
            resolve=lambda host, port: next(answers),
        )
    assert refused.value.code in ("timeout", "connection")
    assert len(list(answers)) == 2  # asked once
    assert secret.asked == []


def test_a_name_that_changes_its_mind_between_redirects_is_judged_again(
    secret: PictureHost,
) -> None:
    with picture_host() as friend:
        friend.sends_to("/", f"http://rebind.test:{secret.port}/")
        allowed = Allowed.of([f"rebind.test:{friend.port}"])
        with pytest.raises(BadLink) as refused:
            fetch_picture(
                f"http://rebind.test:{friend.port}/", FetchLimits(allowed=allowed), resolve=resolve
            )
    assert refused.value.code == "private_address"
    assert secret.asked == []


@pytest.mark.parametrize(
    ("entries", "url"),
    [
        (["127.0.0.1:{port}"], "http://127.0.0.1:{port}/"),
        (["127.0.0.0/8"], "http://127.0.0.1:{port}/"),
        (["Pim.Test"], "http://pim.test.:{port}/"),
        (["pim.test:{port}", "other"], "http://PIM.test:{port}/"),
    ],
)
def test_an_operators_own_hosts_are_let_through(
    entries: list[str], url: str, secret: PictureHost
) -> None:
    allowed = Allowed.of([entry.replace("{port}", str(secret.port)) for entry in entries])
    found = fetch_picture(
        url.replace("{port}", str(secret.port)), FetchLimits(allowed=allowed), resolve=resolve
    )
    assert found.data == drawn_picture(1)


@pytest.mark.parametrize("entry", ["http://a.test", "a b", "a.test:port", "10.0.0.1/8/8", "*.test"])
def test_an_allow_list_that_says_nothing_sensible_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        Allowed.of([entry])


def test_a_public_link_is_resolved_and_asked_for_properly() -> None:
    found = judge(
        "HTTPS://outside.test:8443/p/Ä b.jpg?x=1&y=ü".replace(" ", "%20"), NOBODY, resolve
    )
    assert (found.host, found.port, found.authority) == ("outside.test", 8443, "outside.test:8443")
    assert found.target == "/p/%C3%84%20b.jpg?x=1&y=%C3%BC"
    assert found.ips == tuple(NAMES["outside.test"])
    assert (
        judge("https://bücher.test/", NOBODY, lambda h, p: ["8.8.8.8"]).host == "xn--bcher-kva.test"
    )


def test_a_name_without_an_address_is_told() -> None:
    with pytest.raises(BadLink) as refused:
        judge("http://nowhere.test/", NOBODY, lambda host, port: [])
    assert refused.value.code == "unknown_host"


@given(st.integers(0, 2**32 - 1))
def test_a_mapped_address_is_as_public_as_the_one_inside(number: int) -> None:
    ip = ipaddress.IPv4Address(number)
    for inside in (f"::ffff:{ip}", f"64:ff9b::{ip}"):
        assert is_public(ipaddress.IPv6Address(inside)) == is_public(ip)


@given(st.text(max_size=40))
def test_whatever_the_text_it_is_a_link_or_refused(text: str) -> None:
    for url in (text, f"http://{text}/", f"http://a.test/{text}"):
        try:
            found = read_link(url)
        except BadLink:
            continue
        assert found.target.startswith("/")
        assert found.target.isascii()
        assert not any(c.isspace() for c in found.target + found.host)
