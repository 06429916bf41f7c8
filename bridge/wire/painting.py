"""What an editor knows of one job: a value that each event replaces by the next.

Events may come twice (a reconnect replays them) or late (after the end); neither changes anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from .messages import (
    Accepted,
    Cancelled,
    Failed,
    Finished,
    JobEvent,
    Loading,
    Painted,
    Picture,
    Preview,
    Queued,
    Started,
)

State = Literal["sending", "queued", "loading", "painting", "finished", "cancelled", "failed"]
ENDS = ("finished", "cancelled", "failed")


@dataclass(frozen=True)
class Painting:
    """One job. Candidates are counted from 0; the dictionaries are keyed by candidate.

    `layout` says where paint will land and comes before the first preview. `message` is a
    sentence for the painter when the job failed, `suggestions` are words the model would have
    understood.
    """

    job: str
    state: State = "sending"
    candidates: int = 0
    position: int = 0  # in the queue; 0 is being painted
    model: str = ""
    layout: Started | None = None
    previews: dict[int, Preview] = field(default_factory=dict)  # the newest of each
    results: dict[int, Painted] = field(default_factory=dict)
    order: tuple[int, ...] = ()  # of the results, best first
    seconds: float = 0.0
    stopped_at: int | None = None
    code: str = ""
    message: str = ""
    param: str = ""
    suggestions: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether the job has ended, well or badly."""
        return self.state in ENDS

    @property
    def seed(self) -> int | None:
        """The seed that repeats the job, once painting has begun."""
        return self.layout.seed if self.layout else None

    @property
    def steps(self) -> int:
        """The steps of every candidate; 0 before painting begins."""
        return self.layout.steps if self.layout else 0

    @property
    def step(self) -> int:
        """The steps done, counted over all candidates; at most `steps * candidates`."""
        done = {candidate: preview.step for candidate, preview in self.previews.items()}
        done.update(dict.fromkeys(self.results, self.steps))
        return sum(done.values())

    @property
    def progress(self) -> float:
        """How much is done, 0 to 1."""
        if self.state == "finished":
            return 1.0
        whole = self.steps * self.candidates
        return min(1.0, self.step / whole) if whole else 0.0

    @property
    def best(self) -> list[Painted]:
        """The results there are, best first."""
        known = [k for k in self.order if k in self.results]
        return [self.results[k] for k in known + sorted(set(self.results) - set(known))]

    def picture(self, candidate: int) -> Picture | None:
        """Return the newest preview's pixels of a candidate, of the layout's context rectangle."""
        preview = self.previews.get(candidate)
        return preview.picture if preview else None

    def after(self, event: JobEvent) -> Painting:
        """Return the painting as the event leaves it; the same object if it changes nothing."""
        if isinstance(event, Painted):
            return self._painted(event)
        if self.over:
            return self
        if isinstance(event, Preview):
            return self._previewed(event)
        if isinstance(event, (Accepted, Queued, Loading, Started)):
            return self._begun(event)
        return self._ended(event)

    def _begun(self, event: Accepted | Queued | Loading | Started) -> Painting:
        if isinstance(event, Started):
            return self._started(event)
        if self.state == "painting" and isinstance(event, Accepted):
            return self  # the answer to a request that was sent again
        if isinstance(event, Loading):
            return replace(self, state="loading", model=event.model)
        return replace(self, state="queued", position=event.position)

    def _started(self, event: Started) -> Painting:
        if self.layout is not None and self.layout.seq == event.seq:
            return self
        # A second start is a second try: the previews begin anew, what was finished stays.
        return replace(
            self,
            state="painting",
            position=0,
            layout=event,
            previews={},
            model=event.model,
            candidates=self.candidates or len(event.seeds),
        )

    def _previewed(self, event: Preview) -> Painting:
        known = self.previews.get(event.candidate)
        if event.candidate in self.results or (known is not None and event.step <= known.step):
            return self
        return replace(self, state="painting", previews={**self.previews, event.candidate: event})

    def _painted(self, event: Painted) -> Painting:
        if event.candidate in self.results:
            return self
        return replace(self, results={**self.results, event.candidate: event})

    def _ended(self, event: Finished | Cancelled | Failed) -> Painting:
        if isinstance(event, Finished):
            return replace(
                self,
                state="finished",
                order=tuple(event.order),
                seconds=event.seconds,
                stopped_at=event.stopped_at,
            )
        if isinstance(event, Cancelled):
            return replace(self, state="cancelled")
        return replace(
            self,
            state="failed",
            code=event.code,
            message=event.message,
            param=event.param,
            suggestions=tuple(event.suggestions),
        )
