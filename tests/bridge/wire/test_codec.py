"""The codec: every message there and back, and everything else refused with a sentence."""

from __future__ import annotations

import dataclasses
import json
import struct
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.wire import kinds, limits, messages
from bridge.wire.codec import decode, encode, encode_parts, message_types
from bridge.wire.errors import BAD_MESSAGE, BAD_REQUEST, TOO_LARGE, DecodeError, EncodeError
from bridge.wire.messages import (
    Accepted,
    Cancel,
    Hello,
    JobSummary,
    Painted,
    Picture,
    Preview,
    Rect,
    Started,
    Submit,
    Welcome,
)
from bridge.wire.records import Record, record_of
from tests.examples import share

CLIENT, SERVER = message_types("client"), message_types("server")
EVERY = [*CLIENT.values(), *SERVER.values()]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
WHOLE = st.integers(limits.MIN_INTEGER, limits.MAX_INTEGER)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
RAW = ("rgba8", "rgba16", "gray8", "rgb8")
FREE = st.dictionaries(
    TEXT,
    st.recursive(
        st.none() | st.booleans() | WHOLE | FINITE | TEXT,
        lambda item: st.lists(item, max_size=3) | st.dictionaries(TEXT, item, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)


@st.composite
def pictures(draw: st.DrawFn, formats: tuple[Any, ...] = RAW) -> Picture:
    width, height = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    chosen = draw(st.sampled_from(formats))
    size = width * height * limits.BYTES_PER_PIXEL.get(chosen, 1)
    if draw(st.booleans()):
        return Picture(width, height, chosen, sha256=draw(st.text("0123456789abcdef", min_size=1)))
    return Picture(width, height, chosen, draw(st.binary(min_size=size, max_size=size)))


def values(kind: kinds.Kind) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of a kind."""
    if isinstance(kind, Record):
        return records(kind)
    if isinstance(kind, kinds.Integer):
        return st.integers(kind.low, kind.high)
    if isinstance(kind, kinds.Choice):
        return st.sampled_from(kind.words)
    if isinstance(kind, kinds.Maybe):
        return st.none() | values(kind.item)
    if isinstance(kind, kinds.ListOf):
        return st.lists(values(kind.item), max_size=3)
    if isinstance(kind, kinds.TupleOf):
        return st.tuples(*map(values, kind.items))
    simple: dict[type, st.SearchStrategy[Any]] = {
        kinds.Real: FINITE,
        kinds.Text: TEXT,
        kinds.Flag: st.booleans(),
        kinds.Blob: st.binary(max_size=8),
        kinds.Free: FREE,
    }
    return simple[type(kind)]


def records(kind: Record) -> st.SearchStrategy[Any]:
    if kind.made_of is Picture:
        return pictures()
    fields = {slot.name: values(slot.kind) for slot in kind.slots}
    if kind.made_of is Submit:
        fields["mask"] = st.none() | pictures(("gray8",))
    return st.builds(kind.made_of, **fields)


any_message = st.sampled_from(EVERY).flatmap(lambda made_of: values(record_of(made_of)))


def sent_by(message: Any) -> typing.Literal["client", "server"]:
    return "client" if type(message) in CLIENT.values() else "server"


@pytest.mark.parametrize("made_of", EVERY, ids=lambda made_of: made_of.type)
@share(0.4)
@given(data=st.data())
def test_every_message_comes_back_as_it_was(made_of: type, data: st.DataObject) -> None:
    message = data.draw(values(record_of(made_of)))
    frame = encode(message)
    assert decode(frame, sent_by(message)) == message
    assert decode(memoryview(frame), sent_by(message), blobs="view") == message
    assert b"".join(encode_parts(message)) == frame


def test_types_are_those_of_the_unions_and_unlike_each_other() -> None:
    assert not set(CLIENT) & set(SERVER)
    declared = {
        item
        for item in vars(messages).values()
        if isinstance(item, type) and dataclasses.is_dataclass(item) and hasattr(item, "type")
    }
    assert declared == set(EVERY)


@share(5)
@given(any_message, st.data())
def test_a_damaged_frame_is_a_message_or_a_decode_error(message: Any, data: st.DataObject) -> None:
    frame = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(frame)))
        piece = data.draw(st.binary(max_size=6) | st.sampled_from(JUNK))
        frame[at : at + data.draw(st.integers(0, 6))] = piece
    try:
        decode(bytes(frame), sent_by(message))
    except DecodeError as error:
        refused = error
    else:
        return  # the damage hit nothing that matters
    assert refused.message.endswith(".")
    assert refused.code in (BAD_MESSAGE, BAD_REQUEST)


JUNK = [b"null", b"[", b"{", b'"', b"-1", b"1e999", b"NaN", b"9" * 40, b"\xff", b"\\ud800", b"true"]


@share(5)
@given(st.binary(max_size=64))
def test_random_bytes_are_never_anything_worse_than_a_decode_error(junk: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(junk, "client")
    with pytest.raises(DecodeError):
        decode(struct.pack("<I", len(junk)) + junk, "server")


def frame_of(header: Any, *blobs: bytes, text: bytes | None = None) -> bytes:
    if text is None:
        text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + b"".join(blobs)


def cancel(**fields: Any) -> dict[str, Any]:
    return {"type": "cancel", "blobs": [], "job": "j", **fields}


def submit(**fields: Any) -> dict[str, Any]:
    return {"type": "submit", "blobs": [], "job": "j", "mode": "vary", **fields}


def picture(data: int = 0, side: Any = 1, **fields: Any) -> dict[str, Any]:
    return {"width": side, "height": side, "format": "gray8", "data": data, **fields}


def nested(depth: int) -> Any:
    return {"a": nested(depth - 1)} if depth else 1


DEEP = b'{"type":"submit","blobs":[],"job":"j","mode":"vary","plan":' + b'{"a":' * 5000
HOSTILE = [
    (b"", "", "The frame has 0 bytes"),
    (b"\1\0\0", "", "The frame has 3 bytes"),
    (b"\xff\xff\xff\xff{}", "", "The header's length is 4294967295; accepted is up to 2"),
    (frame_of(None, text=b""), "", "not a JSON object"),
    (frame_of(None, text=b"\xff\xfe"), "", "not a JSON object in UTF-8"),
    (frame_of([1]), "", r"The header is \[1\]"),
    (frame_of(None, text=b"[" * 100_000), "", "nested too deeply"),
    (frame_of(None, text=DEEP + b"1" + b"}" * 5001), "", "nested too deeply"),
    (frame_of(None, text=b'{"type":"cancel","type":"hello"}'), "", "a key stands twice"),
    (frame_of(None, text=b'{"type":"cancel","job":NaN}'), "", "NaN is not a finite number"),
    (frame_of({"blobs": []}), "type", "type is None; accepted are hello, submit"),
    (frame_of({"type": "welcome", "blobs": []}), "type", "'welcome'; accepted are hello"),
    (frame_of({"type": ["cancel"], "blobs": []}), "type", "accepted are hello"),
    (frame_of({"type": "cancel", "job": "j"}), "blobs", "blobs is None; accepted is a list"),
    (frame_of(cancel(blobs=[-1])), "blobs", "accepted are lengths"),
    (frame_of(cancel(blobs=[True])), "blobs", "accepted are lengths"),
    (frame_of(cancel(blobs=[0] * 65)), "blobs", "up to 64 lengths"),
    (frame_of(cancel(blobs=[4]), b"abc"), "blobs", "add up to 4, but 3 bytes follow"),
    (frame_of(cancel(), b"x"), "blobs", "add up to 0, but 1 bytes follow"),
    (frame_of(cancel(blobs=[1 << 200])), "blobs", "accepted are lengths"),
    (frame_of({"type": "cancel", "blobs": []}), "job", "job is missing"),
    (frame_of(cancel(job=7)), "job", "job is 7; accepted is text"),
    (frame_of(cancel(job=None)), "job", "job is None; accepted is text"),
    (frame_of(cancel(job="\ud800")), "job", "half a surrogate pair"),
    (frame_of(submit(mode="erase")), "mode", "'erase'; accepted is one of generate, inpaint"),
    (frame_of(submit(steps=1.5)), "steps", "steps is 1.5; accepted is a whole number"),
    (frame_of(submit(steps=True)), "steps", "steps is True; accepted is a whole number"),
    (frame_of(submit(steps="20")), "steps", "'20'; accepted is a whole number"),
    (frame_of(None, text=json.dumps(submit()).encode()[:-1] + b',"seed":%s}' % (b"9" * 10**6)),
     "seed", "seed is inf; accepted is a whole number"),
    (frame_of(None, text=json.dumps(submit()).encode()[:-1] + b',"guidance":1e999}'),
     "guidance", "inf; accepted is a finite number"),
    (frame_of(submit(guidance=False)), "guidance", "accepted is a finite number"),
    (frame_of(submit(previews=1)), "previews", "1; accepted is true or false"),
    (frame_of(submit(only=3)), "only", "3; accepted is a list"),
    (frame_of(submit(only=[1, None])), "only[1]", "accepted is a whole number"),
    (frame_of(submit(origin=[1])), "origin", "accepted is a list of 2 values"),
    (frame_of(submit(masks=[])), "masks", "accepted is a JSON object"),
    (frame_of(submit(masks={"grow": {}})), "masks.grow", "accepted is a whole number"),
    (frame_of(submit(plan=nested(17))), "plan" + ".a" * 16, "nested more than 16 deep"),
    (frame_of(submit(guidance=10**400)), "guidance", "inf; accepted is a finite number"),
    (frame_of(submit(plan=[])), "plan", "accepted is a JSON object"),
    (frame_of(submit(plan={"a": [10**30]})), "plan.a[0]", "accepted is"),
    (frame_of(submit(plan={"a\ud800": 1})), "plan", "half a surrogate pair"),
    (frame_of(submit(image=picture(0))), "image.data", "0; accepted is no blob at all"),
    (frame_of(submit(image=picture(2), blobs=[1]), b"x"), "image.data", "of the message's 1 blobs"),
    (frame_of(submit(image=picture(-1), blobs=[1]), b"x"), "image.data", "-1; accepted is"),
    (frame_of(submit(image=picture(), mask=picture(), blobs=[1]), b"x"),
     "mask.data", "names blob 0, which another field holds"),
    (frame_of(submit(image=picture(side=2), blobs=[1]), b"x"),
     "image.data", "has 1 bytes; accepted are 4 for 2x2 pixels of gray8"),
    (frame_of(submit(image=picture(), blobs=[0])), "image.data", "has 0 bytes"),
    (frame_of(submit(image=picture(format="tiff"), blobs=[1]), b"x"),
     "image.format", "'tiff'; accepted is one of rgba8"),
]  # fmt: skip


@pytest.mark.parametrize(("frame", "param", "sentence"), HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_frame_is_refused_by_field_value_and_what_is_accepted(
    frame: bytes, param: str, sentence: str
) -> None:
    with pytest.raises(DecodeError, match=sentence) as caught:
        decode(frame, "client")
    assert (caught.value.code, caught.value.param) == (BAD_MESSAGE, param)
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("header", "blob", "param", "sentence"),
    [
        (submit(image=picture(side=20_000), blobs=[1]), b"x", "image.width", "from 1 to 8192"),
        (submit(image=picture(side=0), blobs=[0]), b"", "image.width", "0; accepted is"),
        (submit(seed=-(1 << 63) - 1), b"", "seed", "from -9223372036854775808 to"),
        (submit(mask=picture(format="rgb8"), blobs=[3]), b"abc", "mask.format", "is gray8"),
    ],
)
def test_a_value_out_of_range_is_a_bad_request_of_a_known_job(
    header: dict[str, Any], blob: bytes, param: str, sentence: str
) -> None:
    with pytest.raises(DecodeError, match=sentence) as caught:
        decode(frame_of(header, blob), "client")
    error = caught.value
    assert (error.code, error.param) == (BAD_REQUEST, param)
    assert (error.job, error.message_type) == ("j", "submit")


def test_a_header_above_a_mebibyte_is_refused_unread() -> None:
    frame = frame_of(cancel(job="j" * limits.MAX_HEADER_BYTES))
    with pytest.raises(DecodeError, match="accepted is up to 1048576 in this frame"):
        decode(frame, "client")


def test_a_frame_above_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.wire.codec.MAX_MESSAGE_BYTES", 100)
    with pytest.raises(DecodeError, match="has 101 bytes; accepted are up to 100") as caught:
        decode(bytes(101), "client")
    assert caught.value.code == TOO_LARGE
    with pytest.raises(EncodeError, match="accepted are 100") as told:
        encode(Cancel("j" * 100))
    assert told.value.code == TOO_LARGE


def test_the_largest_layer_and_its_mask_fit_into_one_message() -> None:
    pixels = limits.MAX_SIDE**2
    assert pixels * 5 < limits.MAX_MESSAGE_BYTES < pixels * 5 + (2 << 20)


def test_fields_of_a_later_version_are_ignored_with_their_blobs() -> None:
    header = cancel(blobs=[3], reason={"deep": [1]}, attachment=0)
    assert decode(frame_of(header, b"abc"), "client") == Cancel("j")


def test_missing_fields_with_a_default_take_it() -> None:
    assert decode(frame_of(submit()), "client") == Submit("j", "vary")


def test_a_whole_number_is_a_good_real_one() -> None:
    decoded = decode(frame_of(submit(guidance=7)), "client")
    assert isinstance(decoded, Submit)
    assert isinstance(decoded.guidance, float)


def test_pixels_are_not_copied_into_views() -> None:
    frame = encode(Submit("j", "vary", image=Picture(2, 1, "gray8", b"ab")))
    decoded = decode(frame, "client", blobs="view")
    assert isinstance(decoded, Submit)
    assert decoded.image is not None
    data = decoded.image.data
    assert isinstance(data, memoryview)
    assert data.obj is frame
    assert data.readonly


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_any_buffer_is_sent_and_none_of_it_is_copied_before_the_end(wrap: Any) -> None:
    data = wrap(b"abcd")
    parts = encode_parts(Submit("j", "vary", image=Picture(2, 2, "gray8", data)))
    assert bytes(parts[1]) == b"abcd"
    assert wrap is memoryview or parts[1] is data


def test_a_view_of_wider_items_counts_bytes() -> None:
    wide = memoryview(b"abcdefgh").cast("H")
    frame = encode(Submit("j", "vary", image=unchecked(Picture, 2, 4, "gray8", wide)))
    decoded = decode(frame, "client")
    assert isinstance(decoded, Submit)
    assert decoded.image == Picture(2, 4, "gray8", b"abcdefgh")


def unchecked(made_of: Any, *values: Any, **fields: Any) -> Any:
    """Make what no type checker lets through, as a caller without one does."""
    return made_of(*values, **fields)


LAYOUT = Started(
    1, "j", 1, [1], "m", "euler", 4, 1.0, 8, 8, (0, 0), Rect(0, 0, 8, 8), Rect(0, 0, 1, 1),
    Picture(1, 1, "gray8", b"\xff"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("message", "param", "sentence"),
    [
        (unchecked(Cancel, 7), "job", "cannot be sent: job is 7; accepted is text"),
        (Cancel("\udcff"), "job", "surrogate"),
        (unchecked(Submit, "j", "vary", guidance=10**400), "guidance", "finite number"),
        (unchecked(Submit, "j", "vary", only=7), "only", "7; accepted is a list"),
        (unchecked(Submit, "j", "vary", origin=(1, 2, 3)), "origin", "accepted is 2 values"),
        (Submit("j", "vary", guidance=float("nan")), "guidance", "finite"),
        (Submit("j", "vary", image=Picture(1, 1, "gray8")), "image.data", "has 0 bytes"),
        (Submit("j", "vary", image=Picture(9000, 1, "gray8", b"x")), "image.width", "to 8192"),
        (
            Submit("j", "vary", image=unchecked(Picture, 1, 1, "gray8", "x")),
            "image.data",
            "accepted is bytes",
        ),
        (Submit("j", "vary", plan={"a": object()}), "plan.a", "accepted is text"),
        (Submit("j", "vary", plan=unchecked(dict, [(1, 2)])), "plan", "1; accepted is text"),
        (dataclasses.replace(LAYOUT, mask=Picture(2, 1, "gray8", b"x")), "mask.data", "2x1"),
        (Preview(1, "j", 0, 1, 4, Picture(1, 1, "jpeg")), "picture.data", "accepted are some"),
        (
            Painted(1, "j", 0, 1, Rect(0, 0, 1, 1), Picture(1, 1, "rgba8", b"x"), None, 0.1),
            "picture.data",
            "accepted are 4",
        ),
        (Accepted(1, "j", -(1 << 70)), "position", "whole number"),
        (unchecked(Welcome, 1, "s", None, [], [], []), "limits", "accepted is a Limits"),
        (unchecked(Hello, 1, "c", "s", "gif"), "preview_codec", "jpeg"),
        (
            messages.History([unchecked(JobSummary, "j", "queued", "", 0.0, ["x"])]),
            "jobs[0].results[0]",
            "'x'; accepted is a whole number",
        ),
    ],
)  # fmt: skip
def test_our_own_mistakes_are_our_own_faults(message: Any, param: str, sentence: str) -> None:
    with pytest.raises(EncodeError, match=sentence) as caught:
        encode(message)
    assert caught.value.param == param


def test_too_many_words_are_our_own_fault_too() -> None:
    with pytest.raises(EncodeError, match="accepted are") as caught:
        encode(Submit("j", "vary", prompt="w" * limits.MAX_HEADER_BYTES))
    assert caught.value.code == TOO_LARGE


def test_a_view_with_gaps_is_refused() -> None:
    gappy = memoryview(b"abcd")[::2]
    with pytest.raises(EncodeError, match="with gaps"):
        encode(Submit("j", "vary", image=unchecked(Picture, 2, 1, "gray8", gappy)))
