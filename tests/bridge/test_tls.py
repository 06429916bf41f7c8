"""Encrypted connections: whom a client trusts, and what it says to those it does not."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from bridge.errors import ListenError
from bridge.server import Parts, Ready, running
from bridge.settings import Settings
from bridge.tls import CERTIFICATE, KEY, given, own
from bridge.wire.client import Client
from bridge.wire.connection import Connection, parse_connection, read_connection
from bridge.wire.errors import UNTRUSTED, RejectedError, UnreachableError
from bridge.wire.messages import VERSION, Finished, Hello
from bridge.wire.trust import fingerprint_of
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER, a_submit, connect, new_id, paint


@contextmanager
def encrypted(settings: Settings, **changes: Any) -> Iterator[Ready]:
    parts = Parts(InlineWorker(FlatPainter()), offer=OFFER)
    with running(settings.model_copy(update=changes), parts) as ready:
        yield ready


def opened(connection: Connection) -> Client:
    return Client.open(connection, Hello(VERSION, "test", new_id()))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> dict[str, Path]:
    """A studio's own certificate for localhost, and its key."""
    issued = authority.issue_cert("localhost")
    paths = {"tls_certificate": tmp_path / "chain.pem", "tls_key": tmp_path / "key.pem"}
    chain = b"".join(part.bytes() for part in issued.cert_chain_pems)
    paths["tls_certificate"].write_bytes(chain)
    issued.private_key_pem.write_to_path(str(paths["tls_key"]))
    return paths


def test_a_bridge_with_its_own_certificate_is_reached_by_the_connection_file(
    settings: Settings,
) -> None:
    with encrypted(settings, tls=True) as ready:
        connection = read_connection(ready.connection_file)
        assert connection.url.startswith("wss://127.0.0.1:")
        with connect(ready) as client:
            assert isinstance(paint(client, a_submit())[-1], Finished)
        key = settings.state_dir / KEY
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with encrypted(settings, tls=True) as ready:
        again = read_connection(ready.connection_file)
        assert again.fingerprint == connection.fingerprint, "paired clients still know it"


def test_a_bridge_that_encrypts_does_not_answer_in_the_clear(settings: Settings) -> None:
    with encrypted(settings, tls=True) as ready:
        connection = read_connection(ready.connection_file)
        with pytest.raises(UnreachableError):
            opened(replace(connection, url=connection.url.replace("wss:", "ws:")))


def test_the_studio_s_certificate_is_trusted_by_its_authority_and_its_name(
    settings: Settings, files: dict[str, Path], authority: trustme.CA
) -> None:
    pem = authority.cert_pem.bytes().decode()
    with encrypted(settings, **files) as ready:
        pinned = read_connection(ready.connection_file)
        url = pinned.url.replace("127.0.0.1", "localhost")
        trusting = replace(pinned, fingerprint="", authority=pem, url=url)
        with opened(trusting) as client:
            assert isinstance(paint(client, a_submit())[-1], Finished)
        with pytest.raises(RejectedError, match="not trusted") as refused:
            opened(replace(trusting, url=pinned.url))  # it has no such name
        assert refused.value.code == UNTRUSTED
        with pytest.raises(RejectedError, match="mahlstick pair"):
            opened(replace(trusting, authority=""))  # the system knows no such authority


def test_somebody_else_s_certificate_is_told_nothing(tmp_path: Path) -> None:
    theirs, ours = own(tmp_path / "theirs", []), own(tmp_path / "ours", [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(theirs.certificate, theirs.key)
    heard: list[bytes] = []

    def answer(listener: socket.socket) -> None:
        taken, _ = listener.accept()
        with taken, context.wrap_socket(taken, server_side=True) as secure:
            try:
                heard.append(secure.recv(1000))
            except OSError:
                heard.append(b"")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        url = f"wss://127.0.0.1:{listener.getsockname()[1]}/v1/socket"
        with pytest.raises(RejectedError, match="not the one that was pinned") as refused:
            opened(Connection(url, "the token", fingerprint=ours.fingerprint))
        thread.join(60)
    assert refused.value.code == UNTRUSTED
    assert heard == [b""]


def test_what_is_no_certificate_with_its_key_is_a_sentence(
    files: dict[str, Path], tmp_path: Path
) -> None:
    found = given(files["tls_certificate"], files["tls_key"])
    text = files["tls_certificate"].read_text()
    leaf = text[: text.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----"
    assert found.fingerprint == fingerprint_of(ssl.PEM_cert_to_DER_cert(leaf))
    other = own(tmp_path / "other", ["studio.local:8765", "192.168.1.2", "[fe80::1]:8765"])
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("not a certificate")
    for certificate, key in (
        (files["tls_certificate"], other.key),
        (nonsense, files["tls_key"]),
        (tmp_path / "missing.pem", files["tls_key"]),
    ):
        with pytest.raises(ListenError, match="unencrypted key as PEM"):
            given(certificate, key)


def test_a_certificate_without_its_key_is_refused(
    settings: Settings, files: dict[str, Path]
) -> None:
    with pytest.raises(ListenError, match="belong together"):
        with encrypted(settings, tls_certificate=files["tls_certificate"]):
            pass
    assert not (settings.state_dir / CERTIFICATE).exists()


@pytest.mark.parametrize("wrong", ["ab", "G" * 64, "a" * 63 + "\n", 5])
def test_a_damaged_fingerprint_is_told(wrong: object) -> None:
    import json

    text = json.dumps({"url": "wss://x", "token": "t", "fingerprint": wrong})
    with pytest.raises(ValueError, match="fingerprint"):
        parse_connection(text.encode())
