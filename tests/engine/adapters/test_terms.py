"""LyCORIS' kinds against the formulas of their papers, written out here once more, in float64."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.adapters import Wanted, terms
from engine.adapters.adapters import Adapters
from engine.errors import ModelError, RequestError
from tests.engine.tiny_checkpoints import loras

STRENGTH = 0.7
ALPHA = 3.0


class Layers(nn.Module):
    """One layer of each kind that can be added to."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(12, 8)
        self.square = nn.Linear(8, 8, bias=False)
        self.conv = nn.Conv2d(4, 6, 3, stride=2, padding=1)
        self.thin = nn.Conv2d(4, 6, 1)
        self.group = nn.GroupNorm(2, 6)
        self.layer = nn.LayerNorm(8)


SHAPES: Mapping[str, tuple[int, ...]] = {
    "linear": (8, 12),
    "square": (8, 8),
    "conv": (6, 4, 3, 3),
    "thin": (6, 4, 1, 1),
}


@pytest.fixture
def layers() -> Layers:
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        made = Layers().eval().requires_grad_(False)
        nn.init.normal_(made.group.weight)
        nn.init.normal_(made.layer.weight)
    return made


def drawn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed + sum(shape)))


def inputs(name: str, layers: Layers) -> Tensor:
    layer = layers.get_submodule(name)
    if isinstance(layer, nn.Conv2d):
        return drawn(2, layer.in_channels, 5, 5)
    if isinstance(layer, nn.GroupNorm):
        return drawn(2, 6, 5, 5)
    return drawn(2, 3, layer.weight.shape[-1])


def computed(name: str, layers: Layers, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return a layer's result with another weight, from torch's functions alone, in float64."""
    layer, x = layers.get_submodule(name), inputs(name, layers).double()
    if isinstance(layer, nn.Conv2d):
        made = functional.conv2d(x, weight, bias, layer.stride, layer.padding)
    elif isinstance(layer, nn.GroupNorm):
        made = functional.group_norm(x, 2, weight, bias)
    elif isinstance(layer, nn.LayerNorm):
        made = functional.layer_norm(x, (8,), weight, bias)
    else:
        made = functional.linear(x, weight, bias)
    return made


def check(
    name: str,
    layers: Layers,
    tensors: Mapping[str, Tensor],
    changed: Callable[[Tensor], Tensor],
    folder: Path,
    strength: float = STRENGTH,
    of_bias: Tensor | None = None,
) -> None:
    """Hold a file's effect on a layer against a formula for its weight at strength 1."""
    path = loras.save(
        folder / "x.safetensors", {f"lora_unet_{name}.{slot}": t for slot, t in tensors.items()}
    )
    layer, x = layers.get_submodule(name), inputs(name, layers)
    before = layer(x)
    adapters = Adapters({"unet": layers})
    assert adapters.use([Wanted("x", path, strength)]) == ()
    ours = layer(x)
    own = layer.weight.double()
    weight = own + strength * (changed(own) - own)
    bias = None if layer.bias is None else layer.bias.double()
    if of_bias is not None:
        bias = strength * of_bias.double() + (0.0 if bias is None else bias)
    wanted = computed(name, layers, weight, bias)
    torch.testing.assert_close(ours.double(), wanted, rtol=1e-5, atol=1e-5)
    assert (ours - before).abs().max() > 1e-3
    adapters.use([])
    assert torch.equal(layer(x), before)


def alpha() -> dict[str, Tensor]:
    return {"alpha": torch.tensor(ALPHA)}


@pytest.mark.parametrize("name", SHAPES)
def test_lora(name: str, layers: Layers, tmp_path: Path) -> None:
    out, inner, *kernel = SHAPES[name]
    down, up = drawn(2, inner, *kernel), drawn(out, 2, *(1 for _ in kernel))

    def changed(own: Tensor) -> Tensor:
        change = up.double().reshape(out, 2) @ down.double().reshape(2, -1)
        return own + ALPHA / 2 * change.reshape(own.shape)

    check(
        name,
        layers,
        {"lora_down.weight": down, "lora_up.weight": up, **alpha()},
        changed,
        tmp_path,
    )


def test_locon_with_a_core(layers: Layers, tmp_path: Path) -> None:
    down, core, up = drawn(3, 4, 1, 1), drawn(2, 3, 3, 3), drawn(6, 2, 1, 1)
    x = inputs("conv", layers)
    own = layers.conv(x)
    # The three convolutions behind each other that training used.
    middle = functional.conv2d(functional.conv2d(x, down), core, stride=2, padding=1)
    path = loras.save(
        tmp_path / "x.safetensors",
        {
            "lora_unet_conv.lora_down.weight": down,
            "lora_unet_conv.lora_mid.weight": core,
            "lora_unet_conv.lora_up.weight": up,
            "lora_unet_conv.alpha": torch.tensor(ALPHA),
        },
    )
    Adapters({"unet": layers}).use([Wanted("x", path, STRENGTH)])
    wanted = own + STRENGTH * ALPHA / 3 * functional.conv2d(middle, up)
    torch.testing.assert_close(layers.conv(x), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SHAPES)
def test_loha(name: str, layers: Layers, tmp_path: Path) -> None:
    out, inner, *kernel = SHAPES[name]
    width = inner * int(torch.tensor(kernel or [1]).prod())
    a1, b1, a2, b2 = (
        drawn(*shape, seed=seed)
        for seed, shape in enumerate([(out, 2), (2, width), (out, 2), (2, width)])
    )

    def changed(own: Tensor) -> Tensor:
        change = torch.zeros(out, width, dtype=torch.float64)
        for o, i in itertools.product(range(out), range(width)):
            first = sum(a1[o, r].double() * b1[r, i].double() for r in range(2))
            second = sum(a2[o, r].double() * b2[r, i].double() for r in range(2))
            change[o, i] = first * second
        return own + ALPHA / 2 * change.reshape(own.shape)

    tensors = {"hada_w1_a": a1, "hada_w1_b": b1, "hada_w2_a": a2, "hada_w2_b": b2, **alpha()}
    check(name, layers, tensors, changed, tmp_path)


def test_loha_with_cores(layers: Layers, tmp_path: Path) -> None:
    t1, t2 = drawn(2, 2, 3, 3), drawn(2, 2, 3, 3, seed=2)
    a1, a2, b1, b2 = drawn(2, 6), drawn(2, 6, seed=3), drawn(2, 4), drawn(2, 4, seed=4)

    def rebuilt(core: Tensor, a: Tensor, b: Tensor) -> Tensor:
        made = torch.zeros(6, 4, 3, 3, dtype=torch.float64)
        for n, m in itertools.product(range(2), range(2)):
            outer = a[n].double()[:, None] * b[m].double()[None, :]
            made += outer[:, :, None, None] * core[n, m].double()
        return made

    def changed(own: Tensor) -> Tensor:
        return own + ALPHA / 2 * rebuilt(t1, a1, b1) * rebuilt(t2, a2, b2)

    tensors = {"hada_w1_a": a1, "hada_w1_b": b1, "hada_w2_a": a2, "hada_w2_b": b2}
    check("conv", layers, {**tensors, "hada_t1": t1, "hada_t2": t2, **alpha()}, changed, tmp_path)


def kronecker(first: Tensor, second: Tensor) -> Tensor:
    """Return every product of two factors' numbers, block by block."""
    rows, columns = first.shape
    return torch.cat(
        [torch.cat([first[i, j] * second for j in range(columns)], dim=1) for i in range(rows)]
    )


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("linear", (2, 3), (4, 4)), ("square", (4, 2), (2, 4)), ("conv", (2, 2), (3, 2, 3, 3))],
)
@pytest.mark.parametrize("whole", ["both", "first", "second", "neither"])
def test_lokr(
    name: str,
    first: tuple[int, ...],
    second: tuple[int, ...],
    whole: str,
    layers: Layers,
    tmp_path: Path,
) -> None:
    tensors: dict[str, Tensor] = {}

    def factor(slot: str, shape: tuple[int, ...], rank: int, *, is_whole: bool) -> Tensor:
        if is_whole:
            tensors[slot] = drawn(*shape)
            return tensors[slot].double()
        width = int(torch.tensor(shape[1:]).prod())
        left, right = drawn(shape[0], rank), drawn(rank, width)
        tensors[f"{slot}_a"], tensors[f"{slot}_b"] = left, right
        return (left.double() @ right.double()).reshape(shape)

    w1 = factor("lokr_w1", first, 1, is_whole=whole in ("both", "first"))
    w2 = factor("lokr_w2", second, 2, is_whole=whole in ("both", "second"))
    # The rank is the second factor's where that has one; without ranks there is no scale.
    scale = {"both": 1.0, "first": ALPHA / 2, "second": ALPHA / 1, "neither": ALPHA / 2}[whole]

    def changed(own: Tensor) -> Tensor:
        return own + scale * kronecker(w1, w2).reshape(own.shape)

    check(name, layers, {**tensors, **alpha()}, changed, tmp_path)


def test_lokr_with_a_core(layers: Layers, tmp_path: Path) -> None:
    w1, core, a, b = drawn(2, 2), drawn(2, 2, 3, 3), drawn(2, 3), drawn(2, 2, seed=7)

    def changed(own: Tensor) -> Tensor:
        second = torch.zeros(3, 2, 3, 3, dtype=torch.float64)
        for n, m in itertools.product(range(2), range(2)):
            outer = a[n].double()[:, None] * b[m].double()[None, :]
            second += outer[:, :, None, None] * core[n, m].double()
        return own + ALPHA / 2 * kronecker(w1.double(), second)

    tensors = {"lokr_w1": w1, "lokr_t2": core, "lokr_w2_a": a, "lokr_w2_b": b, **alpha()}
    check("conv", layers, tensors, changed, tmp_path)


@pytest.mark.parametrize("on_input", [False, True])
@pytest.mark.parametrize("name", SHAPES)
def test_ia3(name: str, on_input: bool, layers: Layers, tmp_path: Path) -> None:
    out, inner, *kernel = SHAPES[name]
    ones = (1,) * len(kernel)
    factors = drawn(1, inner, *ones) if on_input else drawn(out, 1, *ones)
    tensors = {"weight": factors, "on_input": torch.tensor(on_input)}
    check(name, layers, tensors, lambda own: own * (1 + factors.double()), tmp_path)


@pytest.mark.parametrize("name", [*SHAPES, "group", "layer"])
def test_full_differences_of_weights_and_biases(name: str, layers: Layers, tmp_path: Path) -> None:
    layer = layers.get_submodule(name)
    is_norm = name in ("group", "layer")
    change = drawn(*layer.weight.shape)
    tensors = {"w_norm" if is_norm else "diff": change}
    bias = None
    if name != "square":
        bias = drawn(layer.weight.shape[0], seed=8)
        tensors["b_norm" if is_norm else "diff_b"] = bias
    check(name, layers, tensors, lambda own: own + change.double(), tmp_path, of_bias=bias)


def test_a_bias_for_a_layer_that_has_none(layers: Layers, tmp_path: Path) -> None:
    down, up, bias = drawn(2, 8), drawn(8, 2), drawn(8, seed=9)
    tensors = {"lora_A.weight": down, "lora_B.weight": up, "lora_B.bias": bias}
    check(
        "square",
        layers,
        tensors,
        lambda own: own + up.double() @ down.double(),
        tmp_path,
        of_bias=bias,
    )


@pytest.mark.parametrize("along", ["outputs", "inputs"])
@pytest.mark.parametrize("kind", ["lora", "loha", "lokr"])
@pytest.mark.parametrize("name", ["linear", "square", "conv"])
def test_dora_sets_the_norms_along_the_axis_of_the_file(
    name: str, kind: str, along: str, layers: Layers, tmp_path: Path
) -> None:
    out, inner, *kernel = SHAPES[name]
    width = inner * int(torch.tensor(kernel or [1]).prod())
    if kind == "lora":
        tensors = {
            "lora_down.weight": drawn(2, inner, *kernel),
            "lora_up.weight": drawn(out, 2, *(1 for _ in kernel)),
        }
        change = tensors["lora_up.weight"].double().reshape(out, 2) @ tensors[
            "lora_down.weight"
        ].double().reshape(2, width)
        change = ALPHA / 2 * change
    elif kind == "loha":
        tensors = {"hada_w1_a": drawn(out, 2), "hada_w1_b": drawn(2, width)}
        tensors |= {"hada_w2_a": drawn(out, 2, seed=5), "hada_w2_b": drawn(2, width, seed=6)}
        a1, b1, a2, b2 = (t.double() for t in tensors.values())
        change = ALPHA / 2 * (a1 @ b1) * (a2 @ b2)
    else:
        tensors = {"lokr_w1": drawn(2, 2), "lokr_w2": drawn(out // 2, inner // 2, *kernel)}
        w1, w2 = (t.double() for t in tensors.values())
        change = kronecker(w1, w2)
    ones = (1,) * len(kernel)
    size = (out, 1, *ones) if along == "outputs" else (1, inner, *ones)
    norms = drawn(*size).abs() + 0.5

    def changed(own: Tensor) -> Tensor:
        whole = own + change.reshape(own.shape)
        axes = [axis for axis in range(own.dim()) if axis != (0 if along == "outputs" else 1)]
        return norms.double() * whole / whole.square().sum(axes, keepdim=True).sqrt()

    check(name, layers, {**tensors, "dora_scale": norms, **alpha()}, changed, tmp_path)


def test_kinds_stack_on_one_layer(layers: Layers, tmp_path: Path) -> None:
    down, up = drawn(2, 12), drawn(8, 2)
    a1, b1, a2, b2 = drawn(8, 2), drawn(2, 12), drawn(8, 2, seed=3), drawn(2, 12, seed=4)
    difference, bias = drawn(8, 12, seed=5), drawn(8, seed=6)
    files = {
        "low": {"lora_down.weight": down, "lora_up.weight": up},
        "hada": {"hada_w1_a": a1, "hada_w1_b": b1, "hada_w2_a": a2, "hada_w2_b": b2},
        "diff": {"diff": difference, "diff_b": bias},
    }
    wanted = []
    for name, tensors in files.items():
        named = {f"lora_unet_linear.{slot}": tensor for slot, tensor in tensors.items()}
        path = loras.save(tmp_path / f"{name}.safetensors", named)
        wanted.append(Wanted(name, path, {"low": 0.5, "hada": -0.3, "diff": 2.0}[name]))
    Adapters({"unet": layers}).use(wanted)
    weight = layers.linear.weight.double() + 0.5 * (up.double() @ down.double())
    weight += -0.3 * (a1.double() @ b1.double()) * (a2.double() @ b2.double())
    weight += 2.0 * difference.double()
    expected = computed("linear", layers, weight, layers.linear.bias.double() + 2 * bias.double())
    found = layers.linear(inputs("linear", layers)).double()
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_weights_are_rounded_once(dtype: torch.dtype, layers: Layers, tmp_path: Path) -> None:
    layers.to(dtype)
    change = 1e-2 * drawn(8, 12)
    path = loras.save(tmp_path / "x.safetensors", {"lora_unet_linear.diff": change})
    x = inputs("linear", layers).to(dtype)
    Adapters({"unet": layers}).use([Wanted("x", path)])
    weight = (layers.linear.weight.float() + change).to(dtype)
    assert torch.equal(layers.linear(x), functional.linear(x, weight, layers.linear.bias))


@pytest.mark.parametrize(
    "tensors",
    [
        {"lora_down.weight": drawn(2, 13), "lora_up.weight": drawn(8, 2)},
        {"lora_down.weight": drawn(2, 12), "lora_up.weight": drawn(8, 3)},
        {"lora_down.weight": drawn(2, 12), "lora_up.weight": drawn(8)},
        {"lokr_w1": drawn(2, 2), "lokr_w2": drawn(4, 4)},
        {"hada_w1_a": drawn(8, 2), "hada_w1_b": drawn(2, 12)}
        | {"hada_w2_a": drawn(8, 3), "hada_w2_b": drawn(2, 12)},
        {"diff": drawn(12, 8)},
        {"diff_b": drawn(12)},
        {"weight": drawn(5), "on_input": torch.tensor(False)},
        {"lora_down.weight": drawn(2, 12), "lora_up.weight": drawn(8, 2), "dora_scale": drawn(9)},
    ],
)
def test_what_does_not_fit_is_refused_whole(
    tensors: dict[str, Tensor], layers: Layers, tmp_path: Path
) -> None:
    named = {f"lora_unet_linear.{slot}": tensor for slot, tensor in tensors.items()}
    named |= {"lora_unet_square.diff": drawn(8, 8)}
    path = loras.save(tmp_path / "x.safetensors", named)
    with pytest.raises(RequestError, match="1 of its 2 layers have other sizes"):
        Adapters({"unet": layers}).use([Wanted("x", path)])
    assert "forward" not in layers.square.__dict__


def test_what_depends_on_weights_that_are_elsewhere_is_a_sentence(
    layers: Layers, tmp_path: Path
) -> None:
    own = layers.linear.forward
    layers.linear.forward = lambda x: own(x)  # as offloading wraps it
    difference = drawn(8, 12)
    plain = loras.save(tmp_path / "plain.safetensors", {"lora_unet_linear.diff": difference})
    adapters = Adapters({"unet": layers})
    adapters.use([Wanted("plain", plain, 0.5)])
    x = inputs("linear", layers)
    wanted = own(x) + 0.5 * functional.linear(x, difference)
    torch.testing.assert_close(layers.linear(x), wanted)
    tensors = {"weight": drawn(8), "on_input": torch.tensor(False)}
    path = loras.save(
        tmp_path / "ia3.safetensors", {f"lora_unet_linear.{k}": t for k, t in tensors.items()}
    )
    adapters.use([Wanted("ia3", path)])
    with pytest.raises(ModelError, match="Choose another way of saving memory"):
        layers.linear(x)


def test_a_term_is_moved_with_all_that_it_holds() -> None:
    inner = terms.Kronecker((drawn(2, 2),), (drawn(4, 2), drawn(2, 6)), 2.0)
    whole = terms.Third(terms.Decomposed(inner, drawn(8, 1), of_inputs=False), 1)
    away = terms.moved(whole, torch.device("meta"))
    assert isinstance(away, terms.Third)
    assert isinstance(away.whole, terms.Decomposed)
    kept = away.whole.inner
    assert isinstance(kept, terms.Kronecker)
    assert {t.device.type for t in (*kept.first, *kept.second, away.whole.norms)} == {"meta"}
    assert (kept.scale, away.number) == (2.0, 1)
