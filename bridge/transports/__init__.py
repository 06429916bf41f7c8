"""How clients reach the bridge, one transport a module.

A module here that has a function `mount(shared) -> Mounted` is found and mounted by the bridge.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from starlette.routing import BaseRoute

from bridge.jobs import Jobs
from bridge.logs import LogStyle
from bridge.offer import Offers
from bridge.pairing import Pairing
from bridge.pulls import Pulls
from bridge.shelf import Shelf
from bridge.signing import Authority
from bridge.store import Store
from bridge.tally import Tally
from bridge.workers import Worker


@dataclass(frozen=True, slots=True)
class Shared:
    """What a transport is given."""

    jobs: Jobs
    store: Store
    offers: Offers
    worker: Worker
    tally: Tally
    pairing: Pairing
    pulls: Pulls
    shelf: Shelf
    clients: Callable[[], int]  # how many are connected
    dismiss: Callable[[str], Awaitable[None]]  # closes connections by the SHA-256 of their token
    version: str
    folder: Path  # a transport makes its own folder in it
    logs: LogStyle
    authority: Authority  # whose keys sign what goes out as a file
    link_ttl_s: float = 3600.0
    images_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Mounted:
    """A transport: what it answers to, and what it does meanwhile, until cancelled."""

    routes: Sequence[BaseRoute]
    run: Callable[[], Awaitable[None]]


def mounted(shared: Shared) -> list[Mounted]:
    """Return the transports that mount themselves."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    modules = [import_module(f"{__name__}.{name}") for name in sorted(names)]
    return [module.mount(shared) for module in modules if hasattr(module, "mount")]
