"""A denoiser's repeated blocks compiled while it goes on painting as it is.

Compiling one block of each kind takes seconds to minutes, a whole network many times that. The
first step shows which shapes the blocks see; a thread compiles them with those, and only when that
is done do the blocks change over, between two steps. Where it cannot be done, the network paints as
before and a sentence says why.

Questions about a cancel are asked before each layer (`engine.watching`); inside a compiled block
there are no layers to ask before, so there they are asked once a block.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_leaves

from engine.watching import Watch

Seen = tuple[nn.Module, tuple[Any, ...], dict[str, Any]]  # a block, and what it was called with


class Compiling:
    """Compiles the blocks of one network in the background, once it has run for the first time."""

    def __init__(self, network: nn.Module, backend: str = "inductor") -> None:
        self._network, self._backend = network, backend
        kinds = getattr(network, "_repeated_blocks", None) or ()
        self._blocks = [one for one in network.modules() if type(one).__name__ in kinds]
        self._seen: dict[object, Seen] = {}
        self._thread: threading.Thread | None = None
        self._news: list[str] = []
        self._handles: list[Any] = []
        if not self._blocks:
            self._news.append(_sentence("it tells no blocks that repeat"))
            return
        for block in self._blocks:
            self._handles.append(block.register_forward_pre_hook(self._look, with_kwargs=True))
        self._handles.append(network.register_forward_hook(self._begin))

    def news(self) -> str:
        """Return what came of it, once; empty while there is nothing new."""
        return self._news.pop() if self._news else ""

    def wait(self, timeout_s: float) -> bool:
        """Wait until compiling has ended, well or not; False when it has not by then."""
        if self._thread is not None:
            self._thread.join(timeout_s)
            return not self._thread.is_alive()
        return not self._handles

    def _look(self, block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        shape = type(block), *(_told(leaf) for leaf in tree_leaves((args, kwargs)))
        weights = tuple(tuple(weight.shape) for weight in block.parameters())
        self._seen.setdefault((shape, weights), (block, args, kwargs))

    def _begin(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        name = f"compile {type(self._network).__name__}"
        self._thread = threading.Thread(target=self._compile, name=name, daemon=True)
        self._thread.start()

    def _compile(self) -> None:
        try:
            for block in self._blocks:
                _asked_outside(block)
            compiled = [
                torch.compile(block.forward, backend=self._backend) for block in self._blocks
            ]
            places = {id(block): place for place, block in enumerate(self._blocks)}
            with torch.inference_mode():
                for block, args, kwargs in self._seen.values():
                    compiled[places[id(block)]](*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the thread's outermost; compilers raise anything
            self._news.append(_sentence(_first_line(error)))
            return
        finally:
            self._seen.clear()
        for block, forward in zip(self._blocks, compiled, strict=True):
            block.forward = forward
        self._news.append("The model's blocks are compiled: its steps are faster from now on.")


def _asked_outside(block: nn.Module) -> None:
    """Move the questions about a cancel from a block's layers to the block itself."""
    asks: dict[int, Callable[..., None]] = {}
    for layer in block.modules():
        for key, hook in list(layer._forward_pre_hooks.items()):
            watch = getattr(hook, "__self__", None)
            if isinstance(watch, Watch):
                asks[id(watch)] = hook
                layer._forward_pre_hooks.pop(key)
    for ask in asks.values():
        block.register_forward_pre_hook(ask)


def _told(leaf: object) -> object:
    return (tuple(leaf.shape), leaf.dtype) if isinstance(leaf, torch.Tensor) else type(leaf)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].strip()


def _sentence(why: str) -> str:
    return f"The model cannot be compiled here ({why.rstrip('.')}); it paints as before."
