"""What one file adds to one layer's weight, by the formula of its paper; always in float32.

- LoRA (Hu et al. 2021), of convolutions too (LoCon): dW = s B A; with a core in the middle
  (Tucker): dW[o, i, k] = s sum_nm B[o, n] M[n, m, k] A[m, i].
- LoHa (Hyeon-Woo et al. 2022): dW = s (A1 B1) * (A2 B2), elementwise; each factor may have a core.
- LoKr (Yeh et al. 2024): dW = s W1 (x) W2, Kronecker's product; each may be a product of two.
- (IA)3 (Liu et al. 2022): dW = W * w, along the inputs or the outputs.
- Full: dW is in the file, also for biases and norms.
- DoRA (Liu et al. 2024), on top of any of them: W + dW is brought to norms that are in the file.

s is alpha / rank, or alpha / sqrt(rank) where the file says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor

Shape = tuple[int, ...]  # of a layer's weight: (out, in, *kernel)
Weight = Callable[[], Tensor]  # the layer's own weight, float32


class Term(Protocol):
    """What is added to a layer at strength 1; every one is a frozen dataclass."""

    @property
    def bias(self) -> Tensor | None:
        """What is added to the layer's bias."""
        ...

    def change(self, shape: Shape, weight: Weight, /) -> Tensor | None:
        """Return what is added to a weight of this shape; None for nothing.

        `weight` is only asked by terms that depend on it; what it raises is the caller's.
        """
        ...


@dataclass(frozen=True, slots=True)
class LowRank:
    """Two small matrices, and a core between them where the file has one.

    down (r, in, *kernel), or (m, in) with a core (n, m, *kernel); up (out, r), any ones behind.
    """

    down: Tensor
    up: Tensor
    scale: float = 1.0
    core: Tensor | None = None
    bias: Tensor | None = None

    def change(self, shape: Shape, _weight: Weight, /) -> Tensor:
        """Return s B A, or what the core makes of them."""
        up, down = self.up.float().flatten(1), self.down.float().flatten(1)
        made = up @ down if self.core is None else _tucker(self.core.float(), up.T, down)
        return (made * self.scale).reshape(shape)

    def third(self, number: int) -> LowRank:
        """Return what is added to one of three layers that the file holds as one."""
        bias = None if self.bias is None else self.bias.chunk(3)[number]
        return LowRank(self.down, self.up.chunk(3)[number], self.scale, self.core, bias)


@dataclass(frozen=True, slots=True)
class Hadamard:
    """Two products, elementwise: (out, r) (r, in k) each; with cores (r, out) (r, in)."""

    first: tuple[Tensor, Tensor]
    second: tuple[Tensor, Tensor]
    scale: float = 1.0
    cores: tuple[Tensor, Tensor] | None = None
    bias: Tensor | None = None

    def change(self, shape: Shape, _weight: Weight, /) -> Tensor:
        """Return s (A1 B1) * (A2 B2)."""
        (a1, b1), (a2, b2) = _float(self.first), _float(self.second)
        if self.cores is None:
            made = (a1 @ b1) * (a2 @ b2)
        else:
            core1, core2 = _float(self.cores)
            made = _tucker(core1, a1, b1) * _tucker(core2, a2, b2)
        return (made * self.scale).reshape(shape)


@dataclass(frozen=True, slots=True)
class Kronecker:
    """Kronecker's product of (a, b) and (c, d, *kernel); each is whole, or a pair to multiply."""

    first: tuple[Tensor, ...]
    second: tuple[Tensor, ...]
    scale: float = 1.0
    core: Tensor | None = None
    bias: Tensor | None = None

    def change(self, shape: Shape, _weight: Weight, /) -> Tensor:
        """Return s W1 (x) W2."""
        first = _product(self.first)
        if self.core is not None:
            a, b = _float((self.second[0], self.second[1]))
            second = _tucker(self.core.float(), a, b)
        else:
            second = _product(self.second)
        first = first.reshape(*first.shape, *(1,) * (second.dim() - 2))
        return (torch.kron(first, second.contiguous()) * self.scale).reshape(shape)


@dataclass(frozen=True, slots=True)
class Scaling:
    """A factor for every input, or for every output, by how much it differs from 1."""

    factors: Tensor
    of_inputs: bool
    bias: Tensor | None = None

    def change(self, shape: Shape, weight: Weight, /) -> Tensor:
        """Return W * w."""
        along = 1 if self.of_inputs else 0
        return weight() * self.factors.float().reshape(_along(along, shape))


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference itself; None where only the bias differs."""

    of_weight: Tensor | None = None
    bias: Tensor | None = None

    def change(self, shape: Shape, _weight: Weight, /) -> Tensor | None:
        """Return what the file holds."""
        return None if self.of_weight is None else self.of_weight.float().reshape(shape)


@dataclass(frozen=True, slots=True)
class Decomposed:
    """Another term, after which the norms of the weight's rows, or columns, are set."""

    inner: Term
    norms: Tensor
    of_inputs: bool  # norms are of what comes from one input; else of what goes to one output

    @property
    def bias(self) -> Tensor | None:
        """What the other term adds to the bias."""
        return self.inner.bias

    def change(self, shape: Shape, weight: Weight, /) -> Tensor:
        """Return m (W + dW) / |W + dW| - W."""
        own = weight()
        inner = self.inner.change(shape, weight)
        changed = own if inner is None else own + inner
        along = 1 if self.of_inputs else 0
        others = [axis for axis in range(len(shape)) if axis != along]
        norms = torch.linalg.vector_norm(changed, dim=others, keepdim=True)
        wanted = self.norms.float().reshape(_along(along, shape))
        return changed * (wanted / norms) - own


@dataclass(frozen=True, slots=True)
class Third:
    """One of three layers that the file holds as one, its rows behind each other."""

    whole: Term
    number: int

    @property
    def bias(self) -> Tensor | None:
        """The layer's part of what is added to the bias."""
        return None if self.whole.bias is None else self.whole.bias.chunk(3)[self.number]

    def change(self, shape: Shape, weight: Weight, /) -> Tensor | None:
        """Return the layer's part of the change."""
        made = self.whole.change((3 * shape[0], *shape[1:]), weight)
        return None if made is None else made.chunk(3)[self.number]


def scale_of(alpha: float | None, rank: int, *, by_root: bool = False) -> float:
    """Return s; without an alpha it is 1. `by_root` is rank-stabilised (Kalajdzievski 2023)."""
    if alpha is None:
        return 1.0
    return alpha / (math.sqrt(rank) if by_root else rank)


def moved(term: Term, device: torch.device) -> Term:
    """Return a term with its tensors on a device."""

    def there(value: Any) -> Any:  # noqa: ANN401 - a field of any term
        if isinstance(value, Tensor):
            return value.to(device)
        if isinstance(value, tuple):
            return tuple(there(one) for one in value)
        return _with(value, there) if is_dataclass(value) else value

    return _with(term, there)


def _with(term: Any, made: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - any term
    """Return a term with each of its fields made anew."""
    return replace(term, **{field.name: made(getattr(term, field.name)) for field in fields(term)})


def _tucker(core: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """Return (out, in, *kernel) of a core (n, m, *kernel), up (n, out) and down (m, in)."""
    return torch.einsum("nm...,no,mi->oi...", core, up, down)


def _product(factors: tuple[Tensor, ...]) -> Tensor:
    """Return a factor that is whole, or a pair's product."""
    if len(factors) == 1:
        return factors[0].float()
    return factors[0].float() @ factors[1].float()


def _float(pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    return pair[0].float(), pair[1].float()


def _along(axis: int, shape: Shape) -> Shape:
    """Return a shape of ones but for one axis."""
    return tuple(-1 if i == axis else 1 for i in range(len(shape)))
