"""How long our slots take on large documents, and how soon a preview is on the canvas.

What is measured is printed; what is asserted is what a slot handled.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from krita import Selection
from scene import idle, open_panel

SIDES = (1024, 2048, 4096)


def scenario(stage: Any) -> Iterator[None]:
    """Fill half of a small, a large and a very large document, with five layers in it."""
    for side in SIDES:
        yield from fill(stage, side)


def fill(stage: Any, side: int) -> Iterator[None]:
    """Open, select, paint, measure, close."""
    pixels = bytes([90, 140, 200, 255]) * (side * side)
    document = yield from stage.open(side, side, pixels)
    for index in range(4):
        layer = document.createNode(f"Layer {index}", "paintlayer")
        document.rootNode().addChildNode(layer, None)
    selection = Selection()
    selection.select(side // 4, side // 4, side // 2, side // 2, 255)
    document.setSelection(selection)
    yield from stage.rest(0.3)
    panel = yield from open_panel(stage, "Fill selection")
    panel.candidates.setValue(2)
    panel.prompt.setPlainText(f"large {side}")
    watch = Watch(panel)
    stage.app.action("mahlstick_paint").trigger()
    yield from stage.until(lambda: panel.busy, f"{side} has begun")
    yield from idle(stage, panel)
    watch.stop()
    stage.facts[f"{side}"] = watch.report()
    middle = bytes(document.pixelData(side // 2, side // 2, 1, 1))
    corner = bytes(document.pixelData(3, 3, 1, 1))
    stage.facts[f"{side}_painted"] = middle != corner == bytes([90, 140, 200, 255])
    document.setModified(False)
    document.close()
    yield from stage.until(lambda: not stage.app.documents(), f"{side} is closed")


class Watch:
    """Times the plugin's tick and, inside of it, Krita's own calls."""

    def __init__(self, panel: Any) -> None:
        self._studio = panel._studio
        self._ticks: list[tuple[float, float, float]] = []  # seconds of a tick, of Krita, our CPU's
        self._in_krita = self._cpu_in_krita = 0.0
        self._undo: list[Callable[[], None]] = []
        self.strips: list[int] = []
        self.shown: list[float] = []  # seconds from a preview's arrival to the canvas
        self._arrived = 0.0
        self._wrap()

    def stop(self) -> None:
        """Put everything back."""
        for undo in self._undo:
            undo()

    def report(self) -> dict[str, Any]:
        """Return milliseconds and bytes."""
        own = [1000 * (tick - inside) for tick, inside, _cpu in self._ticks]
        return {
            "ticks": len(own),
            "own_ms_max": round(max(own), 1),
            "own_cpu_ms_max": round(1000 * max(cpu for _tick, _inside, cpu in self._ticks), 1),
            "own_ms_over_16": sum(ms > 16 for ms in own),
            "krita_ms_max": round(1000 * max(inside for _tick, inside, _cpu in self._ticks), 1),
            "strip_bytes_max": max(self.strips),
            "strips": len(self.strips),
            "preview_ms_first": round(1000 * self.shown[0], 1) if self.shown else None,
        }

    def _wrap(self) -> None:
        package = type(self._studio).__module__.rpartition(".")[0]
        modules = __import__("sys").modules
        reading, colours, layers = (
            modules[f"{package}.{name}"] for name in ("reading", "colours", "layers")
        )
        studio = self._studio
        self._replace(studio, "tick", self._timed_tick(studio.tick))
        self._replace(reading.Reading, "step", self._counted(reading.Reading.step))
        self._replace(colours.Colours, "read", self._krita(colours.Colours.read))
        self._replace(layers.PaintLayer, "show", self._on_canvas(layers.PaintLayer.show))
        easel = modules[f"{package}.easel"].Easel
        self._replace(easel, "take", self._arriving(easel.take))

    def _replace(self, owner: Any, name: str, new: Any) -> None:
        old = getattr(owner, name)
        setattr(owner, name, new)
        self._undo.append(lambda: setattr(owner, name, old))

    def _timed_tick(self, old: Callable[[], None]) -> Callable[[], None]:
        def tick() -> None:
            self._in_krita = self._cpu_in_krita = 0.0
            began, cpu = time.perf_counter(), time.thread_time()
            old()
            spent = time.thread_time() - cpu - self._cpu_in_krita
            self._ticks.append((time.perf_counter() - began, self._in_krita, spent))

        return tick

    def _krita(self, old: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            began, cpu = time.perf_counter(), time.thread_time()
            try:
                return old(*arguments)
            finally:
                self._in_krita += time.perf_counter() - began
                self._cpu_in_krita += time.thread_time() - cpu

        return call

    def _counted(self, old: Callable[..., int]) -> Callable[..., int]:
        def step(reading: Any) -> int:
            self.strips.append(old(reading))
            return self.strips[-1]

        return step

    def _on_canvas(self, old: Callable[..., None]) -> Callable[..., None]:
        timed = self._krita(old)

        def show(*arguments: Any) -> None:
            timed(*arguments)
            if self._arrived:
                self.shown.append(time.perf_counter() - self._arrived)
                self._arrived = 0.0

        return show

    def _arriving(self, old: Callable[..., None]) -> Callable[..., None]:
        def take(easel: Any, painting: Any, event: Any) -> None:
            if event.type == "preview" and not self.shown and not self._arrived:
                self._arrived = time.perf_counter()
            old(easel, painting, event)

        return take
