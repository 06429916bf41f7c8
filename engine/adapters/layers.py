"""A layer's forward pass with what was added to its weight; the weight itself is never touched.

What is of low rank goes beside the layer as two small ones, all files' together: that is as exact
as the network's precision allows, costs little, and works whatever the weight is kept as. Anything
else is added to a copy of the weight for the length of the call, in float32, then rounded once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.adapters.places import Layer
from engine.adapters.terms import LowRank, Term, moved
from engine.errors import ModelError

_FEWEST_BYTES = 2  # of a weight's number that is computed with as it is; fp8 is only kept


@dataclass(frozen=True, slots=True)
class _Beside:
    """Low-rank additions of one layer as one, where and as it computes."""

    down: Tensor  # (R, in, *kernel)
    up: Tensor  # (out, R, *ones)
    scale: float


class Adapted:
    """A layer's forward pass with terms, each by its strength."""

    def __init__(self, layer: Layer, terms: Sequence[tuple[Term, float]]) -> None:
        """`layer` is linear, a 2-d convolution, or a norm."""
        self._layer = layer
        self._base: Callable[[Tensor], Tensor] = layer.forward
        self._was = layer.__dict__.get("forward")  # somebody's who moves weights, or nobody's
        beside = isinstance(layer, (nn.Linear, nn.Conv2d))
        self._low = [(t, s) for t, s in terms if beside and _is_small(t)]
        self._heavy = [(t, s) for t, s in terms if not (beside and _is_small(t))]
        self._biases = [(t.bias, s) for t, s in terms if t.bias is not None]
        self._place: torch.device | None = None  # of the heavy ones
        self._small: dict[tuple[torch.device, torch.dtype], _Beside] = {}

    def prepare(self) -> None:
        """Have at hand what the layer needs where it lies now; else its first call sees to it."""
        weight = self._layer.weight
        if self._low and self._is_at_hand():
            place = weight.device, weight.dtype
            self._small[place] = _joined(self._low, self._layer, *place)

    def put(self) -> None:
        """Compute the layer with its terms from now on."""
        self._base, self._was = self._layer.forward, self._layer.__dict__.get("forward")
        self._layer.forward = self

    def take_away(self) -> None:
        """Compute the layer alone again."""
        if self._was is None:
            del self._layer.forward
        else:
            self._layer.forward = self._was

    def __call__(self, input: Tensor) -> Tensor:
        """Return what the layer makes of an input."""
        x = input
        y = self._weighed(x) if self._heavy else self._base(x)
        if self._low:
            y = self._beside(x, y)
        if self._biases and not (self._heavy and self._is_at_hand()):
            y = y + _of_outputs(self._bias().to(y), self._layer)
        return y

    def _beside(self, x: Tensor, y: Tensor) -> Tensor:
        place = x.device, x.dtype
        if place not in self._small:
            self._small.clear()  # the network has moved: once is enough
            self._small[place] = _joined(self._low, self._layer, *place)
        small = self._small[place]
        if isinstance(self._layer, nn.Conv2d):
            middle = self._layer._conv_forward(x, small.down, None)
            return torch.add(y, functional.conv2d(middle, small.up), alpha=small.scale)
        middle = functional.linear(x, small.down)  # (..., R)
        flat = y.flatten(0, -2), middle.flatten(0, -2), small.up.T
        return torch.addmm(*flat, alpha=small.scale).view(y.shape)

    def _weighed(self, x: Tensor) -> Tensor:
        """Return the layer's result with another weight and bias."""
        if not self._is_at_hand():  # somewhere else, or in another format: beside it
            change = self._change(x.device)
            y = self._base(x)
            return y if change is None else y + _computed(self._layer, x, change.to(x), None)
        own, bias = self._layer.weight, self._layer.bias
        change = self._change(own.device)
        weight = own if change is None else (own.float() + change).to(own.dtype)
        if self._biases:
            added = self._bias().to(own.device)
            bias = (added if bias is None else bias.float() + added).to(own.dtype)
        return _computed(self._layer, x, weight, bias)

    def _change(self, device: torch.device) -> Tensor | None:
        """Return what is added to the weight, float32."""
        shape = tuple(self._layer.weight.shape)
        if self._place != device:  # the network has moved: once is enough
            self._heavy = [(moved(term, device), strength) for term, strength in self._heavy]
            self._place = device
        total: Tensor | None = None
        for term, strength in self._heavy:
            made = term.change(shape, self._own)
            if made is None:
                continue
            total = made * strength if total is None else total.add_(made, alpha=strength)
        return total

    def _own(self) -> Tensor:
        if not self._is_at_hand():
            raise ModelError(
                "One of the LoRAs depends on the model's own weights (DoRA or IA3), which are kept "
                "elsewhere, or in 8 bits, to save memory. Choose another way of saving memory, or "
                "leave that LoRA out."
            )
        return self._layer.weight.detach().float()

    def _is_at_hand(self) -> bool:
        weight = self._layer.weight
        return (
            self._was is None
            and weight.device.type != "meta"
            and weight.is_floating_point()
            and weight.itemsize >= _FEWEST_BYTES
        )

    def _bias(self) -> Tensor:
        """Return what is added to the bias, float32 (out,)."""
        first, *others = (bias.float().flatten() * strength for bias, strength in self._biases)
        return sum(others, first)


def _is_small(term: Term) -> bool:
    """Say whether a term is cheaper beside the weight than added to it."""
    return isinstance(term, LowRank) and term.core is None


def _joined(
    low: Sequence[tuple[Any, float]], layer: Layer, device: torch.device, dtype: torch.dtype
) -> _Beside:
    """Return low-rank terms as one, where and as the layer computes."""
    shape = layer.weight.shape
    ones = (1,) * (len(shape) - 2)
    downs = [term.down.to(device, dtype).reshape(-1, *shape[1:]) for term, _ in low]
    if len(low) == 1:
        term, strength = low[0]
        up = term.up.to(device, dtype).reshape(shape[0], -1, *ones)
        return _Beside(downs[0], up, term.scale * strength)
    ups = [
        (term.up.to(device).float().flatten(1) * (term.scale * strength)).to(dtype)
        for term, strength in low
    ]
    return _Beside(torch.cat(downs), torch.cat(ups, dim=1).reshape(shape[0], -1, *ones), 1.0)


def _computed(layer: Layer, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return what a layer with another weight makes of x."""
    match layer:
        case nn.Linear():
            return functional.linear(x, weight, bias)
        case nn.Conv2d():
            return layer._conv_forward(x, weight, bias)
        case nn.GroupNorm():
            return functional.group_norm(x, layer.num_groups, weight, bias, layer.eps)
        case _:
            return functional.layer_norm(x, layer.normalized_shape, weight, bias, layer.eps)


def _of_outputs(bias: Tensor, layer: Layer) -> Tensor:
    """Return a bias (out,) so that it is added to a layer's result."""
    return bias[:, None, None] if isinstance(layer, nn.Conv2d) else bias
