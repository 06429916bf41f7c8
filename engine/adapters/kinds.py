"""Which kind of addition a layer of a LoRA file holds, and whether it fits the layer it is for.

Everything is settled from shapes, so that a file for another model is refused before its weights
are read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from engine.adapters import terms

if TYPE_CHECKING:
    from torch import Tensor

Shapes = Mapping[str, tuple[int, ...]]  # slot -> its tensor's shape
_NORMS = ("dora_scale", "magnitude")
_NONE = (0, 0)  # the size of what does not fit together


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to add to a layer: which tensors it needs and takes, its size, and how it is made."""

    needs: frozenset[str]
    takes: frozenset[str]
    size: Callable[[Shapes], tuple[int, int]]  # rows (outputs), and weights of one row
    made: Callable[[Mapping[str, Tensor], Scales], terms.Term]


@dataclass(frozen=True, slots=True)
class Scales:
    """What a file says of s for layers without an alpha, and whether the rank's root is meant."""

    alpha: float | None = None
    by_root: bool = False

    def of(self, tensors: Mapping[str, Tensor], rank: int) -> float:
        """Return s of a layer."""
        own = tensors.get("alpha")
        alpha = self.alpha if own is None else float(own)
        return terms.scale_of(alpha, rank, by_root=self.by_root)


def _low_rank(tensors: Mapping[str, Tensor], scales: Scales) -> terms.Term:
    down, up, core = tensors["down"], tensors["up"], tensors.get("mid")
    scale = scales.of(tensors, down.shape[0])
    bias = tensors.get("up_bias")
    bias = None if bias is None else bias.float() * scale
    return terms.LowRank(down, up, scale, core, bias)


def _low_rank_size(shapes: Shapes) -> tuple[int, int]:
    inputs, core = math.prod(shapes["down"][1:]), shapes.get("mid")
    ranks = (shapes["down"][0], shapes["down"][0]) if core is None else (core[0], core[1])
    if ranks != (shapes["up"][1], shapes["down"][0]) or math.prod(shapes["up"][2:]) != 1:
        return _NONE
    return shapes["up"][0], inputs * (1 if core is None else math.prod(core[2:]))


def _hadamard(tensors: Mapping[str, Tensor], scales: Scales) -> terms.Term:
    cores = None
    if "hada_t1" in tensors:
        cores = tensors["hada_t1"], tensors["hada_t2"]
    scale = scales.of(tensors, tensors["hada_w1_b"].shape[0])
    first = tensors["hada_w1_a"], tensors["hada_w1_b"]
    return terms.Hadamard(first, (tensors["hada_w2_a"], tensors["hada_w2_b"]), scale, cores)


def _hadamard_size(shapes: Shapes) -> tuple[int, int]:
    sizes = {_half_size(shapes, "w1", "t1"), _half_size(shapes, "w2", "t2")}
    return sizes.pop() if len(sizes) == 1 else _NONE


def _half_size(shapes: Shapes, name: str, core: str) -> tuple[int, int]:
    left, right = shapes[f"hada_{name}_a"], shapes[f"hada_{name}_b"]
    middle = shapes.get(f"hada_{core}")
    if middle is not None:
        sound = (left[0], right[0]) == middle[:2]
        return (left[1], right[1] * math.prod(middle[2:])) if sound else _NONE
    return (left[0], math.prod(right[1:])) if left[1] == right[0] else _NONE


def _kronecker(tensors: Mapping[str, Tensor], scales: Scales) -> terms.Term:
    first, second = _factors(tensors, "lokr_w1"), _factors(tensors, "lokr_w2")
    pairs = [pair for pair in (second, first) if len(pair) == 2]
    # Two whole factors have no rank, and no s: an alpha is written for them all the same.
    scale = scales.of(tensors, pairs[0][1].shape[0]) if pairs else 1.0
    return terms.Kronecker(first, second, scale, tensors.get("lokr_t2"))


def _factors(tensors: Mapping[str, Tensor], name: str) -> tuple[Tensor, ...]:
    if name in tensors:
        return (tensors[name],)
    return tensors[f"{name}_a"], tensors[f"{name}_b"]


def _kronecker_size(shapes: Shapes) -> tuple[int, int]:
    rows, columns = _factor_size(shapes, "lokr_w1")
    more_rows, more_columns = _factor_size(shapes, "lokr_w2")
    return rows * more_rows, columns * more_columns


def _factor_size(shapes: Shapes, name: str) -> tuple[int, int]:
    if name in shapes:
        return shapes[name][0], math.prod(shapes[name][1:])
    left, right = shapes[f"{name}_a"], shapes[f"{name}_b"]
    core = shapes.get("lokr_t2") if name == "lokr_w2" else None
    if core is not None:
        sound = (left[0], right[0]) == core[:2]
        return (left[1], right[1] * math.prod(core[2:])) if sound else _NONE
    return (left[0], math.prod(right[1:])) if left[1] == right[0] else _NONE


def _scaling(tensors: Mapping[str, Tensor], _: Scales) -> terms.Term:
    return terms.Scaling(tensors["weight"], of_inputs=bool(tensors["on_input"].item()))


def _difference(tensors: Mapping[str, Tensor], _: Scales) -> terms.Term:
    return terms.Difference(tensors["diff"])


def _bias(tensors: Mapping[str, Tensor], _: Scales) -> terms.Term:
    return terms.Difference(None, tensors["diff_b"])


def _kind(
    needs: str,
    takes: str,
    size: Callable[[Shapes], tuple[int, int]],
    made: Callable[[Mapping[str, Tensor], Scales], terms.Term],
) -> Kind:
    return Kind(frozenset(needs.split()), frozenset(takes.split()), size, made)


_KRONECKER = "lokr_t2 alpha"
KINDS: Mapping[str, Kind] = {
    "LoRA": _kind("down up", "mid alpha up_bias", _low_rank_size, _low_rank),
    "LoHa": _kind(
        "hada_w1_a hada_w1_b hada_w2_a hada_w2_b",
        "hada_t1 hada_t2 alpha",
        _hadamard_size,
        _hadamard,
    ),
    "LoKr": _kind("lokr_w1 lokr_w2", _KRONECKER, _kronecker_size, _kronecker),
    "LoKr of a pair": _kind("lokr_w1 lokr_w2_a lokr_w2_b", _KRONECKER, _kronecker_size, _kronecker),
    "LoKr by a pair": _kind("lokr_w1_a lokr_w1_b lokr_w2", _KRONECKER, _kronecker_size, _kronecker),
    "LoKr of pairs": _kind(
        "lokr_w1_a lokr_w1_b lokr_w2_a lokr_w2_b", _KRONECKER, _kronecker_size, _kronecker
    ),
    "IA3": _kind("weight on_input", "", lambda _: _NONE, _scaling),
    "full": _kind(
        "diff",
        "alpha",
        lambda shapes: (shapes["diff"][0], math.prod(shapes["diff"][1:])),
        _difference,
    ),
    "bias": _kind("diff_b", "alpha", lambda _: _NONE, _bias),
}
"""Every kind of addition, by the name painters know it under."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a layer of a file holds: its kinds, and the tensors that no kind takes."""

    kinds: tuple[str, ...]
    norms: str | None
    unread: frozenset[str]

    @property
    def is_plain(self) -> bool:
        """Whether it is all low rank: computed with beside the weight, never added up."""
        return self.kinds == ("LoRA",) and self.norms is None


@cache
def held(slots: frozenset[str]) -> Held:
    """Return what a layer's tensors are; those that miss their counterparts are unread."""
    left, kinds = set(slots), []
    for name, kind in KINDS.items():
        if kind.needs <= left:
            kinds.append(name)
            left -= kind.needs | kind.takes
    norms = next((slot for slot in _NORMS if slot in left), None)
    if norms is not None and set(kinds) - {"bias", "IA3"}:
        left.discard(norms)
    else:
        norms = None
    return Held(tuple(kinds), norms, frozenset(left))


def fits(held: Held, slots: Shapes, weight: tuple[int, ...], outputs: int) -> bool:
    """Say whether all that a layer's tensors hold has the size of a weight (out, in, *kernel)."""
    sizes = [_fits(name, slots, weight, outputs) for name in held.kinds]
    if held.norms is not None:
        sizes.append(math.prod(slots[held.norms]) in (outputs, *weight[1:2]))
    return all(sizes)


def _fits(name: str, slots: Shapes, weight: tuple[int, ...], outputs: int) -> bool:
    if name == "bias":
        return math.prod(slots["diff_b"]) == outputs
    if name == "IA3":
        return math.prod(slots["weight"]) in (outputs, math.prod(weight[1:2]))
    try:
        return KINDS[name].size(slots) == (outputs, math.prod(weight[1:]))
    except IndexError:  # a tensor of too few axes
        return False


def made(
    held: Held, tensors: Mapping[str, Tensor], scales: Scales, weight: tuple[int, ...], outputs: int
) -> list[terms.Term]:
    """Return what a layer's tensors add to a weight (out, in, *kernel) that they fit."""
    found = [KINDS[name].made(tensors, scales) for name in held.kinds]
    if held.norms is None:
        return found
    norms = tensors[held.norms]
    of_inputs = _of_inputs(held.norms, norms, weight, outputs)
    return [terms.Decomposed(found[0], norms, of_inputs), *found[1:]]


def _of_inputs(slot: str, norms: Tensor, weight: tuple[int, ...], outputs: int) -> bool:
    """Say which norms a file holds: peft's are of outputs, LyCORIS's have the axes they are of."""
    if slot == "magnitude":
        return False
    if norms.dim() > 1 and norms.shape[0] == 1 and norms.shape[1] == weight[1]:
        return outputs != 1
    return norms.numel() != outputs
