"""Files in: what is read exactly, and what is refused with a sentence."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bridge.cli.failures import InputFailure
from bridge.cli.pictures import (
    load_mask,
    load_picture,
    parse_extension,
    parse_rect,
    parse_size,
    rect_mask,
)
from bridge.wire.messages import Extension, Rect


def _random(mode: str, size: tuple[int, int] = (7, 5)) -> Image.Image:
    channels = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.random.default_rng(3).integers(0, 256, (size[1], size[0], channels), np.uint8)
    return Image.fromarray(pixels.squeeze() if channels == 1 else pixels, mode)


def _sixteen_bit_rgb_png(path: Path) -> Path:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    rows = b"".join(b"\0" + bytes(range(12)) for _ in range(2))
    header = struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA"])
def test_a_lossless_file_is_read_to_the_byte(tmp_path: Path, mode: str) -> None:
    image = _random(mode)
    image.save(tmp_path / "picture.png")
    assert np.array_equal(
        load_picture(tmp_path / "picture.png").rgba, np.asarray(image.convert("RGBA"))
    )


def test_a_palette_with_transparency_keeps_its_alpha(tmp_path: Path) -> None:
    image = _random("RGB").quantize(4)
    image.info["transparency"] = 0
    image.save(tmp_path / "palette.png", transparency=0)
    assert set(np.unique(load_picture(tmp_path / "palette.png").rgba[..., 3])) == {0, 255}


def test_a_photograph_lying_on_its_side_is_turned_upright(tmp_path: Path) -> None:
    image = _random("RGB", (8, 4))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.png", exif=exif)
    loaded = load_picture(tmp_path / "turned.png")
    assert (loaded.width, loaded.height) == (4, 8)


def test_a_picture_of_one_pixel_is_read(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), (1, 2, 3)).save(tmp_path / "one.png")
    assert load_picture(tmp_path / "one.png").rgba.tolist() == [[[1, 2, 3, 255]]]


def _bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    text = folder / "text.png"
    text.write_text("this is no picture")
    truncated = folder / "truncated.png"
    _random("RGB", (64, 64)).save(truncated)
    truncated.write_bytes(truncated.read_bytes()[:2000])
    wide = folder / "wide.png"
    Image.new("L", (20_000, 2)).save(wide)
    cmyk = folder / "cmyk.tiff"
    Image.new("CMYK", (4, 4)).save(cmyk)
    deep_gray = folder / "deep.png"
    Image.fromarray(np.arange(16, dtype=np.uint16).reshape(4, 4) * 4000).save(deep_gray)
    animated = folder / "animated.webp"
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(animated, save_all=True, append_images=frames[1:])
    return {
        "missing": (folder / "nowhere.png", "There is no file"),
        "folder": (folder, "is a folder"),
        "text": (text, "Accepted are PNG, JPEG"),
        "truncated": (truncated, "is damaged"),
        "20,000 wide": (wide, "20000x2: pictures may be up to"),
        "CMYK": (cmyk, "is CMYK. Accepted are 8-bit RGB"),
        "16-bit gray": (deep_gray, "more than 8 bits"),
        "16-bit RGB": (_sixteen_bit_rgb_png(folder / "deep_rgb.png"), "more than 8 bits"),
        "animated": (animated, "has 2 frames"),
    }


@pytest.mark.parametrize(
    "name",
    [
        "missing",
        "folder",
        "text",
        "truncated",
        "20,000 wide",
        "CMYK",
        "16-bit gray",
        "16-bit RGB",
        "animated",
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    path, sentence = _bad_files(tmp_path)[name]
    with pytest.raises(InputFailure) as refusal:
        load_picture(path)
    assert sentence in str(refusal.value)


def test_a_mask_of_another_size_names_both_sizes(tmp_path: Path) -> None:
    _random("RGB", (7, 5)).save(tmp_path / "picture.png")
    _random("L", (5, 7)).save(tmp_path / "mask.png")
    with pytest.raises(InputFailure, match=r"5x7.*7x5"):
        load_mask(tmp_path / "mask.png", load_picture(tmp_path / "picture.png"))


def test_an_empty_mask_says_what_to_do(tmp_path: Path) -> None:
    _random("RGB").save(tmp_path / "picture.png")
    Image.new("L", (7, 5)).save(tmp_path / "mask.png")
    with pytest.raises(InputFailure, match="Paint white"):
        load_mask(tmp_path / "mask.png", load_picture(tmp_path / "picture.png"))


def test_a_transparent_mask_paints_where_it_is_transparent(tmp_path: Path) -> None:
    pixels = np.full((5, 7, 4), 255, np.uint8)
    pixels[1:3, 2:4, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    _random("RGB").save(tmp_path / "picture.png")
    mask = load_mask(tmp_path / "mask.png", load_picture(tmp_path / "picture.png"))
    expected = np.zeros((5, 7), np.uint8)
    expected[1:3, 2:4] = 255
    assert np.array_equal(mask, expected)


def test_a_selected_rectangle_becomes_a_mask(tmp_path: Path) -> None:
    _random("RGB").save(tmp_path / "picture.png")
    mask = rect_mask(Rect(2, 1, 3, 2), load_picture(tmp_path / "picture.png"))
    assert mask.sum() == 255 * 6
    assert mask[1, 2] == mask[2, 4] == 255


def test_a_rectangle_outside_the_picture_is_refused_with_its_size(tmp_path: Path) -> None:
    _random("RGB").save(tmp_path / "picture.png")
    with pytest.raises(InputFailure, match="which is 7x5"):
        rect_mask(Rect(5, 1, 3, 2), load_picture(tmp_path / "picture.png"))


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,0,4", "a,b,c,d", "1;2;3;4"])
def test_a_rectangle_that_is_none_shows_how_to_write_one(text: str) -> None:
    with pytest.raises(InputFailure, match="left,top,width,height"):
        parse_rect(text)


@pytest.mark.parametrize("text", ["", "512", "0x10", "512x99999", "axb"])
def test_a_size_that_is_none_shows_how_to_write_one(text: str) -> None:
    with pytest.raises(InputFailure, match="WIDTHxHEIGHT"):
        parse_size(text)


def test_sides_to_extend_are_read_in_any_order() -> None:
    assert parse_extension("right=3, top=2") == Extension(top=2, right=3)


@pytest.mark.parametrize("text", ["", "left", "up=3", "left=-3", "left=0,right=0"])
def test_an_extension_that_is_none_says_what_is_accepted(text: str) -> None:
    with pytest.raises(InputFailure, match="--extend"):
        parse_extension(text)
