"""The editor's side of a session as a state machine, without any input or output.

It is fed what the user wants (`submit`, `cancel`, `keep`) and what happened (`take`), and returns
effects: messages to send and changes to show. What was asked while the bridge was away is
remembered and sent when it is back; a job that the bridge forgot meanwhile fails with a sentence
instead of waiting for ever.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .errors import DUPLICATE_JOB, GONE, UNKNOWN_PICTURE
from .language import noted, tr
from .messages import (
    Accepted,
    Cancel,
    Cancelled,
    ClientMessage,
    Failed,
    Fetch,
    History,
    JobEvent,
    Keep,
    Refused,
    ServerMessage,
    Submit,
    Welcome,
)
from .painting import ENDS, Painting


@dataclass(frozen=True)
class Online:
    """A connection is open. `epoch` counts the connections; messages are for one of them."""

    welcome: Welcome
    epoch: int


@dataclass(frozen=True)
class Renewed:
    """There is something else to paint with than before; the connection stays."""

    welcome: Welcome


@dataclass(frozen=True)
class Offline:
    """There is no connection; `message` is a sentence for the painter. It is tried again."""

    code: str
    message: str


@dataclass(frozen=True)
class Send:
    """The message is to be sent on the connection of its epoch, and dropped on any other."""

    message: ClientMessage
    epoch: int


@dataclass(frozen=True)
class Updated:
    """A painting changed; `event` is what changed it."""

    painting: Painting
    event: JobEvent


@dataclass(frozen=True)
class Told:
    """The bridge refused something that is no painting's end; a sentence for the painter."""

    code: str
    message: str
    job: str = ""


@dataclass(frozen=True)
class Listed:
    """The session's jobs, as asked for with `fetch`."""

    history: History


Happening = Online | Offline | ServerMessage
Effect = Send | Updated | Told | Listed | Online | Renewed | Offline


def new_id() -> str:
    """Return a name for a job or a session that nobody else has."""
    return str(uuid.uuid4())


class Controller:
    """One editor's session. Not thread-safe: it lives in the editor's main thread."""

    def __init__(self) -> None:
        self.welcome: Welcome | None = None  # the newest of the last connection
        self._paintings: dict[str, Painting] = {}
        self._epoch = 0
        self._online = False
        self._unaccepted: dict[str, Submit] = {}  # kept until the bridge has them safe
        self._wishes: dict[str, Cancel | Keep] = {}
        self._forgotten: set[str] = set()

    @property
    def online(self) -> bool:
        """Whether a connection is open, as far as is known."""
        return self._online

    @property
    def paintings(self) -> Mapping[str, Painting]:
        """The jobs by name, oldest first."""
        return MappingProxyType(self._paintings)

    def submit(self, request: Submit) -> list[Effect]:
        """Ask for a painting; a name that is in use raises `ValueError`."""
        if request.job in self._paintings:
            raise ValueError(f"The job {request.job} exists; give every job a name of its own.")
        self._paintings[request.job] = Painting(
            request.job, candidates=len(request.only or ()) or request.candidates
        )
        self._unaccepted[request.job] = request
        return self._send(request)

    def cancel(self, job: str) -> list[Effect]:
        """Stop a job. One that the bridge never got is over at once."""
        if not self._is_live(job):
            return []
        if job in self._unaccepted and not self._online:
            return self._apply(Cancelled(0, job))
        self._wishes[job] = Cancel(job)
        return self._send(self._wishes[job])

    def keep(self, job: str, candidates: list[int]) -> list[Effect]:
        """End a job early, with what these candidates look like now as results."""
        if not self._is_live(job):
            return []
        self._wishes[job] = Keep(job, candidates)
        return self._send(self._wishes[job])

    def fetch(self, job: str = "") -> list[Effect]:
        """Ask for a job's results again, or for the list of all jobs; needs a connection."""
        return self._send(Fetch(job))

    def forget(self, job: str) -> None:
        """Drop a painting and its pixels; what still comes of it is ignored."""
        self._drop(job)
        self._paintings.pop(job, None)
        self._forgotten.add(job)

    def take(self, happening: Happening) -> list[Effect]:
        """Return what follows from something that happened."""
        if isinstance(happening, Online):
            return [happening, *self._connected(happening)]
        if isinstance(happening, Offline):
            self._online = False
            return [happening]
        if isinstance(happening, History):
            return [Listed(happening), *self._reconcile(happening)]
        if isinstance(happening, Refused):
            return self._refused(happening)
        if isinstance(happening, Welcome):
            self.welcome = happening
            return [Renewed(happening)]
        return self._apply(happening)

    def _is_live(self, job: str) -> bool:
        return job in self._paintings and not self._paintings[job].over

    def _send(self, message: ClientMessage) -> list[Effect]:
        return [Send(message, self._epoch)] if self._online else []

    def _connected(self, online: Online) -> list[Effect]:
        again = self.welcome is not None
        self.welcome, self._epoch, self._online = online.welcome, online.epoch, True
        # The bridge takes a job once, however often it is sent: by its name.
        messages: list[ClientMessage] = [*self._unaccepted.values(), *self._wishes.values()]
        live = {job for job, painting in self._paintings.items() if not painting.over}
        if again and live - set(self._unaccepted):
            messages.append(Fetch())
        return [Send(message, online.epoch) for message in messages]

    def _reconcile(self, history: History) -> list[Effect]:
        states = {job.job: job.state for job in history.jobs}
        effects: list[Effect] = []
        for painting in list(self._paintings.values()):
            if painting.over or painting.job in self._unaccepted:
                continue
            if painting.job not in states:
                effects += self._apply(Failed(0, painting.job, GONE, tr(_GONE)))
            elif states[painting.job] in ENDS:
                effects += self._send(Fetch(painting.job))
        return effects

    def _refused(self, refused: Refused) -> list[Effect]:
        job = refused.job
        if job in self._unaccepted and refused.code == DUPLICATE_JOB:
            del self._unaccepted[job]  # it had arrived before the connection broke
            return self._send(Fetch(job))
        if refused.code == UNKNOWN_PICTURE and _is_whole(self._unaccepted.get(job)):
            return self._send(self._unaccepted[job])  # the bridge no longer holds the layer
        if job in self._unaccepted:
            failed = Failed(0, job, refused.code, refused.message, refused.param)
            return self._apply(failed)
        self._wishes.pop(job, None)
        return [Told(refused.code, refused.message, job)]

    def _apply(self, event: JobEvent) -> list[Effect]:
        job = event.job
        if job in self._forgotten:
            return []
        before = self._paintings.get(job)
        after = (before or Painting(job)).after(event)
        self._unaccepted.pop(job, None)
        self._paintings[job] = after
        if after.over:
            self._drop(job)
        if after is before and not isinstance(event, Accepted):
            return []
        return [Updated(after, event)]

    def _drop(self, job: str) -> None:
        self._unaccepted.pop(job, None)
        self._wishes.pop(job, None)


def _is_whole(request: Submit | None) -> bool:
    """Tell whether a request has the pixels of all its pictures."""
    if request is None:
        return False
    pictures = (request.image, request.mask, request.second_image)
    return all(p is None or len(p.data) > 0 for p in pictures)


_GONE = noted(
    "The bridge was started anew and no longer knows this job. Paint it again; the seed it told"
    " gives the same picture."
)
