"""Asking, in the middle of a network's forward pass, whether the painter still wants the picture.

A step of a large model takes seconds, and nobody waits that long for a cancel. So before every
layer that computes much a hook asks; it costs about a microsecond. The samplers know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


class Watch:
    """Hooks in the layers of some networks, which ask only inside `asking`."""

    def __init__(self, *networks: nn.Module | None) -> None:
        """Put hooks before every convolution and every linear layer."""
        from torch import nn

        self._check: Callable[[], None] | None = None
        kinds = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
        for network in networks:
            for layer in () if network is None else network.modules():
                if isinstance(layer, kinds):
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
