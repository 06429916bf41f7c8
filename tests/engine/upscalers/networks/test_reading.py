"""Networks read from files compute what their papers say."""

from __future__ import annotations

import importlib.machinery
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from engine import ModelError
from engine.upscalers.networks.reading import read
from tests.engine.upscalers.networks.files import (
    FIRST,
    SECOND,
    THIRD,
    convolution,
    drawn,
    flattened,
    rrdb,
    rrdb_by_hand,
    srvgg,
    srvgg_by_hand,
    written,
)


def picture(side: int = 8, channels: int = 3) -> torch.Tensor:
    return torch.rand(1, channels, side, side + 4, generator=drawn(9))


@pytest.mark.parametrize("layout", [FIRST, SECOND, THIRD])
@pytest.mark.parametrize(("ups", "fold"), [(1, 1), (2, 1), (3, 1), (2, 2), (2, 4)])
def test_rrdbnet_is_what_its_equations_say(
    tmp_path: Path, layout: str, ups: int, fold: int
) -> None:
    layers = rrdb(ups=ups, fold=fold)
    net = read(written(tmp_path / "net.safetensors", flattened(layers, layout)), "cpu", "fp32")
    with torch.inference_mode():
        assert torch.allclose(net.run(picture()), rrdb_by_hand(layers, picture(), fold), atol=1e-5)
    assert (net.scale, net.multiple) == (2**ups // fold, fold)


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize(
    ("prelu", "said", "slope"), [(True, {}, 0.0), (False, {}, 0.0), (False, {"a": "leaky"}, 0.1)]
)
def test_srvgg_is_what_its_equations_say(
    tmp_path: Path, scale: int, prelu: bool, said: dict[str, str], slope: float
) -> None:
    state = srvgg(scale=scale, prelu=prelu)
    metadata = {"activation": "leakyrelu"} if said else {}
    net = read(written(tmp_path / "net.safetensors", state, **metadata), "cpu", "fp32")
    with torch.inference_mode():
        by_hand = srvgg_by_hand(state, picture(), scale, slope)
        assert torch.allclose(net.run(picture()), by_hand, atol=1e-5)


def test_the_further_residuals_of_esrgan_plus_are_there(tmp_path: Path) -> None:
    layers = rrdb(nb=1, ups=1)
    state = flattened(layers, FIRST)
    plain = read(written(tmp_path / "plain.safetensors", state), "cpu", "fp32")
    for part in (1, 2, 3):
        one = convolution(4, 6, drawn(part), side=1)["weight"]
        state[f"model.1.sub.0.RDB{part}.conv1x1.weight"] = one
    net = read(written(tmp_path / "plus.safetensors", state), "cpu", "fp32")
    block: Any = net.network.get_submodule("body.0.rdb1")
    x = torch.rand(1, 6, 5, 5, generator=drawn(3))

    def layer(number: int, seen: list[torch.Tensor]) -> torch.Tensor:
        weights = layers[f"0 1 {number}"]
        out = torch.conv2d(torch.cat(seen, 1), weights["weight"], weights["bias"], padding=1)
        return out if number == 5 else torch.where(out > 0, out, 0.2 * out)

    x1 = layer(1, [x])
    x2 = layer(2, [x, x1]) + torch.conv2d(x, state["model.1.sub.0.RDB1.conv1x1.weight"])
    x3 = layer(3, [x, x1, x2])
    x4 = layer(4, [x, x1, x2, x3]) + x2
    expected = x + 0.2 * layer(5, [x, x1, x2, x3, x4])
    with torch.inference_mode():
        assert torch.allclose(block(x), expected, atol=1e-6)
        assert not torch.allclose(net.run(picture()), plain.run(picture()), atol=1e-3)


def test_a_file_in_half_precision_is_computed_in_the_precision_asked(tmp_path: Path) -> None:
    half = {name: tensor.half() for name, tensor in srvgg().items()}
    net = read(written(tmp_path / "net.safetensors", half), "cpu", "fp32")
    assert next(net.network.parameters()).dtype == torch.float32
    bf16 = read(tmp_path / "net.safetensors", "cpu", "bf16")
    with torch.inference_mode():
        exact, short = net.run(picture()), bf16.run(picture().bfloat16()).float()
    assert 0 < (exact - short).abs().max() < 0.05


def test_a_file_with_a_missing_layer_says_so(tmp_path: Path) -> None:
    state = flattened(rrdb(), THIRD)
    del state["body.1.rdb2.conv3.bias"]
    with pytest.raises(ModelError, match=r"does not hold.*conv3\.bias"):
        read(written(tmp_path / "net.safetensors", state), "cpu", "fp32")


def test_other_kinds_need_spandrel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.upscalers.networks.foreign.find_spec", lambda _: None)
    path = written(tmp_path / "net.safetensors", {"layers.0.weight": torch.zeros(3)})
    with pytest.raises(ModelError, match=r"neither RRDBNet.*mahlstick\[upscalers\]"):
        read(path, "cpu", "fp32")


class Doubled(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


class Descriptor:
    """What spandrel says of a network, as its documentation lists it."""

    input_channels = output_channels = 3
    scale = 2
    supports_half, supports_bfloat16 = False, True
    size_requirements = SimpleNamespace(minimum=16, multiple_of=8, square=False)

    def __init__(self) -> None:
        self.model = Doubled()

    def eval(self) -> Descriptor:
        return self

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x)


class UnsupportedModelError(Exception):
    pass


@pytest.fixture
def spandrel(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stand in for spandrel, whose torchvision has no build where this is tested."""
    given: dict[str, Any] = {"answer": Descriptor()}

    class ModelLoader:
        def __init__(self, device: str) -> None:
            self.device = device

        def load_from_state_dict(self, state: dict[str, torch.Tensor]) -> Any:
            given["state"] = state
            if isinstance(given["answer"], Exception):
                raise given["answer"]
            return given["answer"]

    module: Any = ModuleType("spandrel")
    module.__spec__ = importlib.machinery.ModuleSpec("spandrel", None)
    module.ModelLoader = ModelLoader
    module.ImageModelDescriptor = Descriptor
    module.UnsupportedModelError = UnsupportedModelError
    monkeypatch.setitem(sys.modules, "spandrel", module)
    return given


def test_spandrel_is_given_tensors_and_its_word_is_kept(tmp_path: Path, spandrel: Any) -> None:
    path = written(tmp_path / "net.safetensors", {"layers.0.weight": torch.arange(3.0)})
    net = read(path, "cpu", "fp16")
    assert spandrel["state"]["layers.0.weight"].tolist() == [0.0, 1.0, 2.0]
    assert (net.scale, net.channels, net.multiple, net.reach) == (2, 3, 16, None)
    assert net.dtype == torch.float32, "it says that it cannot compute in half precision"
    assert net.run(picture()).shape == (1, 3, 16, 24)


@pytest.mark.parametrize("answer", [UnsupportedModelError("unknown keys"), object()])
def test_what_spandrel_does_not_know_is_a_sentence(
    tmp_path: Path, spandrel: Any, answer: object
) -> None:
    spandrel["answer"] = answer
    path = written(tmp_path / "net.safetensors", {"layers.0.weight": torch.zeros(3)})
    with pytest.raises(ModelError, match="hoose another"):
        read(path, "cpu", "fp32")


def test_a_network_that_changes_the_channels_is_refused(tmp_path: Path, spandrel: Any) -> None:
    spandrel["answer"].output_channels = 1
    path = written(tmp_path / "net.safetensors", {"layers.0.weight": torch.zeros(3)})
    with pytest.raises(ModelError, match="3 channels into 1"):
        read(path, "cpu", "fp32")
