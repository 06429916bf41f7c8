"""What a pull would do, asked of the source before anything is written."""

from __future__ import annotations

import hashlib
import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from engine.downloads.addresses import Reach, origin
from engine.downloads.catalogue import Licence
from engine.downloads.choice import MAX_WEIGHTS_BYTES, WEIGHTS, chosen
from engine.downloads.hub import Hub, Stated, offline
from engine.downloads.pins import Ledger, Pin
from engine.downloads.requests import Answer, answered
from engine.downloads.sources import Source, folder_name
from engine.downloads.transfer import TIMEOUT_S
from engine.errors import DownloadError

NOT_STATED = "no licence stated"


@dataclass(frozen=True, slots=True)
class Wish:
    """One file to be got. `pinned` is its SHA-256 at the first pull, empty at that."""

    stated: Stated
    address: str
    pinned: str = ""
    validator: str = ""  # an ETag, where bytes are known by nothing better

    @property
    def path(self) -> str:
        """Where it goes in the model's folder."""
        return self.stated.path

    @property
    def key(self) -> str:
        """Name the bytes: parts of the same bytes go on, others begin anew; empty: unknown."""
        return self.stated.sha256 or self.stated.git_sha1 or self.validator


@dataclass(frozen=True, slots=True)
class PullPlan:
    """One model to be got. `notes` are sentences for the painter; `complete`: it is all there."""

    name: str
    source: Source
    commit: str
    licence: Licence
    accepted: bool
    wishes: tuple[Wish, ...]
    notes: tuple[str, ...] = ()
    complete: bool = False
    revision: str = ""  # as it was named; a later pull with `update` asks for it anew

    @property
    def bytes(self) -> int:
        """How large the model is."""
        return sum(wish.stated.size for wish in self.wishes)


class Planner:
    """Asks sources what they have."""

    def __init__(self, folder: Path, hub: Hub, reach: Reach) -> None:
        self._folder, self._hub, self._reach = folder, hub, reach

    def plan(self, source: Source, ledger: Ledger, *, update: bool) -> PullPlan:
        """Return what pulling a source would do; raises DownloadError.

        What is pinned is asked for as it was, unless `update` says that newer is wanted.
        """
        found = self._of_repository if source.repository else self._of_address
        return found(source, ledger, update)

    def _of_repository(self, source: Source, ledger: Ledger, update: bool) -> PullPlan:
        name, revision = _free_name(source, ledger), source.revision
        pin = None if update else ledger.pins.get(name)
        if pin is not None:
            if self._is_complete(name, pin):
                return _nothing_to_do(name, source, pin)
            source = replace(source, revision=pin.commit, files=tuple(pin.files), skip=())
        listing = self._hub.listing(source.repository, source.revision)
        files = chosen(listing.files, source.files, source.skip, source.repository).files
        wishes = tuple(self._wish(listing.repository, listing.commit, file, pin) for file in files)
        if pin is not None:
            _check_pinned(pin, listing.commit, wishes)
        licence = source.licence or listing.licence
        notes = () if source.licence is None else _differing(source.licence, listing.licence)
        accepted = ledger.accepts(licence)
        return PullPlan(
            name, source, listing.commit, licence, accepted, wishes, notes, revision=revision
        )

    def _wish(self, repository: str, commit: str, file: Stated, pin: Pin | None) -> Wish:
        pinned = pin.files[file.path].sha256 if pin is not None else ""
        return Wish(file, self._hub.address(repository, commit, file.path), pinned)

    def _of_address(self, source: Source, ledger: Ledger, update: bool) -> PullPlan:
        pinned = _pinned_at(source, ledger)
        if pinned is not None and not update and self._is_complete(*pinned):
            return _nothing_to_do(pinned[0], source, pinned[1])
        stated, validator = self._asked(source)
        name = pinned[0] if pinned else _unused(folder_name(Path(stated.path).stem), source, ledger)
        was = None if update or pinned is None else pinned[1].files.get(stated.path)
        wish = Wish(stated, source.address, was.sha256 if was else "", validator)
        licence = Licence(NOT_STATED, source.shown)
        return PullPlan(name, source, "", licence, ledger.accepts(licence), (wish,))

    def _asked(self, source: Source) -> tuple[Stated, str]:
        """Return name, size and hash of the file at an address, and its ETag."""
        host = urlsplit(source.address).hostname or ""
        try:
            with answered(source.address, {}, self._reach, TIMEOUT_S) as answer:
                return _of_answer(source, answer)
        except (OSError, http.client.HTTPException) as error:
            raise offline(host, error) from error

    def _is_complete(self, name: str, pin: Pin) -> bool:
        return is_complete(self._folder / name, pin)


def is_complete(folder: Path, pin: Pin) -> bool:
    """Tell whether all files of a pinned model are there, by name and size."""
    return all(_size(folder / path) == file.bytes for path, file in pin.files.items())


def token_for(source: Source, hub: Hub, address: str) -> str | None:
    """Return the token to show at an address: the hub's, at the hub alone."""
    mine = source.repository and origin(address) == origin(hub.endpoint)
    return hub.token if mine else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _free_name(source: Source, ledger: Ledger) -> str:
    """Return the folder's name: the source's own, or a longer one where another source has it."""
    pin = ledger.pins.get(source.name)
    if pin is None or pin.source == source.shown:
        return source.name
    longer = source.shown.removeprefix("hf:").removesuffix(".safetensors")
    return folder_name(re.sub(r"[/@:]", "-", longer))


def _unused(name: str, source: Source, ledger: Ledger) -> str:
    if name not in ledger.pins:
        return name
    return f"{name}-{hashlib.sha256(source.shown.encode()).hexdigest()[:8]}"


def _pinned_at(source: Source, ledger: Ledger) -> tuple[str, Pin] | None:
    for name, pin in ledger.pins.items():
        if pin.source == source.shown:
            return name, pin
    return None


def _nothing_to_do(name: str, source: Source, pin: Pin) -> PullPlan:
    return PullPlan(name, source, pin.commit, pin.licence, accepted=True, wishes=(), complete=True)


def _check_pinned(pin: Pin, commit: str, wishes: tuple[Wish, ...]) -> None:
    if pin.commit != commit:
        raise DownloadError(
            "hash",
            f"{pin.source} was pinned at the commit {pin.commit} and answers with {commit}. Ask "
            "for the newer one with --update, if you trust it.",
        )
    missing = set(pin.files) - {wish.path for wish in wishes}
    changed = [wish.path for wish in wishes if wish.stated.sha256 not in ("", wish.pinned)]
    for path in [*sorted(missing), *changed]:
        raise DownloadError(
            "hash",
            f"{path} of {pin.source} is no longer what it was at the first pull, though it is the "
            f"same commit, {commit}; nothing was fetched. Ask for what is there now with --update, "
            "if you trust it.",
        )


def _differing(ours: Licence, stated: Licence) -> tuple[str, ...]:
    if not ours.spdx or stated.name == NOT_STATED or stated.name.lower() == ours.spdx.lower():
        return ()
    return (
        f"The catalogue knows the licence {ours.name}; its page now states {stated.name}: "
        f"{stated.url}",
    )


def _of_answer(source: Source, answer: Answer) -> tuple[Stated, str]:
    if answer.status != 200:
        raise _no_file(source, answer.status)
    name = _file_name(answer.headers, answer.address)
    if not name.endswith(WEIGHTS):
        raise DownloadError(
            "format",
            f"{source.shown} leads to {name[:100] or 'no file'!r}. Only .safetensors files are "
            "taken: other formats can run code when they are read.",
        )
    size = answer.length()
    if size is None or size > MAX_WEIGHTS_BYTES:
        raise DownloadError(
            "format",
            f"{source.shown} does not state a size up to {MAX_WEIGHTS_BYTES} bytes, so that nobody "
            "could tell when all of it is there. Get the model from elsewhere.",
        )
    etag = answer.headers.get("etag", "")
    # A weak one names what is alike, not what is the same: nothing to go on with.
    return Stated(name, size, sha256=source.sha256), "" if etag.startswith("W/") else etag


def _no_file(source: Source, status: int) -> DownloadError:
    if status in (401, 403):
        sentence = f"{source.shown} asks who downloads it (HTTP status {status})."
        return DownloadError("token", f"{sentence} Make an account there and use its own address.")
    if status in (404, 410):
        return DownloadError("unknown", f"{source.shown} is not there (HTTP status {status}).")
    sentence = f"{source.shown} is answered with HTTP status {status}, which is no file."
    return DownloadError("unreachable", sentence)


def _file_name(headers: Mapping[str, str], address: str) -> str:
    """Return what a file is called: by its server, or else by its address; never a path."""
    message = Message()
    message["content-disposition"] = headers.get("content-disposition", "")
    name = message.get_filename() or unquote(urlsplit(address).path)
    last = PurePosixPath(name.replace("\\", "/")).name
    stem = folder_name(last.removesuffix(WEIGHTS))
    return f"{stem}{WEIGHTS}" if last.endswith(WEIGHTS) else last
