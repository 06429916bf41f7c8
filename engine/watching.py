"""Asking, in the middle of a network's forward pass, whether the painter still wants the picture.

A step of a large model takes seconds, and nobody waits that long for a cancel. So before every
layer that computes much a hook asks; it costs a few microseconds. The samplers know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

LARGE = 2**14  # weights; a smaller linear layer is over sooner than anybody could notice


class Watch:
    """Hooks in the layers of some networks, which ask only inside `asking`."""

    def __init__(self, *networks: nn.Module | None) -> None:
        """Put hooks before every convolution, and before linear layers that compute much.

        A convolution may be small and its picture large. A network of small linear layers alone is
        hooked everywhere.
        """
        from torch import nn

        self._check: Callable[[], None] | None = None
        kinds = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
        for network in networks:
            modules = [] if network is None else list(network.modules())
            layers = [module for module in modules if isinstance(module, kinds)]
            slow = [one for one in layers if _takes_long(one)]
            for layer in slow or layers:
                layer.register_forward_pre_hook(self._ask)

    @contextmanager
    def asking(self, check: Callable[[], None]) -> Iterator[None]:
        """Call `check` before every layer while this lasts; what it raises ends the pass."""
        before, self._check = self._check, check
        try:
            yield
        finally:
            self._check = before

    def _ask(self, *_: object) -> None:
        if self._check is not None:
            self._check()


def _takes_long(layer: nn.Module) -> bool:
    from torch import nn

    return not isinstance(layer, nn.Linear) or layer.weight.numel() >= LARGE
