"""Upscaling networks from the painter's own files, each registered by its file's name.

They are looked for where models are (`engine.checkpoints.library`) and in the `folders` that the
setting `[options.upscalers]` names. Only headers are read until one is used; the one used last
stays loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ModelError, OutOfMemoryError
from engine.hookspecs import Options, hookimpl
from engine.upscalers import Upscaler

if TYPE_CHECKING:
    from engine.api import Pixels, Size
    from engine.upscalers.networks.reading import Enlarger

SECTION = "upscalers"
BUILT_IN = ("lanczos", "nearest")  # names that no file takes


class UpscalerFiles:
    """The upscaling networks of one engine."""

    def __init__(self, options: Options) -> None:
        """The section `upscalers` tells: folders, device, precision (both `auto` unless told)."""
        told = options.get(SECTION, {})
        self._options = options
        self._folders = [Path(str(one)).expanduser() for one in told.get("folders", ())]
        self._device = str(told.get("device", "auto"))
        self._precision = str(told.get("precision", "auto"))
        self._held: tuple[Path, str, Enlarger] | None = None

    @hookimpl
    def mahlstick_upscalers(self) -> Mapping[str, Upscaler]:
        """Register every network that is there; of two with one name the first."""
        from engine.checkpoints.library import library

        found: dict[str, Upscaler] = {}
        for named, path in library(self._folders, self._options).upscalers.items():
            name = path.name if named.lower() in BUILT_IN else named
            found.setdefault(name, _Upscaling(self, path))
        return found

    def enlarge(self, path: Path, picture: Pixels, size: Size, check: Callable[[], None]) -> Pixels:
        """Return RGBA uint8 of exactly this size, by the network of a file.

        It is run as often as it takes to reach the size, and what is then too large is scaled down.
        On a device whose memory is too small the processor does it.
        """
        from engine.device import chosen_device

        device = chosen_device(self._device)
        try:
            return self._enlarged(path, picture, size, device, check)
        except OutOfMemoryError:
            self._held = None
            if device == "cpu":
                raise ModelError(_too_large(path)) from None
        try:
            return self._enlarged(path, picture, size, "cpu", check)
        except OutOfMemoryError as error:
            raise ModelError(_too_large(path)) from error

    def _enlarged(
        self, path: Path, picture: Pixels, size: Size, device: str, check: Callable[[], None]
    ) -> Pixels:
        from engine.upscalers.networks.reaching import reached

        return reached(self._network(path, device), picture, size, check)

    def _network(self, path: Path, device: str) -> Enlarger:
        from engine.api import Size
        from engine.device import memory_guard
        from engine.upscalers.networks.reading import read

        if self._held is None or self._held[:2] != (path, device):
            self._held = None
            with memory_guard(Size(64, 64), Size(64, 64)):
                self._held = path, device, read(path, device, self._precision_on(device))
        return self._held[2]

    def _precision_on(self, device: str) -> str:
        """Return fp16 on a GPU, where these networks lose nothing by it, and fp32 elsewhere."""
        from engine.device import chosen_precision

        if self._precision == "auto":
            return "fp16" if device.startswith(("cuda", "xpu")) else "fp32"
        return chosen_precision(self._precision, device)


class _Upscaling:
    """One file's network as an `Upscaler`."""

    def __init__(self, files: UpscalerFiles, path: Path) -> None:
        self._files, self._path = files, path

    def __call__(
        self, picture: Pixels, size: Size, check: Callable[[], None] = lambda: None
    ) -> Pixels:
        return self._files.enlarge(self._path, picture, size, check)


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[object]:
    """Make the object that registers the painter's networks."""
    return [UpscalerFiles(options)]


def _too_large(path: Path) -> str:
    return (
        f"The upscaler {path.stem} does not fit into memory here, not even in small tiles. "
        "Close other programs, or choose another upscaler."
    )
