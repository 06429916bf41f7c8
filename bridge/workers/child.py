"""The process that holds the engine: `python -m bridge.workers.child`, started by `process` alone.

Notes come in on standard input, go out on what was standard output. A thread reads, so that a
cancel reaches a painting in the middle of a step; the main thread paints. When the bridge ends,
however it ends, the input ends, and so does this process, whatever it is doing.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from bridge.blobs import Blobs
from bridge.logs import LogStyle, about, log_to_stderr
from bridge.memory import keep_blocks, trim
from bridge.wire.codec import decode
from bridge.wire.messages import Submit
from bridge.workers import Assignment
from bridge.workers.painting import Painter, painted
from bridge.workers.pipe import LENGTHS, Note, crossing, lent
from bridge.workers.shared import taken
from engine import HOOK_TIMEOUT_S, Control

_REST_S = 1.0  # without an order

log = logging.getLogger(__name__)

Factory = Callable[[Mapping[str, Any]], Painter]


@dataclass(frozen=True, slots=True)
class Order:
    """An assignment that waits for the main thread, and how to stop it."""

    assignment: Assignment
    control: Control


def engine_of(options: Mapping[str, Any]) -> Painter:
    """Return the real engine; imports torch."""
    from engine import Engine

    return Engine(
        models=options["models"],
        hooks=options["hooks"],
        options=options.get("options"),
        hook_timeout_s=options.get("hook_timeout_s", HOOK_TIMEOUT_S),
    )


class Child:
    """Paints what the bridge orders, one after the other."""

    def __init__(
        self,
        incoming: BinaryIO,
        outgoing: BinaryIO,
        blobs: Blobs,
        factory: Callable[[], Painter],
    ) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._blobs = blobs
        self._factory = factory
        self._painter: Painter | None = None
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._controls: dict[str, Control] = {}

    def run(self) -> None:
        """Paint until the process ends."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        while True:
            self._perform(self._next())

    def _next(self) -> Order:
        """Wait for an order; give unused memory back when none comes at once."""
        try:
            return self._orders.get(timeout=_REST_S)
        except queue.Empty:
            trim()
            return self._orders.get()

    def _perform(self, order: Order) -> None:
        job = order.assignment.submit.job
        with about(job):
            for event in painted(self._engine, order.assignment, order.control):
                blobs = crossing(event, order.assignment, self._blobs)
                self._outgoing.write(lent(event, blobs, op="event").packed())
                self._outgoing.flush()
        self._controls.pop(order.assignment.name, None)

    def _watched(self, plugin: str, hook: str) -> None:
        """Tell the bridge which plugin has the painting in hand; on the thread that paints."""
        self._outgoing.write(Note({"op": "hook", "plugin": plugin, "hook": hook}).packed())
        self._outgoing.flush()

    def _engine(self) -> Painter:
        if self._painter is None:
            self._painter = self._factory()
        return self._painter

    def _listen(self) -> None:
        """Read notes until the bridge is gone; then end the process from under the painting."""
        status = 0
        try:
            while (note := read_note(self._incoming)) is not None:
                self._obey(note)
        except Exception:
            log.exception("A note of the bridge cannot be read.")
            status = 1
        finally:
            logging.shutdown()
            os._exit(status)

    def _obey(self, note: Note) -> None:
        name = note.head["name"]
        match note.head["op"]:
            case "paint":
                order = Order(self._assignment(note), Control(self._watched))
                self._controls[name] = order.control
                self._orders.put(order)
            case "cancel" if name in self._controls:
                self._controls[name].cancel()
            case "keep" if name in self._controls:
                self._controls[name].keep(frozenset(note.head["candidates"]))

    def _assignment(self, note: Note) -> Assignment:
        submit = decode(note.body, "client")
        if not isinstance(submit, Submit):
            raise TypeError(f"A paint note carries a submit, not {submit.type}.")
        head, kept = note.head, None
        if head["pictures"]:
            kept = Blobs(Path(head["pictures"]))
        else:
            submit = taken(submit, self._blobs)
        return Assignment(head["name"], submit, head["preview_codec"], head["preview_side"], kept)


def read_note(file: BinaryIO) -> Note | None:
    """Return the next note, or None when the other end is gone."""
    lengths = file.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head_bytes, body_bytes = LENGTHS.unpack(lengths)
    head, body = file.read(head_bytes), file.read(body_bytes)
    if len(head) < head_bytes or len(body) < body_bytes:
        return None
    return Note(json.loads(head), body)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the child; its arguments come from the bridge, never from a client."""
    parser = argparse.ArgumentParser(prog="bridge.workers.child")
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--engine", default="bridge.workers.child:engine_of")
    parser.add_argument("--options", type=json.loads, default={})
    parser.add_argument("--log-level", default="info")
    parser.add_argument("--log-format", default="text")
    given = parser.parse_args(arguments)
    log_to_stderr(LogStyle(given.log_level, given.log_format))
    # Ctrl-C reaches the whole terminal; the bridge decides what becomes of the painting.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_blocks()
    incoming, outgoing = private_pipes()
    module, _, name = given.engine.partition(":")

    def factory() -> Painter:
        made: Factory = getattr(import_module(module), name)
        return made(given.options)

    Child(incoming, outgoing, Blobs(given.shared), factory).run()


def private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output away from everybody else: a stray print would be a frame."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return incoming, outgoing


if __name__ == "__main__":
    main()
