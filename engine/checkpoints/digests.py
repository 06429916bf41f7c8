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


def hashes_of(
    library: Library, check: Callable[[], None] = lambda: None
) -> Iterator[tuple[ModelFile, str]]:
    """Hash what has no hash yet, small files first, and yield each when the library has it.

    `check` is called between blocks; what it raises ends this. A file that cannot be read, or that
    changes meanwhile, is left for the next time.
    """
    for file in library.unhashed():
        try:
            sha256 = sha256_of(file.path, check)
        except OSError as error:
            _log.info("%s cannot be hashed: %s", file.path, error)
            continue
        now = find_of(file.path)
        if now is not None and now.stamp == file.stamp:
            library.hashed(file, sha256)
            yield file, sha256


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
                for file, sha256 in hashes_of(self._library, self._check):
                    if self._told is not None:
                        self._told(file, sha256)
            except StoppedError:
                return

    def _check(self) -> None:
        if self._stop.is_set():
            raise StoppedError


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block
