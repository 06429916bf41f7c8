"""Pictures beside their message: what their names may be, and that they come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.blobs import INLINE_BYTES, Blobs, attached, blob_names, detached
from bridge.wire.codec import decode, encode
from bridge.wire.messages import Picture, Submit


def a_submit(data: bytes) -> Submit:
    image = Picture(len(data), 1, "gray8", data)
    return Submit("1", "inpaint", image=image, mask=Picture(1, 1, "gray8", b"m"))


def test_a_large_picture_leaves_its_message_and_comes_back(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    submit = a_submit(b"p" * 8192)
    assert detached(submit, blobs) == submit
    large = Submit("1", "vary", image=Picture(512, 512, "gray8", b"p" * 512 * 512))
    light = detached(large, blobs)
    assert len(encode(light)) < INLINE_BYTES
    assert blob_names(light) == list(blobs.names())
    assert attached(decode(encode(light), "client"), blobs) == large  # type: ignore[type-var]


@pytest.mark.parametrize("name", ["../secret", "", "A" * 32, "0" * 31, "/etc/passwd"])
def test_a_blob_s_name_cannot_leave_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="32 hexadecimal"):
        Blobs(tmp_path).read(name)


def test_a_blob_is_for_its_user_alone_and_gone_when_dropped(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    name = blobs.put(memoryview(b"pixels"))
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert blobs.read(name) == b"pixels"
    blobs.drop(name)
    blobs.drop(name)
    assert blobs.names() == set()
