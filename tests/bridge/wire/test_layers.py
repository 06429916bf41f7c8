"""Layers that cross the wire once."""

from __future__ import annotations

import hashlib

from bridge.wire.layers import SMALLEST_BYTES, SentLayers
from bridge.wire.messages import Picture, Submit

PIXELS = bytes(SMALLEST_BYTES)
IMAGE = Picture(256, 256, "gray8", PIXELS)
HASH = hashlib.sha256(PIXELS).hexdigest()


def test_the_first_time_a_layer_goes_whole_with_its_name_then_by_name() -> None:
    sent = SentLayers()
    request = Submit("j", "vary", image=IMAGE)
    assert sent.slim(request).image == Picture(256, 256, "gray8", PIXELS, HASH)
    assert sent.slim(request).image == Picture(256, 256, "gray8", b"", HASH)


def test_another_layer_is_another() -> None:
    sent = SentLayers()
    sent.slim(Submit("j", "vary", image=IMAGE))
    other = Picture(256, 256, "gray8", b"\1" * SMALLEST_BYTES)
    slim = sent.slim(Submit("k", "inpaint", image=other, mask=IMAGE))
    assert slim.image is not None
    assert slim.image.data == other.data
    assert slim.mask == Picture(256, 256, "gray8", b"", HASH)
    mixed = sent.slim(Submit("l", "vary", image=other, second_image=IMAGE))
    assert mixed.second_image == Picture(256, 256, "gray8", b"", HASH)


def test_small_pictures_go_whole_and_nameless() -> None:
    small = Submit("j", "vary", image=Picture(2, 2, "gray8", b"abcd"))
    sent = SentLayers()
    assert sent.slim(small) == small
    assert sent.slim(small) == small


def test_after_forgetting_everything_goes_whole_again() -> None:
    sent = SentLayers()
    sent.slim(Submit("j", "vary", image=IMAGE))
    sent.forget()
    again = sent.slim(Submit("k", "vary", image=IMAGE)).image
    assert again is not None
    assert again.data == PIXELS
