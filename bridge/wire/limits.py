"""What one message may hold. Everything here follows from `MAX_SIDE`.

Both ends of a connection take `MAX_MESSAGE_BYTES` as their `max_size`; the defaults of the usual
servers are smaller than one large layer, and answer it with a reset instead of a sentence.
"""

from __future__ import annotations

MAX_SIDE = 8192  # pixels: no picture on the wire is wider or higher

MAX_HEADER_BYTES = 1 << 20
LENGTH_BYTES = 4  # in front of the header

# A `Submit` is the largest message: an RGBA8 layer and its gray mask.
MAX_MESSAGE_BYTES = LENGTH_BYTES + MAX_HEADER_BYTES + MAX_SIDE * MAX_SIDE * (4 + 1)

MAX_PREVIEW_BYTES = 8 * 1024  # of a compressed preview; raw ones are as large as the side asked for

MAX_DEPTH = 16  # of free-form JSON in a message
MAX_BLOBS = 64

MIN_INTEGER = -(1 << 63)
MAX_INTEGER = (1 << 64) - 1  # seeds are unsigned 64 bit

BYTES_PER_PIXEL = {"rgba8": 4, "rgba16": 8, "gray8": 1, "rgb8": 3}  # of the formats that are raw
