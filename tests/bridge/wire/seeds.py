"""One frame of each kind, for a fuzzer to begin with."""

from __future__ import annotations

from bridge.wire.codec import encode
from bridge.wire.messages import (
    Cancel,
    Fetch,
    Finished,
    Hello,
    Keep,
    Message,
    Painted,
    Picture,
    Preview,
    Rect,
    Refused,
    Submit,
)

PIXEL = Picture(1, 1, "rgba8", b"abcd")
SEEDS: tuple[Message, ...] = (
    Hello(1, "a client", "a session", resume=3),
    Submit("a job", "inpaint", image=PIXEL, mask=Picture(1, 1, "gray8", b"m"), plan={"a": [1]}),
    Cancel("a job"),
    Keep("a job", [1, 2]),
    Fetch(),
    Preview(1, "a job", 0, 1, 4, Picture(1, 1, "jpeg", b"jpeg")),
    Painted(2, "a job", 0, 7, Rect(0, 0, 1, 1), PIXEL, 0.5, 1.0, {"seed": 7}),
    Finished(3, "a job", [0], 1.5),
    Refused("bad_request", "A sentence."),
)


def seeds() -> list[bytes]:
    """Return the frames."""
    return [encode(message) for message in SEEDS]
