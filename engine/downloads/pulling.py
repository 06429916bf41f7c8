"""Pulls models into a folder.

    what the painter named:        plans = downloads.plans("sdxl")
    each, its licence accepted:    for event in downloads.pull(plan, accept_licence=True): ...

Like a painting, a pull is an iterator: whoever stops asking stops it, and what has arrived is kept.
While it is under way all lies in `.incoming/NAME`: parts as they arrive, files under their own
names once their hashes are right. The folder gets its name when the last one is there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.checkpoints.keeping import Moved, move_model, remove_model
from engine.downloads.addresses import Reach, origin
from engine.downloads.catalogue import Licence
from engine.downloads.checking import Hashes, hashed
from engine.downloads.events import Checking, Pulled, PullEvent
from engine.downloads.hub import Hub
from engine.downloads.pins import WORK, Ledger, Pin, changing, claimed, read_ledger
from engine.downloads.plans import Planner, PullPlan
from engine.downloads.pull import Pull
from engine.downloads.sources import Source, sources
from engine.downloads.transfer import Means
from engine.errors import DownloadError

if TYPE_CHECKING:
    from engine.checkpoints.library import ModelFile


class Downloads:
    """Gets models into one folder, which is made when the first one comes."""

    def __init__(
        self,
        folder: Path,
        *,
        endpoint: str | None = None,
        token: str | None = None,
        hosts: frozenset[str] = frozenset(),
        means: Means | None = None,
    ) -> None:
        """`endpoint`: a hub other than HF_ENDPOINT's; `hosts` may be reached though private.

        Without a token the one of HF_TOKEN, or of the hub's own token file, is shown to the hub.
        """
        self.folder = folder.expanduser().absolute()
        self._endpoint, self._token = endpoint, token
        self._hosts = hosts
        self._means = means or Means()
        self._asked_hub: Hub | None = None

    @property
    def ledger(self) -> Ledger:
        """What was pulled and which licences were accepted; raises DownloadError."""
        return read_ledger(self.folder)

    def check(self, wanted: str) -> None:
        """Raise DownloadError, with names that are near, where none of them is meant by `wanted`.

        Nothing is asked of anybody.
        """
        self._sources(wanted, self.ledger)

    def plans(self, wanted: str, *, update: bool = False) -> list[PullPlan]:
        """Return what a pull would do, what the model needs first; nothing is written.

        `wanted` is a name of the catalogue, of what was pulled, `hf:owner/repo[@revision][:file]`,
        or an https address, `#sha256=...` behind it where that is known. Raises DownloadError.
        """
        ledger = self.ledger
        planner = Planner(self.folder, self._hub, self._reach)
        return [
            planner.plan(source, ledger, update=update) for source in self._sources(wanted, ledger)
        ]

    def pull(self, plan: PullPlan, *, accept_licence: bool = False) -> Iterator[PullEvent]:
        """Yield what happens until the model is there; raises DownloadError.

        Its licence must be accepted, now or at an earlier time, which is written down.
        """
        if not plan.complete:
            if not (plan.accepted or accept_licence):
                raise not_accepted(plan.name, plan.licence)
            with claimed(self.folder, plan.name):
                if not plan.accepted:
                    self._accept(plan.licence)
                before = self.ledger.pins.get(plan.name)
                means = self._means
                yield from Pull(self.folder, plan, before, self._hub, self._reach, means).run()
        yield Pulled(plan.name, self.folder / plan.name, plan.commit)

    def verify(self, name: str) -> Iterator[Checking | DownloadError]:
        """Yield the reading of a pulled model's files, and an error for each that is not as pinned.

        Raises DownloadError for a model that was not pulled.
        """
        pin = self.ledger.pins.get(name)
        if pin is None:
            raise DownloadError(
                "unknown", f"{name!r} was not pulled into {self.folder}, so nothing is pinned."
            )
        for path, file in pin.files.items():
            found: int | Hashes = 0
            try:
                for found in hashed(self.folder / name / path):
                    if not isinstance(found, Hashes):
                        yield Checking(name, path, found, file.bytes)
            except DownloadError as error:
                yield error
                continue
            if isinstance(found, Hashes) and found.sha256 != file.sha256:
                yield _changed(name, path, pin)

    def pinned_as(self, path: Path) -> str | None:
        """Return the name under which a file or folder was pulled, None where it was not."""
        for name in self.ledger.pins:
            if path == self.folder / name or path.is_relative_to(self.folder / name):
                return name
        return None

    def remove(self, entry: ModelFile, *, force: bool = False) -> Moved:
        """Move a model into our trash, its pin forgotten; raises ModelError and DownloadError."""
        return self._gone(entry, remove_model(entry, self.folder, force=force))

    def move(self, entry: ModelFile, folder: Path, *, force: bool = False) -> Moved:
        """Move a model into a folder, its pin forgotten; raises ModelError and DownloadError."""
        return self._gone(entry, move_model(entry, folder, force=force))

    def forget(self, name: str) -> None:
        """Drop the pin of a model that is no longer in the folder, and what had arrived of it."""
        with changing(self.folder) as held:
            held[0] = held[0].without(name)
        shutil.rmtree(self.folder / WORK / name, ignore_errors=True)

    def unfinished(self) -> list[str]:
        """Return the names of models of which something has arrived, and not all."""
        work = self.folder / WORK
        if not work.is_dir():
            return []
        return sorted(path.name for path in work.iterdir() if path.is_dir())

    def _gone(self, entry: ModelFile, moved: Moved) -> Moved:
        """Forget the pin of what is no longer there, and what lay beside it in its own folder."""
        name = self.pinned_as(entry.path)
        if name is not None:
            self.forget(name)
            with suppress(OSError):  # anything that is not ours keeps the folder
                (self.folder / name).rmdir()
        return moved

    @property
    def _hub(self) -> Hub:
        if self._asked_hub is None:
            self._asked_hub = Hub(self._endpoint, self._token)
        return self._asked_hub

    @property
    def _reach(self) -> Reach:
        """What a setting names: further hosts, and the hub's own where it is another."""
        _, host, port = origin(self._hub.endpoint)
        return Reach(frozenset({*self._hosts, f"{host}:{port}"}))

    def _sources(self, wanted: str, ledger: Ledger) -> list[Source]:
        try:
            return sources(wanted)
        except DownloadError:
            pin = ledger.pins.get(wanted)
            if pin is None:
                raise
            return [replace(source, name=wanted) for source in sources(pin.source)]

    def _accept(self, licence: Licence) -> None:
        with changing(self.folder) as held:
            held[0] = held[0].accepting(licence)


def not_accepted(name: str, licence: Licence) -> DownloadError:
    """Return the error for a licence that nobody has accepted yet."""
    return DownloadError(
        "licence",
        f"{name} comes under this licence: {licence.name}, {licence.url}. Read it, and accept it "
        "once to go on; in a script with --accept-licence.",
    )


def _changed(name: str, path: str, pin: Pin) -> DownloadError:
    return DownloadError(
        "hash",
        f"{path} of {name} is not what was pulled on {pin.pulled[:10]}. Remove the file and pull "
        f"{name} again: only what is missing is fetched.",
    )
