"""Which addresses of the network may be asked for a picture, and which must never be.

A shop's server stands inside networks that a stranger's link must not reach: its own machine, the
neighbours, the cloud's metadata. Promise: whatever a link's spelling, only http and https to public
addresses is let through, unless the operator named the host; and the address that was judged is the
one that is connected to, so a name that answers differently a moment later gains nothing.

Sources: RFC 6890 and the IANA special-purpose registries; WHATWG URL, "ends in a number".
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from index.errors import BadLink

URL_MAX_CHARS = 2_048
PORTS = frozenset((80, 443, 8080, 8443))
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
HOST = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(\.{LABEL})*\Z")
NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z")
Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

# What ipaddress calls global and is none of a stranger's business all the same.
FORBIDDEN = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
        "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's host, a public address that only its machines reach
        "::/96", "fec0::/10", "100::/64", "2001::/23", "3fff::/20", "5f00::/16",
    )
)  # fmt: skip
NAT64 = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96",)))
NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts that the operator named: "pim.example" (any port), "pim.example:9000", "10.1.2.0/24".

    They may lie at private addresses. Raises ValueError for what is none of these.
    """

    names: frozenset[str] = frozenset()
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    @classmethod
    def of(cls, entries: Sequence[str]) -> "Allowed":
        """The hosts in `entries`, blanks aside."""
        names, networks = set(), []
        for entry in (e.strip().casefold().rstrip(".") for e in entries):
            if not entry:
                continue
            try:
                networks.append(ipaddress.ip_network(entry))
                continue
            except ValueError:
                pass
            host, _, port = entry.partition(":")
            if not HOST.match(host) or (port and not port.isdigit()):
                raise ValueError(f"{entry!r} is neither a host, nor host:port, nor a network")
            names.add(entry)
        return cls(frozenset(names), tuple(networks))

    def names_host(self, host: str, port: int) -> bool:
        """Whether the operator named this host."""
        return host in self.names or f"{host}:{port}" in self.names

    def holds(self, ip: Ip) -> bool:
        """Whether the address lies in a network that the operator named."""
        return any(ip.version == net.version and ip in net for net in self.networks)


NOBODY = Allowed()


@dataclass(frozen=True, slots=True)
class Target:
    """A judged link: how to ask (`host` for names and certificates, `target` for the request line),
    and the `ips` to connect to, each of them judged."""

    url: str
    scheme: str
    host: str
    port: int
    target: str
    ips: tuple[str, ...] = field(default=())

    @property
    def authority(self) -> str:
        """The Host header."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        return shown if self.port == usual else f"{shown}:{self.port}"


def judge(url: str, allowed: Allowed = NOBODY, resolve: Resolve | None = None) -> Target:
    """The link, resolved to addresses that may be connected to. Blocks for the name server.

    Raises BadLink: `bad_address` for what is no proper link, `unknown_host` for a name without an
    address, `private_address` for one that leads to where nobody may look.
    """
    target = read_link(url, allowed)
    if _as_ip(target.host) is not None:
        found: Sequence[str] = [target.host]
    else:
        found = (resolve or resolve_host)(target.host, target.port)
    if not found:
        raise BadLink(url, "unknown_host", f"{target.host} has no address")
    named = allowed.names_host(target.host, target.port)
    for address in found:  # one bad one among many is a trick, or will be
        require_public(url, address, allowed, named=named)
    return Target(target.url, target.scheme, target.host, target.port, target.target, tuple(found))


def require_public(url: str, address: str, allowed: Allowed, *, named: bool) -> None:
    """Raise BadLink unless `address` is public, or the operator's own."""
    ip = _as_ip(address.partition("%")[0])
    if ip is None or not (named or allowed.holds(ip) or is_public(ip)):
        raise BadLink(
            url,
            "private_address",
            "it leads to an address that is not public; an operator can allow hosts of his own "
            "with VISTAZO_FETCH_HOSTS",
        )


def is_public(ip: Ip) -> bool:
    """Whether strangers may be led to this address; addresses that carry another are judged by it
    as well."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in NAT64_LOCAL or ip.scope_id:
            return False
        inner = ip.ipv4_mapped or ip.sixtofour or _behind_nat64(ip) or _isatap(ip)
        if inner is not None:
            return is_public(inner)
        if ip.teredo is not None:
            return False
    if any(ip.version == block.version and ip in block for block in FORBIDDEN):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def read_link(url: str, allowed: Allowed = NOBODY) -> Target:
    """The link taken apart, its host's spelling judged; nothing is resolved. Raises BadLink."""
    if len(url) > URL_MAX_CHARS:
        raise BadLink(url, "bad_address", f"it is longer than {URL_MAX_CHARS:,} characters")
    if any(c.isspace() or not c.isprintable() for c in url) or "\\" in url:
        raise BadLink(url, "bad_address", "it holds blanks, control characters or a backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as strange:
        raise BadLink(url, "bad_address", "it is no link") from strange
    scheme = parts.scheme.casefold()
    if scheme not in ("http", "https"):
        raise BadLink(url, "bad_address", "it begins with neither http:// nor https://")
    if "@" in parts.netloc:
        raise BadLink(url, "bad_address", "it holds a user's name or a password")
    host = _read_host(url, parts)
    port = (443 if scheme == "https" else 80) if port is None else port
    if port not in PORTS and not allowed.names_host(host, port) and not _allowed_ip(host, allowed):
        raise BadLink(url, "bad_address", f"port {port} is not asked for pictures")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?[]')}" if parts.query else ""
    return Target(url, scheme, host, port, path + query)


def join(base: Target, location: str) -> str:
    """Where a redirect from `base` leads. Raises BadLink."""
    try:
        return urljoin(base.url, location)
    except ValueError as strange:
        raise BadLink(base.url, "bad_address", "its redirect is no link") from strange


def resolve_host(host: str, port: int) -> list[str]:
    """The addresses of a name, IPv4 first; [] if it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _read_host(url: str, parts: SplitResult) -> str:
    """The host in lower case ASCII; an address in its one canonical spelling."""
    raw = parts.hostname or ""
    if parts.netloc.startswith("["):
        ip = _as_ip(raw)
        if ip is None or ip.version != 6 or "%" in raw:
            raise BadLink(url, "bad_address", "its host is no IPv6 address")
        return str(ip)
    try:
        # the codec folds what looks like ASCII (full-width letters, circled digits) into it
        host = raw.encode("idna").decode("ascii").casefold() if not raw.isascii() else raw
    except UnicodeError as strange:
        raise BadLink(url, "bad_address", "its host is no name") from strange
    host = host.removesuffix(".")
    if not HOST.match(host):
        raise BadLink(url, "bad_address", "its host is no name")
    if NUMBER.match(host.rsplit(".", 1)[-1]):  # it is meant as an IPv4 address
        ip = _as_ip(host)
        if ip is None or str(ip) != host:
            raise BadLink(url, "bad_address", "its host is an address in an unusual spelling")
    return host


def _allowed_ip(host: str, allowed: Allowed) -> bool:
    ip = _as_ip(host)
    return ip is not None and allowed.holds(ip)


def _as_ip(text: str) -> Ip | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _behind_nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if any(ip in block for block in NAT64):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def _isatap(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if (int(ip) >> 32) & 0xFDFFFFFF == 0x00005EFE:  # RFC 5214: ::[02]00:5efe:a.b.c.d
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None
