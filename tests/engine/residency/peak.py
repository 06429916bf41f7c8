"""The most memory a network's work takes, measured without memory: on torch's meta device."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _Living(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive, weights left out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        weights = [*network.parameters(), *network.buffers()]
        self._held = {weight.untyped_storage()._cdata: 0 for weight in weights}
        self._now = self.most = 0

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor):
                self._seen(tensor.untyped_storage())
        return out

    def _seen(self, storage: torch.UntypedStorage) -> None:
        place = storage._cdata
        if place not in self._held:
            self._held[place] = storage.nbytes()
            self._now += storage.nbytes()
            self.most = max(self.most, self._now)
            weakref.finalize(storage, self._gone, place)

    def _gone(self, place: int) -> None:
        self._now -= self._held.pop(place, 0)


def peak(network: nn.Module, run: Callable[[], object]) -> int:
    """Return the bytes at the peak of a run, attention computed without writing its matrix."""
    attention = functional.scaled_dot_product_attention

    def flash(query: Tensor, value: Tensor, *_: Any, **__: Any) -> Tensor:
        shape = (*query.shape[:-1], value.shape[-1])
        return torch.empty(shape, device=query.device, dtype=query.dtype)

    counted = _Living(network)
    functional.scaled_dot_product_attention = flash
    try:
        with torch.no_grad(), counted:
            run()
    finally:
        functional.scaled_dot_product_attention = attention
    return counted.most
