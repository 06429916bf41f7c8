"""What strangers send: pages in the painter's browser, and pictures that are bombs."""

from __future__ import annotations

import http.client
import json
import struct
import tempfile
import threading
import time
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path

from bridge.cli.bench.rows import Figure, Goal, figure
from bridge.cli.bench.scene import Bridge, a_bridge, check, resident
from bridge.wire.messages import SUBPROTOCOL

EVIL = "evil.example"
_GENERATE, _SOCKET, _HISTORY = "/v1/images/generations", "/v1/socket", "/v1/models"
_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": SUBPROTOCOL,
}
_TEXT = {"Content-Type": "text/plain"}
# Method, path, headers; in the order of the list of what ComfyUI 0.33 lets through (five of them).
PAGES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("POST", _GENERATE, {"Origin": "https://" + EVIL, **_TEXT}),
    ("POST", _GENERATE, {"Origin": "null", **_TEXT}),
    ("POST", _GENERATE, {"Origin": "null", "Sec-Fetch-Site": "cross-site", **_TEXT}),
    ("POST", _GENERATE, {"Host": EVIL, "Origin": "http://" + EVIL, **_TEXT}),
    ("GET", _HISTORY, {"Host": EVIL}),
    ("POST", _GENERATE, {"Origin": "http://localhost:3000", **_TEXT}),
    ("GET", _SOCKET, {"Origin": "https://" + EVIL, **_UPGRADE}),
    ("GET", _SOCKET, {"Origin": "null", **_UPGRADE}),
    ("GET", _SOCKET, {"Host": EVIL, "Origin": "http://" + EVIL, **_UPGRADE}),
)
BOMB_SIDE = 13_000  # 169 megapixels


def browser(runs: int) -> Iterator[Figure]:
    """Yield how many of nine requests that a hostile page can make succeed.

    They carry the right token: what is held against them is where they come from.
    """
    with tempfile.TemporaryDirectory() as folder, a_bridge(Path(folder)) as bridge:
        counts = [float(sum(_succeeds(bridge, *page) for page in PAGES)) for _ in range(runs)]
    yield figure(
        f"hostile browser requests that succeed, of {len(PAGES)}", "", counts, Goal(0, comfyui="5")
    )


def _succeeds(bridge: Bridge, method: str, path: str, headers: dict[str, str]) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", bridge.port, timeout=30)
    body = json.dumps({"prompt": "a moon"}) if method == "POST" else None
    sent = {"Authorization": f"Bearer {bridge.connection.token}", **headers}
    try:
        connection.request(method, path, body, sent)
        return connection.getresponse().status < 400
    finally:
        connection.close()


def bomb(runs: int) -> Iterator[Figure]:
    """Yield how soon a small PNG of 169 megapixels is refused, and what memory it took.

    Memory is of the bridge and of the process that decodes, at its highest, above what they held
    after an ordinary picture.
    """
    png = png_of(BOMB_SIDE, BOMB_SIDE)
    times, growth = [], []
    with tempfile.TemporaryDirectory() as folder, a_bridge(Path(folder)) as bridge:
        small = png_of(8, 8)
        for _ in range(3):
            _edited(bridge, small)  # starts the process that decodes, and loads its library
        for _ in range(runs):
            with _Watched(bridge) as watched:
                began = time.perf_counter()
                status = _edited(bridge, png)
                times.append((time.perf_counter() - began) * 1000)
            growth.append(watched.growth)
            check(status in (400, 413), f"the bomb was answered with {status}")
    goal = Goal(20)
    what = f"PNG of {len(png) // 1000} KB with 169 megapixels"
    yield figure(f"{what}: refused", "ms", times, goal)
    yield figure(f"{what}: memory", "MB", growth, Goal(20, comfyui="5,000 MB"))


class _Watched:
    """Looks at the memory of a bridge and its children as often as it can."""

    def __init__(self, bridge: Bridge) -> None:
        self._pids = [bridge.pid, *bridge.children()]
        self._before = self._now()
        self.growth = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _now(self) -> float:
        return sum(resident(pid) or 0.0 for pid in self._pids)

    def _look(self) -> None:
        self.growth = max(self.growth, self._now() - self._before)

    def _run(self) -> None:
        while not self._over.wait(0.001):
            self._look()

    def __enter__(self) -> _Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._look()
        self._over.set()
        self._thread.join()


def _edited(bridge: Bridge, image: bytes) -> int:
    """Ask for a variation of an image; return the answer's status."""
    boundary = uuid.uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    body = head.encode() + image + f"\r\n--{boundary}--\r\n".encode()
    connection = http.client.HTTPConnection("127.0.0.1", bridge.port, timeout=60)
    headers = {
        "Authorization": f"Bearer {bridge.connection.token}",
        "Content-Type": f"multipart/form-data; boundary={boundary}",
    }
    try:
        connection.request("POST", "/v1/images/variations", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def png_of(width: int, height: int) -> bytes:
    """Return a valid RGB PNG, all black, made row by row: 169 megapixels take half a megabyte."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * width)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
