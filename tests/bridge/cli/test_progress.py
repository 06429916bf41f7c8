"""What the terminal shows while a picture forms."""

from __future__ import annotations

import io

from PIL import Image
from rich.console import Console

from bridge.cli.progress import Progress, half_blocks, opened
from bridge.wire.messages import Picture, Preview, Queued


def _red_over_blue() -> Picture:
    image = Image.new("RGB", (4, 4), "red")
    image.paste("blue", (0, 2, 4, 4))
    return Picture(4, 4, "rgb8", image.tobytes())


def test_a_character_shows_two_pixels_one_above_the_other() -> None:
    text = half_blocks(_red_over_blue(), 2)
    assert text.plain == "▀▀\n"
    style = text.spans[0].style
    assert "#ff0000" in str(style)
    assert "#0000ff" in str(style)


def test_a_jpeg_preview_is_opened_as_rgb() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(stream, "JPEG")
    assert opened(Picture(8, 8, "jpeg", stream.getvalue())).size == (8, 8)


def test_every_candidate_has_a_bar_with_its_step() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100)
    with Progress(console, "painting", pictures=False) as progress:
        progress.show(Preview(1, "job", 0, 3, 20, _red_over_blue()))
        progress.show(Preview(2, "job", 1, 2, 20, _red_over_blue()))
    assert "3/20" in stream.getvalue()
    assert "2/20" in stream.getvalue()


def test_without_a_terminal_nothing_is_drawn() -> None:
    stream = io.StringIO()
    with Progress(Console(file=stream), "painting") as progress:
        progress.show(Queued(1, "job", 2))
    assert stream.getvalue() == ""
