"""How a model is held, for models and machines as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine import OutOfMemoryError, Size
from engine.residency.memory import Memory
from engine.residency.needs import Needs
from engine.residency.planner import (
    GIB,
    RESERVE,
    NothingFitsError,
    Wish,
    batch_that_fits,
    planned,
    resident,
    tile_that_fits,
)


def gib(number: float) -> int:
    return int(number * GIB)


SD1 = Needs(
    {"unet": gib(1.6), "vae": gib(0.16), "text_encoder": gib(0.23)}, "sd1", precision="bf16"
)
SDXL = Needs(
    {"unet": gib(4.8), "vae": gib(0.16), "text_encoder": gib(0.23), "text_encoder_2": gib(1.3)},
    "sdxl",
    precision="bf16",
)
FLUX = Needs(
    {"transformer": gib(22.2), "vae": gib(0.16), "text_encoder": gib(0.23), "t5": gib(8.9)},
    "flux1",
    precision="bf16",
)


def on(device: float, main: float = 32.0, **more: Any) -> Wish:
    usual: dict[str, Any] = {"device": "cuda", "precision": "bf16", "working": Size(1024, 1024)}
    return Wish(memory=Memory(gib(main), gib(device)), **{**usual, **more})


@pytest.mark.parametrize(
    ("needs", "device", "main", "expected"),
    [
        (SD1, 8, 16, "none"),
        (SDXL, 24, 32, "none"),
        (SDXL, 6.9, 16, "model"),
        (SDXL, 5.5, 16, "group"),
        (SDXL, 2.5, 16, "layer"),
        (FLUX, 80, 64, "none"),
        (FLUX, 25, 64, "model"),
        (FLUX, 12, 64, "group"),
        (FLUX, 24, 24, "none eight bits"),
        (FLUX, 16, 24, "model eight bits"),
        (FLUX, 5, 64, "layer"),
    ],
)
def test_the_best_way_that_fits_is_chosen(
    needs: Needs, device: float, main: float, expected: str
) -> None:
    found = planned(needs, on(device, main))
    told = found.offload + (" eight bits" if found.eight_bits else "")
    assert told == expected
    assert (found.device, found.precision) == ("cuda", "bf16")
    assert bool(found.note) == (expected != "none" or found.decode_tile is not None)


def test_more_memory_is_never_used_worse() -> None:
    order = ["none", "model", "group", "layer"]
    for needs in (SD1, SDXL, FLUX):
        ways = [planned(needs, on(size / 2, 64.0)).offload for size in range(10, 160, 3)]
        ranks = [order.index(way) for way in ways]
        assert ranks == sorted(ranks, reverse=True)


def test_what_is_chosen_fits_by_its_own_numbers() -> None:
    for size in range(4, 48):
        found = planned(SDXL, on(size / 2))
        if found.device == "cpu":
            continue
        tile = found.decode_tile or 1024
        work = max(SDXL.denoising(Size(1024, 1024), 2), SDXL.decoding(Size(tile, tile)))
        assert work + resident(found, SDXL) < gib(size / 2) - RESERVE


def test_decoding_in_tiles_is_chosen_before_weights_are_moved() -> None:
    whole = planned(SDXL, on(16))
    assert (whole.offload, whole.decode_tile, whole.note) == ("none", None, "")
    tiled = planned(SDXL, on(8.0))
    assert tiled.offload == "none"
    assert tiled.decode_tile is not None
    assert f"in tiles of {tiled.decode_tile} pixels" in tiled.note


def test_rounding_to_eight_bits_needs_leave_and_a_transformer() -> None:
    for device in range(3, 30):
        assert not planned(SDXL, on(float(device), 7.0)).eight_bits
        assert not planned(FLUX, on(float(device), 45.0, may_round=False)).eight_bits
    assert planned(FLUX, on(24.0, 24.0)).eight_bits


def test_a_way_the_painter_chose_is_taken_where_it_fits() -> None:
    assert planned(SDXL, on(24, offload="group")).offload == "group"
    assert planned(SDXL, on(5.5, offload="model")).offload == "group", "not the model's turns"


def test_a_family_that_cannot_be_brought_over_paints_whole_or_in_main_memory() -> None:
    assert planned(SDXL, on(24, offloads=False)).offload == "none"
    found = planned(SDXL, on(4, 64, offloads=False))
    assert (found.device, found.offload, found.precision) == ("cpu", "none", "fp32")
    assert "main memory" in found.note


def test_too_small_a_device_and_much_main_memory_paint_there() -> None:
    found = planned(SDXL, on(0.7, 64))
    assert (found.device, found.precision) == ("cpu", "fp32")
    assert "it paints in main memory" in found.note


def alone(main: float, **more: Any) -> Wish:
    usual: dict[str, Any] = {"device": "cpu", "precision": "fp32", "working": Size(512, 512)}
    return Wish(memory=Memory(gib(main)), **{**usual, **more})


def test_main_memory_alone_holds_half_the_bytes_where_it_is_short() -> None:
    plenty = planned(SD1, alone(16))
    assert (plenty.precision, plenty.note) == ("fp32", "")
    short = planned(SD1, alone(3.4))
    assert short.precision == "bf16"
    assert "computed in bf16" in short.note
    with pytest.raises(NothingFitsError):
        planned(SD1, alone(3.4, may_round=False))


@pytest.mark.parametrize("wish", [alone(0.5), on(0.6, 0.5)])
def test_where_nothing_fits_a_sentence_says_what_is_needed_and_free(wish: Wish) -> None:
    with pytest.raises(OutOfMemoryError, match=r"needs .* GiB .*0\.5 GiB of main memory are free"):
        planned(SD1, wish)


def test_attention_is_chunked_where_it_writes_its_matrix_down() -> None:
    assert planned(SD1, replace(on(16), device="mps", offloads=False)).chunked_attention
    assert not planned(SD1, on(16)).chunked_attention


def test_a_model_nobody_knows_needs_room_for_its_weights() -> None:
    unknown = Needs({"weights": gib(2)}, None, "fp32")
    assert planned(unknown, alone(3)).note == ""
    with pytest.raises(NothingFitsError):
        planned(unknown, alone(0.9))


def test_a_batch_is_as_large_as_a_steps_memory_allows() -> None:
    each = SDXL.denoising(Size(1024, 1024), 2)
    assert batch_that_fits(SDXL, Size(1024, 1024), 10 * each, guided=True) == 7
    assert batch_that_fits(SDXL, Size(1024, 1024), 10 * each, guided=False) == 15
    assert batch_that_fits(SDXL, Size(1024, 1024), 0, guided=True) == 1
    assert batch_that_fits(Needs({}, None), Size(64, 64), 0, guided=True) == 16


@pytest.mark.parametrize(("free", "tile"), [(64, None), (1.5, 768), (0.3, 256), (0.0, 256)])
def test_tiles_of_decoding_fit_what_is_left(free: float, tile: int | None) -> None:
    assert tile_that_fits(SDXL, Size(2048, 2048), gib(free)) == tile
