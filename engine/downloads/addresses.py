"""Which addresses downloads go to: public ones, and private ones that a setting names.

A page or a repository may say "go on at 169.254.169.254" and so make this machine ask its own
network what no stranger could. Therefore a name is resolved here, every address that it has is
looked at, and the connection is made to one of those and to no other: what a name means cannot
change between the look and the call.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from engine.errors import DownloadError

_EMBEDDED = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_PORTS = {"https": 443, "http": 80}

IP = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Reach:
    """Which hosts, `name` or `name:port`, may be reached without https and at private addresses."""

    hosts: frozenset[str] = frozenset()

    def trusts(self, address: str) -> bool:
        """Tell whether a setting names this address's host."""
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
        return host in self.hosts or f"{host}:{port_of(parts)}" in self.hosts


def origin(address: str) -> tuple[str, str, int]:
    """Return scheme, host and port: what a token is given to, and to nothing else."""
    parts = urlsplit(address)
    return parts.scheme, (parts.hostname or "").lower(), port_of(parts)


def port_of(parts: SplitResult) -> int:
    """Return an address's port; DownloadError for one that is no number."""
    try:
        return parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise DownloadError("address", f"The address names no usable port: {error}.") from error


def is_public(text: str) -> bool:
    """Tell whether an IP address is one of the open Internet, whatever it is wrapped in."""
    ip: IP = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _EMBEDDED:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def connection(address: str, reach: Reach, timeout_s: float) -> http.client.HTTPConnection:
    """Return a connection, not yet made, to the host of an address; DownloadError if not allowed.

    The environment's proxy is used for https where one is set.
    """
    parts = urlsplit(address)
    host, port, trusted = parts.hostname or "", port_of(parts), reach.trusts(address)
    if parts.scheme not in ("https", "http") or (parts.scheme == "http" and not trusted):
        raise DownloadError(
            "address",
            f"{parts.scheme}://{host} is not encrypted, so that nobody could tell what arrives; "
            "only https addresses are fetched.",
        )
    if parts.scheme == "http":
        return _Plain(host, port, timeout_s, trusted=True)
    proxy = None if trusted or proxy_bypass(host) else getproxies().get("https")
    if proxy is None:
        return _Encrypted(host, port, timeout_s, trusted=trusted)
    via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    _check_behind_proxy(host, port)
    tunnel = _Encrypted(via.hostname or "", via.port or 80, timeout_s, trusted=True)
    tunnel.set_tunnel(host, port)
    return tunnel


class _Plain(http.client.HTTPConnection):
    def __init__(self, host: str, port: int, timeout_s: float, *, trusted: bool) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._create_connection = _connector(trusted=trusted)


class _Encrypted(http.client.HTTPSConnection):
    def __init__(self, host: str, port: int, timeout_s: float, *, trusted: bool) -> None:
        super().__init__(host, port, timeout=timeout_s, context=_context())
        self._create_connection = _connector(trusted=trusted)


def _connector(*, trusted: bool) -> Any:  # noqa: ANN401 - a function of http.client's own shape
    def connected(
        place: tuple[str, int], timeout_s: float, source: tuple[str, int] | None = None
    ) -> socket.socket:
        addresses = _resolved(*place)
        if not trusted:
            _check(place[0], addresses)
        return _first(addresses, place[1], timeout_s, source)

    return connected


def _resolved(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def _check(host: str, addresses: list[str]) -> None:
    for address in addresses:
        if not is_public(address):
            raise DownloadError(
                "address",
                f"{host} is the address {address}, which belongs to this machine or its own "
                "network and not to the Internet; nothing was asked there. Where that is wanted, "
                "name the host in the setting download_hosts.",
            )


def _check_behind_proxy(host: str, port: int) -> None:
    """Refuse what this machine itself knows to be private; the rest is for the proxy to resolve."""
    try:
        addresses = _resolved(host, port)
    except OSError:
        return  # such machines often cannot resolve names of the Internet
    _check(host, addresses)


def _first(
    addresses: list[str], port: int, timeout_s: float, source: tuple[str, int] | None
) -> socket.socket:
    """Return a socket to the first address that answers; OSError of the last one where none."""
    for address in addresses[:-1]:
        try:
            return socket.create_connection((address, port), timeout_s, source)
        except OSError:
            continue
    return socket.create_connection((addresses[-1], port), timeout_s, source)


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"] and not context.get_ca_certs():
        import certifi  # some Pythons come without the system's certificates

        context.load_verify_locations(certifi.where())
    return context
