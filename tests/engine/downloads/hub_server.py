"""A server on this machine that speaks the hub's HTTP API, and can be as bad as a network is."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
from safetensors.numpy import save

SMALL = 2000  # bytes; what is larger is stored with its SHA-256, as Git LFS does


def weights(seed: int, size: int = 5000) -> bytes:
    """Return a real safetensors file of about so many bytes."""
    noise = np.random.default_rng(seed).integers(0, 256, size, np.uint8)
    return save({"weight": noise})


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Repository:
    files: dict[str, bytes]
    commit: str = "a" * 40
    licence: str = "apache-2.0"
    gated: bool = False
    private: bool = False
    stated: dict[str, dict[str, Any]] = field(default_factory=dict)  # in place of what is true


@dataclass
class HubServer:
    """What the server has, how it behaves, and what it was asked."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)  # outside of any repository, by path
    redirects: dict[str, str] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)  # of the next answers with bytes
    cut_after: list[int] = field(default_factory=list)  # bytes after which the next ones break
    hold: threading.Event | None = None  # a file stops at its half until this is set
    ranges: bool = True
    token: str = "hf_right"
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self, prefix: str = "") -> list[str]:
        return [path for path, _ in self.asked if path.startswith(prefix)]

    def requests(self, part: str) -> list[dict[str, str]]:
        return [headers for path, headers in self.asked if part in path]


@contextlib.contextmanager
def hub_server() -> Iterator[HubServer]:
    hub = HubServer()

    class Handler(_Handler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        if hub.hold is not None:
            hub.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    served: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        return

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        hub = self.served
        hub.asked.append((path, {name.lower(): said for name, said in self.headers.items()}))
        if path in hub.redirects:
            self._said(302, b"", {"location": hub.redirects[path]})
        elif path == "/api/models":
            told = {name: said[0] for name, said in parse_qs(parts.query).items()}
            word, author = told.get("search", "").lower(), told.get("author", "")
            names = [name for name in hub.repositories if word in name.lower()]
            self._json([{"id": name} for name in names if name.startswith(author)])
        elif path.startswith("/api/models/"):
            self._described(path.removeprefix("/api/models/"))
        elif "/resolve/" in path:
            self._resolved(*path[1:].split("/resolve/"))
        elif path in hub.files:
            self._file(hub.files[path], hub.headers.get(path, {}))
        else:
            self._said(404, b"")

    def _described(self, wanted: str) -> None:
        name, _, revision = wanted.partition("/revision/")
        found = self._repository(name)
        if found is None:
            return
        if revision not in ("", "main", found.commit, "refs/pr/41"):
            self._refused(404, "RevisionNotFound")
            return
        siblings = [_sibling(path, content) for path, content in found.files.items()]
        for sibling in siblings:
            sibling.update(found.stated.get(sibling["rfilename"], {}))
        card = {"license": found.licence}
        told = {"id": name, "sha": found.commit, "siblings": siblings, "cardData": card}
        self._json({**told, "gated": "auto" if found.gated else False, "tags": []})

    def _resolved(self, name: str, rest: str) -> None:
        found = self._repository(name)
        if found is None:
            return
        if found.gated and self.headers.get("authorization") != f"Bearer {self.served.token}":
            self._refused(401 if "authorization" not in self.headers else 403, "GatedRepo")
            return
        commit, _, path = rest.partition("/")
        if commit != found.commit or path not in found.files:
            self._refused(404, "EntryNotFound")
            return
        self._file(found.files[path], {"etag": f'"{sha256(found.files[path])}"'})

    def _repository(self, name: str) -> Repository | None:
        found = self.served.repositories.get(name)
        mine = self.headers.get("authorization") == f"Bearer {self.served.token}"
        if found is None or (found.private and not mine):
            self._refused(401, "RepoNotFound")
            return None
        return found

    def _file(self, content: bytes, headers: dict[str, str]) -> None:
        hub = self.served
        if hub.statuses:
            status = hub.statuses.pop(0)
            if status != 200:
                self._said(status, b"", {"retry-after": "0"})
                return
        begin, status = 0, 200
        asked = self.headers.get("range", "")
        fresh = self.headers.get("if-range") in (None, headers.get("etag"))
        if asked and hub.ranges and fresh:
            begin, status = int(asked.removeprefix("bytes=").rstrip("-")), 206
            last, whole = len(content) - 1, len(content)
            headers = {**headers, "content-range": f"bytes {begin}-{last}/{whole}"}
        self._said(status, content[begin:], headers)

    def _said(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        hub = self.served
        self.send_response(status)
        for name, said in (headers or {}).items():
            self.send_header(name, said)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if status in (200, 206) and hub.cut_after and len(body) > SMALL:
            self.wfile.write(body[: hub.cut_after.pop(0)])
            self.close_connection = True
            return
        with contextlib.suppress(ConnectionError):
            if hub.hold is not None and len(body) > SMALL:
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                hub.hold.wait()
                body = body[len(body) // 2 :]
            self.wfile.write(body)

    def _json(self, told: Any) -> None:
        self._said(200, json.dumps(told).encode(), {"content-type": "application/json"})

    def _refused(self, status: int, code: str) -> None:
        self._said(status, b"{}", {"x-error-code": code, "content-type": "application/json"})


def _sibling(path: str, content: bytes) -> dict[str, Any]:
    git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    told: dict[str, Any] = {"rfilename": path, "size": len(content), "blobId": git}
    if len(content) > SMALL:
        lfs = {"sha256": sha256(content), "size": len(content), "pointerSize": 130}
        told["lfs"] = lfs
    return told
