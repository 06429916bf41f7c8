"""A bridge that plays a part: the real wire and a painter's gradient instead of a model.

For what a real bridge does too seldom or too fast to be tested with: failures in mid-job,
refusals, a pace of its own. It listens on a thread of the test's process.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol

from bridge.wire.codec import decode, encode
from bridge.wire.limits import MAX_MESSAGE_BYTES
from bridge.wire.messages import (
    SUBPROTOCOL,
    VERSION,
    Accepted,
    Cancel,
    Cancelled,
    Extension,
    Failed,
    Finished,
    Hello,
    Keep,
    Limits,
    Message,
    ModelInfo,
    Painted,
    Picture,
    Preview,
    Rect,
    Started,
    Submit,
    Welcome,
)

Pixels = NDArray[np.uint8]
TOKEN = "a-token-of-a-test"
WELCOME = Welcome(
    version=VERSION,
    server="scripted bridge",
    limits=Limits(MAX_MESSAGE_BYTES, 8192, 16, 500, 8),
    models=[ModelInfo("gradient", "none", 64, 64, 8, 1.0, "straight")],
    samplers=["straight"],
    schedules=["even"],
)


@dataclass(frozen=True)
class Script:
    """What happens to a job."""

    steps: int = 8
    step_s: float = 0.05
    fail_at: int | None = None  # this step ends the job with a sentence; 0 = before it began
    vanish_at: int | None = None  # this step ends the connection


@dataclass
class Part:
    """What the bridge does, by the job's prompt, and what it has heard and sent."""

    scripts: Mapping[str, Script] = field(default_factory=dict)
    heard: list[Message] = field(default_factory=list)
    results: dict[int, Picture] = field(default_factory=dict)  # of the newest job
    painted: dict[str, Pixels] = field(default_factory=dict)  # the best one, by prompt
    sent_at: dict[int, float] = field(default_factory=dict)  # the machine's clock, by `seq`
    named: int = 0  # pictures that came by their hash only
    _pictures: dict[str, bytes] = field(default_factory=dict)  # by their hash

    def hear(self, message: Message) -> Message:
        """Note a message; pictures that were named only are put in whole."""
        if isinstance(message, Submit):
            image, mask = self._whole(message.image), self._whole(message.mask)
            message = replace(message, image=image, mask=mask)
        self.heard.append(message)
        return message

    def _whole(self, picture: Picture | None) -> Picture | None:
        if picture is None:
            return None
        if picture.data:
            self._pictures[hashlib.sha256(picture.data).hexdigest()] = picture.data
            return picture
        self.named += 1
        return replace(picture, data=self._pictures[picture.sha256])

    def submitted(self) -> list[Submit]:
        """The jobs that were asked for, oldest first."""
        return [message for message in self.heard if isinstance(message, Submit)]

    def cancelled(self) -> list[str]:
        """The prompts of the jobs that were cancelled."""
        jobs = {message.job for message in self.heard if isinstance(message, Cancel)}
        return [submit.prompt for submit in self.submitted() if submit.job in jobs]


@contextlib.contextmanager
def scripted_bridge(part: Part, folder: Path) -> Iterator[Path]:
    """A bridge that plays this part; yields its connection file."""
    server = serve(
        lambda socket: _Conversation(part, socket).run(),
        "127.0.0.1",
        0,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        max_size=MAX_MESSAGE_BYTES,
    )
    port = server.socket.getsockname()[1]
    file = folder / "connection.json"
    told = {"url": f"ws://127.0.0.1:{port}/v1/socket", "token": TOKEN, "version": "0"}
    file.write_text(json.dumps(told), encoding="utf-8")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield file
    finally:
        server.shutdown()
        thread.join()


class _Conversation:
    """One connection; while it paints it listens between the steps."""

    def __init__(self, part: Part, socket: ServerConnection) -> None:
        self._part = part
        self._socket = socket
        self._seq = 0
        self._raw = False  # previews as pixels: what a client without a JPEG decoder asks for

    def run(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                message = self._hear(None)
                if isinstance(message, Hello):
                    self._raw = message.preview_codec != "jpeg"
                    self._socket.send(encode(WELCOME))
                elif isinstance(message, Submit):
                    self._paint(message)

    def _hear(self, timeout_s: float | None) -> Message | None:
        try:
            frame = self._socket.recv(timeout_s)
        except TimeoutError:
            return None
        assert isinstance(frame, bytes)
        return self._part.hear(decode(frame, "client"))

    def _tell(self, kind: Any, **fields: Any) -> None:
        self._seq += 1
        frame = encode(kind(seq=self._seq, **fields))
        self._part.sent_at[self._seq] = time.monotonic()
        self._socket.send(frame)

    def _paint(self, submit: Submit) -> None:
        script = self._part.scripts.get(submit.prompt, Script())
        scene = Gradient(submit)
        self._tell(Accepted, job=submit.job, position=0)
        if script.fail_at == 0:
            self._fail(submit)
            return
        self._tell(Started, job=submit.job, **scene.started(script.steps))
        for step in range(1, script.steps + 1):
            if step == script.fail_at:
                self._fail(submit)
                return
            if step == script.vanish_at:
                self._socket.close()
                return
            self._preview(submit, scene, step, script.steps)
            asked = self._hear(script.step_s)
            if isinstance(asked, Cancel):
                self._tell(Cancelled, job=submit.job)
                return
            if isinstance(asked, Keep):
                self._finish(submit, scene, asked.candidates, step / script.steps)
                return
        self._finish(submit, scene, list(reversed(range(submit.candidates))), 1.0)

    def _fail(self, submit: Submit) -> None:
        text = "The painter ran out of paint. Buy some, then try again."
        self._tell(Failed, job=submit.job, code="internal", message=text)

    def _preview(self, submit: Submit, scene: Gradient, step: int, steps: int) -> None:
        for candidate in range(submit.candidates):
            picture = scene.preview(candidate, step / steps, raw=self._raw)
            fields = {"candidate": candidate, "step": step, "steps": steps}
            self._tell(Preview, job=submit.job, picture=picture, **fields)

    def _finish(self, submit: Submit, scene: Gradient, order: list[int], share: float) -> None:
        self._part.results.clear()
        for candidate in order:
            picture = scene.result(candidate, share)
            self._part.results[candidate] = picture
            if candidate == order[0]:
                self._part.painted[submit.prompt] = _pixels(picture)
            fields = {"candidate": candidate, "seed": scene.seed + candidate, "score": None}
            self._tell(
                Painted,
                job=submit.job,
                paste=scene.paste,
                picture=picture,
                seconds=0.1,
                record={"format": 1, "prompt": submit.prompt, "steps": submit.steps or 8},
                **fields,
            )
        self._tell(Finished, job=submit.job, order=order, seconds=0.5)


class Gradient:
    """What the scripted bridge paints: a ramp of red whose green is the candidate's number."""

    seed = 4711

    def __init__(self, submit: Submit) -> None:
        self.count = submit.candidates
        e = submit.extension or Extension()
        width = submit.image.width if submit.image else submit.width or 64
        height = submit.image.height if submit.image else submit.height or 64
        self.origin = (e.left, e.top)
        if submit.factor is not None:
            width, height = round(width * submit.factor), round(height * submit.factor)
        self.width, self.height = width + e.left + e.right, height + e.top + e.bottom
        self.mask = np.full((self.height, self.width), 255, np.uint8)
        if submit.extension is not None:
            self.mask[e.top : e.top + height, e.left : e.left + width] = 0
        if submit.mask is not None:
            self.mask = np.frombuffer(submit.mask.data, np.uint8).reshape(self.height, self.width)
        rows, columns = self.mask.any(1).nonzero()[0], self.mask.any(0).nonzero()[0]
        left, top = int(columns[0]), int(rows[0])
        self.paste = Rect(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)
        self.context = Rect(0, 0, self.width, self.height)

    def started(self, steps: int) -> dict[str, Any]:
        """The layout, as `Started` tells it."""
        p = self.paste
        mask = self.mask[p.top : p.top + p.height, p.left : p.left + p.width]
        return {
            "seed": self.seed,
            "seeds": [self.seed + i for i in range(self.count)],
            "model": "gradient",
            "sampler": "straight",
            "steps": steps,
            "guidance": 1.0,
            "canvas_width": self.width,
            "canvas_height": self.height,
            "origin": self.origin,
            "context": self.context,
            "paste": p,
            "mask": Picture(p.width, p.height, "gray8", mask.tobytes()),
            "denoise": Picture(self.width, self.height, "gray8", self.mask.tobytes()),
        }

    def preview(self, candidate: int, share: float, *, raw: bool = False) -> Picture:
        """A small JPEG, or raw RGB, of the context; it brightens from step to step."""
        pixels = self._colours(96, 64, candidate, share)
        if raw:
            return Picture(96, 64, "rgb8", pixels.tobytes())
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=85)
        return Picture(96, 64, "jpeg", file.getvalue())

    def result(self, candidate: int, share: float) -> Picture:
        """The paste rectangle in full size; alpha is the selection."""
        p = self.paste
        pixels = np.zeros((p.height, p.width, 4), np.uint8)
        pixels[..., :3] = self._colours(p.width, p.height, candidate, share)
        pixels[..., 3] = self.mask[p.top : p.top + p.height, p.left : p.left + p.width]
        return Picture(p.width, p.height, "rgba8", pixels.tobytes())

    @staticmethod
    def _colours(width: int, height: int, candidate: int, share: float) -> Pixels:
        pixels = np.zeros((height, width, 3), np.uint8)
        pixels[..., 0] = (np.linspace(0.2, 1.0, width) * 255 * share).astype(np.uint8)
        pixels[..., 1] = 60 * candidate
        pixels[..., 2] = (np.linspace(1.0, 0.2, height) * 160).astype(np.uint8)[:, None]
        return pixels


def _pixels(picture: Picture) -> Pixels:
    return np.frombuffer(picture.data, np.uint8).reshape(picture.height, picture.width, 4)
