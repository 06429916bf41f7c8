"""Pictures of strangers, and previews that stay small."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from bridge.pictures import image_of, mask_of, preview_of
from bridge.wire.limits import MAX_PREVIEW_BYTES
from bridge.wire.messages import Picture, PictureFormat
from engine import RequestError

NOISE = np.random.default_rng(1).integers(0, 256, (6, 5, 4), np.uint8)


def file_of(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("rgba8", NOISE.tobytes()),
        ("rgba16", (NOISE.astype("<u2") * 257).tobytes()),
        ("png", file_of(Image.fromarray(NOISE, "RGBA"), "PNG")),
        ("webp", file_of(Image.fromarray(NOISE, "RGBA"), "WEBP", lossless=True, exact=True)),
    ],
)
def test_every_lossless_form_gives_the_same_bytes(form: PictureFormat, data: bytes) -> None:
    assert np.array_equal(image_of(Picture(5, 6, form, data)), NOISE)


def test_pictures_without_alpha_are_opaque() -> None:
    colour = image_of(Picture(5, 6, "rgb8", NOISE[..., :3].tobytes()))
    assert np.array_equal(colour[..., :3], NOISE[..., :3])
    assert np.all(colour[..., 3] == 255)
    gray = image_of(Picture(5, 6, "gray8", NOISE[..., 0].tobytes()))
    assert np.array_equal(gray[..., 2], NOISE[..., 0])
    assert np.array_equal(mask_of(Picture(5, 6, "gray8", NOISE[..., 0].tobytes())), NOISE[..., 0])


def test_sixteen_bits_are_rounded_not_cut() -> None:
    wide = np.array([[0, 128, 129, 65535]], "<u2")
    picture = Picture(1, 1, "rgba16", wide.tobytes())
    assert image_of(picture).tolist() == [[[0, 0, 1, 255]]]
    gray = Image.fromarray(np.array([[0, 257 * 100]], np.uint16))
    png = image_of(Picture(2, 1, "png", file_of(gray, "PNG")))
    assert png[0, :, 0].tolist() == [0, 100]


def test_a_cmyk_jpeg_is_read() -> None:
    image = Image.new("CMYK", (8, 4), (0, 0, 0, 0))
    pixels = image_of(Picture(8, 4, "jpeg", file_of(image, "JPEG")))
    assert pixels.shape == (4, 8, 4)
    assert pixels.min() > 250


def bomb() -> bytes:
    """Return a small PNG that claims 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checked = kind + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


ANIMATED = file_of(
    Image.new("RGB", (5, 6)),
    "PNG",
    save_all=True,
    append_images=[Image.new("RGB", (5, 6), "red")],
)
PNG = file_of(Image.fromarray(NOISE, "RGBA"), "PNG")


@pytest.mark.parametrize(
    ("form", "data", "said"),
    [
        ("png", b"not a picture at all", "damaged"),
        ("png", PNG[: len(PNG) // 2], "damaged"),
        ("png", bomb(), "cannot be read|60000x60000"),
        ("png", ANIMATED, "animated"),
        ("jpeg", PNG, "JPEG"),
        ("png", file_of(Image.new("RGB", (5, 6)), "BMP"), "PNG"),
        ("png", file_of(Image.new("RGB", (6, 5)), "PNG"), "6x5.*5x6"),
        ("rgba8", NOISE.tobytes()[:-1], "119 bytes.*120"),
        ("rgba8", b"", "0 bytes"),
    ],
)
def test_a_bad_picture_is_a_sentence_about_its_field(
    form: PictureFormat, data: bytes, said: str
) -> None:
    with pytest.raises(RequestError, match=said) as wrong:
        image_of(Picture(5, 6, form, data))
    assert wrong.value.field == "image"


def test_a_mask_is_gray() -> None:
    with pytest.raises(RequestError, match="gray8") as wrong:
        mask_of(Picture(5, 6, "rgba8", NOISE.tobytes()))
    assert wrong.value.field == "mask"


@pytest.mark.parametrize("side", [16, 64, 256, 1024])
def test_even_noise_makes_a_small_preview(side: int) -> None:
    noise = np.random.default_rng(side).integers(0, 256, (1024, 768, 3), np.uint8)
    preview = preview_of(noise, "jpeg", side)
    assert len(preview.data) <= MAX_PREVIEW_BYTES
    assert max(preview.width, preview.height) <= side
    with Image.open(io.BytesIO(preview.data)) as image:
        assert image.size == (preview.width, preview.height)


def test_raw_previews_fit_and_keep_their_shape() -> None:
    wide = preview_of(np.zeros((40, 160, 3), np.uint8), "rgb8", 80)
    assert (wide.width, wide.height, len(wide.data)) == (80, 20, 80 * 20 * 3)
    small = preview_of(NOISE[..., :3], "rgba8", 80)
    assert (small.width, small.height) == (5, 6)
    assert np.array_equal(
        np.frombuffer(small.data, np.uint8).reshape(6, 5, 4)[..., :3], NOISE[..., :3]
    )


def test_a_thin_preview_keeps_a_pixel() -> None:
    thin = preview_of(np.zeros((1, 4000, 3), np.uint8), "jpeg", 64)
    assert (thin.width, thin.height) == (64, 1)
