"""Layers that cross the wire once."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from bridge.errors import JobRefusedError
from bridge.layers import Layers
from bridge.wire.errors import BAD_REQUEST, UNKNOWN_PICTURE
from bridge.wire.messages import Picture, Submit


def whole(data: bytes) -> Picture:
    return Picture(len(data), 1, "gray8", data, hashlib.sha256(data).hexdigest())


def named(data: bytes) -> Picture:
    return Picture(len(data), 1, "gray8", b"", hashlib.sha256(data).hexdigest().upper())


def resolve(layers: Layers, picture: Picture | None, session: str = "s") -> bytes | None:
    submit = asyncio.run(layers.resolved(session, Submit("1", "vary", image=picture)))
    return submit.image.data if submit.image else None


@pytest.mark.parametrize("data", [b"pixels", bytes(300 * 1024)])
def test_a_layer_is_known_by_its_hash_once_it_was_sent(data: bytes) -> None:
    layers = Layers()
    assert resolve(layers, whole(data)) == data
    assert resolve(layers, named(data)) == data


def test_layers_without_a_hash_pass_and_are_not_kept() -> None:
    layers = Layers()
    assert resolve(layers, Picture(1, 1, "gray8", b"p")) == b"p"
    assert resolve(layers, None) is None
    with pytest.raises(JobRefusedError):
        resolve(layers, named(b"p"))


def test_another_session_does_not_know_it() -> None:
    layers = Layers()
    resolve(layers, whole(b"pixels"))
    with pytest.raises(JobRefusedError) as refused:
        resolve(layers, named(b"pixels"), "another")
    assert (refused.value.code, refused.value.param) == (UNKNOWN_PICTURE, "image")


def test_a_wrong_hash_is_refused_and_nothing_kept() -> None:
    layers = Layers()
    wrong = Picture(1, 1, "gray8", b"p", whole(b"q").sha256)
    with pytest.raises(JobRefusedError) as refused:
        resolve(layers, wrong)
    assert refused.value.code == BAD_REQUEST
    with pytest.raises(JobRefusedError):
        resolve(layers, named(b"q"))


def test_the_layers_used_longest_ago_make_room() -> None:
    layers = Layers(max_bytes=10)
    for data in (b"aaaa", b"bbbb"):
        resolve(layers, whole(data))
    resolve(layers, named(b"aaaa"))
    resolve(layers, whole(b"cccc"))
    assert resolve(layers, named(b"aaaa")) == b"aaaa"
    with pytest.raises(JobRefusedError):
        resolve(layers, named(b"bbbb"))
    resolve(layers, whole(b"too large for it"))
    assert resolve(layers, named(b"cccc")) == b"cccc"
