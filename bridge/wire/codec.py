"""Messages to bytes and back: one binary frame, `u32 header length | header | blobs`.

The length is little-endian. The header is a JSON object: the fields of the message, its `type`,
and `blobs`, the lengths of the raw parts that follow it, in order. A `bytes` field holds the
number of its part. So the pixels are never escaped, a picture cannot be separated from its job,
and a blob that belongs to an unknown field is skipped like it.

Whatever arrives, `decode` returns a message or raises `DecodeError`; `encode` raises `EncodeError`.
"""

from __future__ import annotations

import functools
import json
import math
import struct
import typing
from typing import Any, Literal, NoReturn

from .errors import BAD_MESSAGE, BAD_REQUEST, TOO_LARGE, DecodeError, EncodeError
from .kinds import Blobs, Buffer, Fault, show
from .limits import (
    BYTES_PER_PIXEL,
    LENGTH_BYTES,
    MAX_BLOBS,
    MAX_HEADER_BYTES,
    MAX_MESSAGE_BYTES,
)
from .messages import (
    ClientMessage,
    Message,
    Painted,
    Picture,
    Preview,
    ServerMessage,
    Started,
    Submit,
)
from .records import record_of

Side = Literal["client", "server"]
_LENGTH = struct.Struct("<I")
_DIGITS = 20  # of the largest whole number accepted


def message_types(side: Side) -> dict[str, type[Any]]:
    """Return the messages that this side sends, by their `type`."""
    union = ClientMessage if side == "client" else ServerMessage
    return {made_of.type: made_of for made_of in typing.get_args(union)}


def encode_parts(message: Message) -> list[Buffer]:
    """Return the frame in pieces: the header with its length first, then every blob, uncopied."""
    blobs = Blobs()
    try:
        fields = record_of(type(message)).write(message, "", blobs)
        _check_pictures(message)
    except Fault as fault:
        text = f"The message {message.type} cannot be sent: {fault.sentence}"
        raise EncodeError(fault.code, text, fault.where) from None
    header = {"type": message.type, "blobs": [len(part) for part in blobs.parts], **fields}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    size = len(text) + sum(header["blobs"]) + LENGTH_BYTES
    if len(text) > MAX_HEADER_BYTES or size > MAX_MESSAGE_BYTES:
        raise EncodeError(
            TOO_LARGE,
            f"The message {message.type} takes {size} bytes, {len(text)} of them without pixels; "
            f"accepted are {MAX_MESSAGE_BYTES} and {MAX_HEADER_BYTES}.",
        )
    return [_LENGTH.pack(len(text)) + text, *blobs.parts]


def encode(message: Message) -> bytes:
    """Return the frame of a message."""
    return b"".join(encode_parts(message))


@typing.overload
def decode(
    frame: Buffer, expect: Literal["client"], blobs: Literal["bytes", "view"] = "bytes"
) -> ClientMessage: ...
@typing.overload
def decode(
    frame: Buffer, expect: Literal["server"], blobs: Literal["bytes", "view"] = "bytes"
) -> ServerMessage: ...
def decode(
    frame: Buffer, expect: Side, blobs: Literal["bytes", "view"] = "bytes"
) -> ClientMessage | ServerMessage:
    """Return the message in a frame that the side `expect` sent.

    With `blobs="view"` the fields of type `bytes` hold read-only memoryviews of the frame:
    nothing is copied, and the frame lives as long as they do.
    """
    header: dict[str, Any] = {}
    try:
        header, parts = _split(memoryview(frame).cast("B"))
        made_of = _type_of(header, expect)
        message = record_of(made_of).read(header, "", Blobs(parts, as_bytes=blobs == "bytes"))
        _check_pictures(message)
    except Fault as fault:
        raise _blame(fault, header, expect) from None
    return message


def header_bytes(frame: Buffer) -> int:
    """Return how much of a frame has to be parsed, whatever it claims."""
    if len(frame) < LENGTH_BYTES:
        return 0
    return min(_LENGTH.unpack_from(frame)[0], len(frame) - LENGTH_BYTES)


def _blame(fault: Fault, header: dict[str, Any], expect: Side) -> DecodeError:
    known = message_types(expect)
    job, kind = header.get("job"), header.get("type")
    kind = kind if isinstance(kind, str) and kind in known else ""
    job = job[:100] if isinstance(job, str) else ""
    sentence = f"The message {kind} is not accepted: {fault.sentence}" if kind else fault.sentence
    return DecodeError(fault.code, sentence, fault.where, job, kind)


def _type_of(header: dict[str, Any], expect: Side) -> type[Any]:
    known = message_types(expect)
    name = header.get("type")
    if not isinstance(name, str) or name not in known:
        accepted = ", ".join(known)
        raise Fault("type", f"The message's type is {show(name)}; accepted are {accepted}.")
    return known[name]


def _split(frame: memoryview) -> tuple[dict[str, Any], list[Buffer]]:
    """Return the parsed header and the blobs as views of the frame."""
    if len(frame) > MAX_MESSAGE_BYTES:
        text = f"The frame has {len(frame)} bytes; accepted are up to {MAX_MESSAGE_BYTES}."
        raise Fault("", text, TOO_LARGE)
    if len(frame) < LENGTH_BYTES:
        raise Fault("", f"The frame has {len(frame)} bytes; accepted are {LENGTH_BYTES} and more.")
    (length,) = _LENGTH.unpack_from(frame)
    room = min(len(frame) - LENGTH_BYTES, MAX_HEADER_BYTES)
    if length > room:
        raise Fault("", f"The header's length is {length}; accepted is up to {room} in this frame.")
    start = LENGTH_BYTES + length
    header = _parse(bytes(frame[LENGTH_BYTES:start]))
    return header, _cut(frame[start:].toreadonly(), header.get("blobs"))


def _cut(rest: memoryview, lengths: object) -> list[Buffer]:
    if not isinstance(lengths, list) or len(lengths) > MAX_BLOBS:
        accepted = f"a list of up to {MAX_BLOBS} lengths"
        raise Fault("blobs", f"The header's blobs is {show(lengths)}; accepted is {accepted}.")
    if any(type(length) is not int or length < 0 for length in lengths):
        raise Fault(
            "blobs", f"The header's blobs is {show(lengths)}; accepted are lengths in bytes."
        )
    if sum(lengths) != len(rest):
        text = (
            f"The blobs' lengths add up to {sum(lengths)}, but {len(rest)} bytes follow the header."
        )
        raise Fault("blobs", text)
    parts: list[Buffer] = []
    for length in lengths:
        parts.append(rest[:length])
        rest = rest[length:]
    return parts


def _parse(text: bytes) -> dict[str, Any]:
    try:
        header = _parser().decode(text.decode())
    except (ValueError, RecursionError) as error:
        # Not the parser's own words: they may quote a megabyte.
        reason = "is nested too deeply" if isinstance(error, RecursionError) else str(error)[:100]
        raise Fault("", f"The header is not a JSON object in UTF-8: {reason}.") from None
    if not isinstance(header, dict):
        raise Fault("", f"The header is {show(header)}; accepted is a JSON object.")
    return header


@functools.lru_cache(maxsize=1)
def _parser() -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_constant=_no_constant, parse_int=_whole, object_pairs_hook=_unambiguous
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a finite number")


def _whole(digits: str) -> int | float:
    # A megabyte of digits takes minutes on old Pythons; every field refuses infinity.
    return int(digits) if len(digits) <= _DIGITS else math.inf


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _check_pictures(message: Message) -> None:
    if isinstance(message, Submit):
        _check_picture(message.image, "image")
        _check_picture(message.mask, "mask")
        _check_picture(message.second_image, "second_image")
        if message.mask is not None and message.mask.format != "gray8":
            text = f"mask.format is {message.mask.format}; accepted is gray8."
            raise Fault("mask.format", text, BAD_REQUEST)
    elif isinstance(message, Started):
        _check_picture(message.mask, "mask")
        _check_picture(message.denoise, "denoise")
    elif isinstance(message, (Preview, Painted)):
        _check_picture(message.picture, "picture")


def _check_picture(picture: Picture | None, where: str) -> None:
    if picture is None:
        return
    given = memoryview(picture.data).nbytes  # its length counts items, which may be wider
    if not given and picture.sha256:
        return
    accepted = BYTES_PER_PIXEL.get(picture.format, 0) * picture.width * picture.height
    if given == 0 or (accepted and given != accepted):
        size = f"{picture.width}x{picture.height} pixels of {picture.format}"
        text = f"{where}.data has {given} bytes; accepted are {accepted or 'some'} for {size}."
        raise Fault(f"{where}.data", text, BAD_MESSAGE)
