"""One pull: space, bytes, hashes, and only then a name."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.downloads.addresses import Reach
from engine.downloads.checking import (
    Hashes,
    check_part,
    fits,
    hashed,
    hashes_of,
    other_bytes,
    quarantined,
    unsound,
)
from engine.downloads.events import Arriving, Checking, PullEvent
from engine.downloads.hub import Hub
from engine.downloads.pins import WORK, Pin, PinnedFile, changing, now
from engine.downloads.plans import PullPlan, Wish, token_for
from engine.downloads.transfer import Means, Transfer, transferred, unwritable
from engine.errors import DownloadError, ModelError

RESERVE_BYTES = 256 * 2**20  # that a pull leaves free
PARTS = ".parts"


@dataclass(frozen=True, slots=True)
class Pull:
    """What gets one planned model into a folder. `before` is its pin of an earlier pull."""

    folder: Path
    plan: PullPlan
    before: Pin | None
    hub: Hub
    reach: Reach
    means: Means

    def run(self) -> Iterator[PullEvent]:
        """Yield what happens until the model has its name; raises DownloadError."""
        self._check_space()
        files: dict[str, PinnedFile] = {}
        done = 0
        for wish in self.plan.wishes:
            for event in self._got(wish, done):
                if isinstance(event, Hashes):
                    files[wish.path] = PinnedFile(event.bytes, event.sha256)
                else:
                    yield event
            done += wish.stated.size
        self._install(files)

    def _check_space(self) -> None:
        missing = sum(
            wish.stated.size - _size(self._part(wish))
            for wish in self.plan.wishes
            if not self._staged(wish).exists() and not self._final(wish).exists()
        )
        try:
            free = self.means.free_bytes(self.folder)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        if missing > 0 and missing + RESERVE_BYTES > free:
            raise DownloadError(
                "disk",
                f"{self.plan.name} needs {in_units(missing)} more on the disk of {self.folder}, "
                f"which has {in_units(free)} free and keeps {in_units(RESERVE_BYTES)} of that. "
                "Free some space, or name another folder in the setting models_dir.",
            )

    def _got(self, wish: Wish, before: int) -> Iterator[PullEvent | Hashes]:
        """Get one file, unless it is there; the last thing yielded is what it is."""
        found = self._there(wish)
        if found is not None:
            yield self._arriving(wish, before + wish.stated.size)
            yield found
            return
        part = self._part(wish)
        for stale in part.parent.glob(f"{_stem(wish)}.*"):
            if stale != part or not wish.key:  # bytes of another edition, or of nobody knows which
                stale.unlink(missing_ok=True)
        for done in transferred(self._transfer(wish, part)):
            yield self._arriving(wish, before + done)
        yield from self._checked(wish, part)

    def _there(self, wish: Wish) -> Hashes | None:
        """Return what a file is that needs no fetching; DownloadError for one that is not ours."""
        for place in (self._staged(wish), self._final(wish)):
            if place.is_file():
                found = hashes_of(place)
                if fits(found, wish.stated, wish.pinned):
                    return found
        if self.before is None and self._final(wish).exists():
            raise DownloadError(
                "disk",
                f"{self._final(wish)} is there already, is another file, and was not pulled; it is "
                "left as it is. Move or rename its folder, and pull again.",
            )
        return None

    def _checked(self, wish: Wish, part: Path) -> Iterator[PullEvent | Hashes]:
        """Compare a part with what was stated; only then it gets its name."""
        found: int | Hashes = 0
        for found in hashed(part):
            if not isinstance(found, Hashes):
                yield Checking(self.plan.name, wish.path, found, wish.stated.size)
        assert isinstance(found, Hashes)  # noqa: S101 - the last one always is
        shown = self.plan.source.shown
        if not fits(found, wish.stated, wish.pinned):
            there = quarantined(self.folder, self.plan.name, wish.path, part)
            raise other_bytes(shown, wish.path, found, _expected(wish), there)
        try:
            check_part(part, wish.path)
        except ModelError as error:
            there = quarantined(self.folder, self.plan.name, wish.path, part)
            raise unsound(shown, wish.path, error, there) from error
        staged = self._staged(wish)
        try:
            staged.parent.mkdir(parents=True, exist_ok=True)
            part.replace(staged)
        except OSError as error:
            raise unwritable(staged, error) from error
        yield found

    def _transfer(self, wish: Wish, part: Path) -> Transfer:
        source = self.plan.source
        return Transfer(
            wish.address,
            source.shown,
            part,
            wish.stated.size,
            self.reach,
            lambda: self.hub.no_entry(source.repository or source.shown),
            token_for(source, self.hub, wish.address),
            wish.validator,
            self.means,
        )

    def _install(self, files: dict[str, PinnedFile]) -> None:
        """Give the model its name: by one rename where it is new, file by file where it is not."""
        work, final = self._work, self.folder / self.plan.name
        try:
            shutil.rmtree(work / PARTS, ignore_errors=True)
            if work.is_dir() and not final.exists():
                work.replace(final)
            for wish in self.plan.wishes:
                with suppress(FileNotFoundError):
                    (final / wish.path).parent.mkdir(parents=True, exist_ok=True)
                    self._staged(wish).replace(final / wish.path)
            shutil.rmtree(work, ignore_errors=True)
            for path in set(self.before.files) - set(files) if self.before else ():
                (final / path).unlink(missing_ok=True)  # of an older edition
        except OSError as error:
            raise unwritable(final, error) from error
        plan = self.plan
        with changing(self.folder) as held:
            pin = Pin(
                plan.source.shown, plan.revision, plan.commit, plan.licence, now(), dict(files)
            )
            held[0] = held[0].with_pin(plan.name, pin)

    def _arriving(self, wish: Wish, done: int) -> Arriving:
        return Arriving(self.plan.name, wish.path, done, self.plan.bytes)

    @property
    def _work(self) -> Path:
        return self.folder / WORK / self.plan.name

    def _staged(self, wish: Wish) -> Path:
        return self._work / wish.path

    def _final(self, wish: Wish) -> Path:
        return self.folder / self.plan.name / wish.path

    def _part(self, wish: Wish) -> Path:
        key = hashlib.sha256(wish.key.encode()).hexdigest()[:16]
        return self._work / PARTS / f"{_stem(wish)}.{key}"


def in_units(count: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(count, 0) / 1e6:.0f} MB"


def _stem(wish: Wish) -> str:
    return wish.path.replace("/", "--")


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _expected(wish: Wish) -> str:
    if wish.stated.sha256:
        return f"stated is {wish.stated.sha256}"
    if wish.pinned:
        return f"at the first pull it was {wish.pinned}"
    return f"stated is the Git hash {wish.stated.git_sha1}"
