"""SHA-256 of model files, computed in the background, once for as long as a file does not change.

A shelf of models takes minutes to read: one thread does it, small files first, and stops between
two blocks when it is asked to.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

from engine.checkpoints.library import Library, ModelFile
from engine.checkpoints.walks import find_of

_BLOCK = 2**20
_log = logging.getLogger(__name__)


class StoppedError(Exception):
    """Hashing was asked to stop."""


def sha256_of(path: Path, check: Callable[[], None] = lambda: None) -> str:
    """Return the SHA-256 of a file, or over names and bytes of a folder's safetensors files.

    That of a folder is what `engine.weights.Fingerprints` calls its fingerprint. `check` is called
    between blocks. Raises OSError.
    """
    digest = hashlib.sha256()
    for file in weights_of(path):
        if path.is_dir():
            digest.update(file.relative_to(path).as_posix().encode())
        for block in _blocks(file):
            check()
            digest.update(block)
    return digest.hexdigest()


def weights_of(path: Path) -> list[Path]:
    """Return the file itself, or a folder's safetensors files by name."""
    return [path] if path.is_file() else sorted(path.rglob("*.safetensors"))


class Hashing:
    """A thread that hashes what a library holds; start it once, and stop it in the end."""

    def __init__(
        self, library: Library, told: Callable[[ModelFile, str], None] | None = None
    ) -> None:
        """`told` hears of every hash, on the thread that computes it."""
        self._library, self._told = library, told
        self._stop, self._wake = Event(), Event()
        self._thread = Thread(target=self._run, name="model hashes", daemon=True)

    def start(self) -> None:
        """Begin with what has no hash yet."""
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """Look again for what has no hash: the library was read anew."""
        self._wake.set()

    def stop(self) -> None:
        """End after the block that is being read, and wait for that."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            try:
                self._hash_all()
            except StoppedError:
                return

    def _hash_all(self) -> None:
        for entry in self._library.unhashed():
            try:
                sha256 = sha256_of(entry.path, self._check)
            except OSError as error:
                _log.info("%s cannot be hashed: %s", entry.path, error)
                continue
            now = find_of(entry.path)
            if now is None or now.stamp != entry.stamp:
                continue  # it changed while it was read
            self._library.hashed(entry, sha256)
            if self._told is not None:
                self._told(entry, sha256)

    def _check(self) -> None:
        if self._stop.is_set():
            raise StoppedError


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block
