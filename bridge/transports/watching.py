"""How the bridge fares, for whoever keeps it running: /health for all, /metrics with the token.

/health tells states and numbers, never a prompt, a picture, a session or a path, so that a load
balancer or a supervisor needs no token. /metrics is the text format of Prometheus; the library that
writes it is loaded at the first scrape, into a registry of its own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bridge.transports import Mounted, Shared

if TYPE_CHECKING:
    from prometheus_client import Metric

HEALTH = "/health"
READY = "/health/ready"
METRICS = "/metrics"
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read at one moment, on the event loop; written down in a thread."""

    version: str
    age_s: float
    waiting: int
    painting: int
    clients: int
    model_loaded: bool
    outcomes: dict[str, int]
    failures: dict[str, int]
    step_bounds: tuple[float, ...]
    step_counts: tuple[int, ...]
    step_total: float
    pids: dict[str, int | None]


def mount(shared: Shared) -> Mounted:
    """Return the transport; found by `bridge.transports.mounted`."""

    async def health(_: Request) -> JSONResponse:
        return JSONResponse(state_of(shared), headers=_HEADERS)

    async def ready(_: Request) -> JSONResponse:
        state = state_of(shared)
        return JSONResponse(state, 200 if state["ready"] else 503, _HEADERS)

    async def metrics(_: Request) -> Response:
        content, kind = await asyncio.to_thread(written, _reading(shared))
        return Response(content, headers={**_HEADERS, "content-type": kind})

    routes = [Route(HEALTH, health), Route(READY, ready), Route(METRICS, metrics)]
    return Mounted(routes, _nothing)


def state_of(shared: Shared) -> dict[str, Any]:
    """Return what /health tells.

    `worker` is asleep (no process, its memory given back), loading, idle or painting.
    """
    painting = shared.jobs.painting
    return {
        "live": True,
        "ready": shared.offers.known is not None and shared.jobs.running,
        "model_loaded": shared.worker.model is not None,
        "worker": _worker_state(shared),
        "queue": {"waiting": shared.jobs.waiting, "painting": int(painting)},
    }


def written(reading: Reading) -> tuple[bytes, str]:
    """Return the metrics as text, and what kind of text it is."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(reading))
    return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4


class _Collector:
    """A reading as prometheus-client wants it."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        yield from self._gauges()
        yield from self._counters()
        yield self._steps()

    def _gauges(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        read = self._reading
        for name, what, value in (
            ("queue_length", "Jobs that wait.", read.waiting),
            ("jobs_painting", "Jobs that are painted: 0 or 1.", read.painting),
            ("clients", "Connected editors and programs (WebSockets).", read.clients),
            ("model_loaded", "1 while a model is in memory.", int(read.model_loaded)),
            ("uptime_seconds", "Seconds since the bridge started.", read.age_s),
        ):
            yield GaugeMetricFamily(f"mahlstick_{name}", what, value=value)
        info = GaugeMetricFamily("mahlstick_build_info", "The version.", labels=["version"])
        info.add_metric([read.version], 1)
        yield info
        memory = GaugeMetricFamily(
            "mahlstick_memory_bytes", "Resident memory by process.", labels=["process"]
        )
        for process, pid in read.pids.items():
            held = resident_bytes(pid) if pid is not None else 0
            if held is not None:
                memory.add_metric([process], held)
        yield memory

    def _counters(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily

        for name, what, label, counts in (
            ("jobs", "Jobs that ended, by outcome.", "outcome", self._reading.outcomes),
            ("failures", "Jobs that failed, by code.", "code", self._reading.failures),
        ):
            counter = CounterMetricFamily(f"mahlstick_{name}", what, labels=[label])
            for value, count in sorted(counts.items()):
                counter.add_metric([value], count)
            yield counter

    def _steps(self) -> Metric:
        from prometheus_client.core import HistogramMetricFamily

        read, below, buckets = self._reading, 0, []
        for bound, count in zip((*read.step_bounds, "+Inf"), read.step_counts, strict=True):
            below += count
            buckets.append((str(bound), below))
        what = "Seconds that one denoising step of all of a job's candidates takes."
        family = HistogramMetricFamily("mahlstick_step_seconds", what)
        family.add_metric([], buckets, read.step_total)
        return family


def resident_bytes(pid: int) -> int | None:
    """Return how much memory a process holds; None where that cannot be seen."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text("ascii").split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):  # ended, or no Linux
        return None


def _reading(shared: Shared) -> Reading:
    tally = shared.tally
    return Reading(
        version=shared.version,
        age_s=tally.age_s,
        waiting=shared.jobs.waiting,
        painting=int(shared.jobs.painting),
        clients=shared.clients(),
        model_loaded=shared.worker.model is not None,
        outcomes=dict(tally.outcomes),
        failures=dict(tally.failures),
        step_bounds=tally.step_seconds.bounds,
        step_counts=tuple(tally.step_seconds.counts),
        step_total=tally.step_seconds.total,
        pids={"bridge": os.getpid(), "worker": shared.worker.pid},
    )


def _worker_state(shared: Shared) -> str:
    loaded = shared.worker.model is not None
    if shared.jobs.painting:
        return "painting" if loaded else "loading"
    return "idle" if loaded or shared.worker.pid is not None else "asleep"


async def _nothing() -> None:
    """Answering is all there is to do."""
