"""Which addresses are public, and that nothing else is connected to."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from engine.downloads.addresses import Reach, connection, is_public, origin
from engine.errors import DownloadError


@pytest.mark.parametrize("ip", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::808:808"])
def test_the_open_internet_is_public(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - compared, not bound
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "2002:c0a8:101::",
    ],
)
def test_the_own_machine_and_network_are_not_however_they_are_written(ip: str) -> None:
    assert not is_public(ip)


def resolving(monkeypatch: pytest.MonkeyPatch, *ips: str) -> list[tuple[str, int]]:
    """Have every name mean these addresses; return where connections went."""
    connected: list[tuple[str, int]] = []

    def resolved(_host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ips]

    def connect(place: tuple[str, int], *_: Any) -> socket.socket:
        connected.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    monkeypatch.setattr(socket, "create_connection", connect)
    return connected


def test_a_name_that_means_a_private_address_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = resolving(monkeypatch, "8.8.8.8", "127.0.0.1")
    with pytest.raises(DownloadError, match=r"is the address 127\.0\.0\.1") as caught:
        connection("https://rebound.example/x", Reach(), 5).connect()
    assert caught.value.reason == "address"
    assert connected == []


def test_what_was_looked_at_is_what_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = resolving(monkeypatch, "8.8.8.8", "8.8.4.4")
    with pytest.raises(ConnectionRefusedError):
        connection("https://good.example/x", Reach(), 5).connect()
    assert connected == [("8.8.8.8", 443), ("8.8.4.4", 443)], "addresses, not the name"


def test_a_host_that_a_setting_names_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = resolving(monkeypatch, "10.0.0.5")
    for hosts in ({"mirror.lan"}, {"mirror.lan:8080"}):
        with pytest.raises(ConnectionRefusedError):
            connection("http://mirror.lan:8080/x", Reach(frozenset(hosts)), 5).connect()
    with pytest.raises(DownloadError):
        connection("https://mirror.lan/x", Reach(frozenset({"mirror.lan:8080"})), 5).connect()
    assert connected == [("10.0.0.5", 8080)] * 2


def test_plain_http_is_for_hosts_that_a_setting_names() -> None:
    with pytest.raises(DownloadError, match="only https"):
        connection("http://example.com/x", Reach(), 5)
    with pytest.raises(DownloadError, match="port"):
        connection("https://example.com:port/x", Reach(), 5)


def test_a_proxy_is_asked_for_what_is_not_known_to_be_private(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.lan:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    connected = resolving(monkeypatch, "8.8.8.8")
    through = connection("https://good.example/x", Reach(), 5)
    assert (through.host, through.port) == ("proxy.lan", 3128)
    resolving(monkeypatch, "192.168.0.1")
    with pytest.raises(DownloadError, match="its own network"):
        connection("https://rebound.example/x", Reach(), 5)
    assert connected == []


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin("https://Example.com/x") == origin("https://example.com:443/y")
    assert origin("https://example.com") != origin("http://example.com")
    assert origin("https://example.com") != origin("https://example.com:8443")
