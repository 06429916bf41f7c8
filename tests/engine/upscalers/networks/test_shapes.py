"""What a header tells of an upscaling network."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.checkpoints.headers import read_header
from engine.upscalers.networks.shapes import Shape, named, shape_of
from tests.engine.upscalers.networks.files import (
    FIRST,
    SECOND,
    THIRD,
    flattened,
    rrdb,
    srvgg,
    written,
)


def told(folder: Path, state: dict[str, torch.Tensor], **metadata: str) -> Shape | None:
    return shape_of(read_header(written(folder / "net.safetensors", state, **metadata)))


@pytest.mark.parametrize("layout", [FIRST, SECOND, THIRD])
@pytest.mark.parametrize("ups", [0, 1, 2, 3])
def test_all_three_layouts_tell_the_same_size(tmp_path: Path, layout: str, ups: int) -> None:
    found = told(tmp_path, flattened(rrdb(ups=ups, nb=3, nf=6, gc=4), layout))
    assert found == Shape(
        architecture="rrdb",
        channels=3,
        features=6,
        blocks=3,
        growth=4,
        upsamplings=ups,
        scale=2**ups,
    )


@pytest.mark.parametrize(("fold", "scale"), [(1, 4), (2, 2), (4, 1)])
def test_pixels_turned_into_channels_lower_the_scale(tmp_path: Path, fold: int, scale: int) -> None:
    found = told(tmp_path, flattened(rrdb(ups=2, fold=fold), THIRD))
    assert found is not None
    assert (found.scale, found.shuffle, found.channels) == (scale, fold, 3)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_the_compact_network_tells_its_scale(tmp_path: Path, channels: int, scale: int) -> None:
    found = told(tmp_path, srvgg(c=channels, scale=scale, blocks=5, nf=7))
    assert found == Shape(
        architecture="srvgg",
        channels=channels,
        features=7,
        blocks=5,
        scale=scale,
        activation="prelu",
    )


@pytest.mark.parametrize(
    ("said", "activation"),
    [({}, "relu"), ({"activation": "LeakyReLU"}, "leakyrelu"), ({"act_type": "relu"}, "relu")],
)
def test_an_activation_without_weights_is_what_the_file_says(
    tmp_path: Path, said: dict[str, str], activation: str
) -> None:
    found = told(tmp_path, srvgg(prelu=False), **said)
    assert found is not None
    assert found.activation == activation


@pytest.mark.parametrize("prefix", ["params_ema.", "params.", "module."])
def test_what_a_trainer_wrapped_around_is_taken_off(tmp_path: Path, prefix: str) -> None:
    state = {prefix + name: tensor for name, tensor in flattened(rrdb(), FIRST).items()}
    assert told(tmp_path, state) == told(tmp_path, flattened(rrdb(), THIRD))


def test_the_names_of_all_layouts_become_those_of_our_modules() -> None:
    ours = flattened(rrdb(ups=3), THIRD)
    assert list(named(flattened(rrdb(ups=3), FIRST))) == list(ours)
    assert list(named(flattened(rrdb(ups=3), SECOND))) == list(ours)
    assert named(ours).keys() == ours.keys()


@pytest.mark.parametrize(
    "state",
    [
        {"layer.weight": torch.zeros(3, 3)},
        {"body.0.weight": torch.zeros(4, 3, 3, 3), "body.1.weight": torch.zeros(4)},
        {"conv_first.weight": torch.zeros(4, 3, 3, 3), "conv_last.weight": torch.zeros(3, 4, 3, 3)},
        {**srvgg(), "tail.weight": torch.zeros(1)},
        flattened(rrdb(c=2), THIRD),
        {**flattened(rrdb(), THIRD), "conv_up1.weight": torch.zeros(24, 6, 3, 3)},
    ],
)
def test_what_is_neither_has_no_shape(tmp_path: Path, state: dict[str, torch.Tensor]) -> None:
    assert told(tmp_path, state) is None


def test_how_far_a_network_looks_is_told() -> None:
    compact = Shape(architecture="srvgg", channels=3, features=4, blocks=3, scale=2)
    assert compact.reach == 5
    dense = Shape(architecture="rrdb", channels=3, features=4, blocks=2, scale=2, shuffle=2)
    assert dense.reach == 2 * (30 + 5)
