"""What an editor's plugin holds: a link to the bridge and the controller of the session, joined.

session = Session("krita 5.2.9", kept_id)
session.start()
session.submit(Submit(job=new_id(), mode="inpaint", ...))
...
for change in session.poll():      # from a timer, in the main thread
    match change: Updated | Told | Listed | Online | Offline
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .connection import Connection, read_connection
from .controller import Controller, Effect, Listed, Offline, Online, Renewed, Send, Told, Updated
from .link import Link
from .messages import VERSION, Hello, PreviewCodec, Submit, Welcome
from .painting import Painting

Change = Updated | Told | Listed | Online | Renewed | Offline


class Session:
    """One editor's session with the bridge. All of it is called in the editor's main thread.

    `session` is a UUID that the plugin keeps in its settings, so that it finds yesterday's results.
    """

    def __init__(
        self,
        client: str,
        session: str,
        preview_codec: PreviewCodec = "jpeg",
        preview_side: int = 256,
        find: Callable[[], Connection] = read_connection,
        wake: Callable[[], None] | None = None,
    ) -> None:
        hello = Hello(VERSION, client, session, preview_codec, preview_side)
        self._controller = Controller()
        self._link = Link(hello, find, wake)
        self._changes: list[Change] = []

    @property
    def online(self) -> bool:
        """Whether the bridge is connected, as far as is known."""
        return self._controller.online

    @property
    def welcome(self) -> Welcome | None:
        """What the bridge offers; None before it answered."""
        return self._controller.welcome

    @property
    def paintings(self) -> Mapping[str, Painting]:
        """The jobs by name, oldest first."""
        return self._controller.paintings

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._link.start()

    def submit(self, request: Submit) -> Painting:
        """Ask for a painting, now or as soon as the bridge is there; return what it is so far."""
        self._carry_out(self._controller.submit(request))
        return self.paintings[request.job]

    def cancel(self, job: str) -> None:
        """Stop a job; one that is over or unknown is left alone."""
        self._carry_out(self._controller.cancel(job))

    def keep(self, job: str, candidates: list[int]) -> None:
        """End a job early, with what these candidates look like now as results."""
        self._carry_out(self._controller.keep(job, candidates))

    def fetch(self, job: str = "") -> None:
        """Ask for a job's results again, or for the list of all jobs; nothing while offline."""
        self._carry_out(self._controller.fetch(job))

    def forget(self, job: str) -> None:
        """Drop a painting and its pixels."""
        self._controller.forget(job)

    def poll(self) -> list[Change]:
        """Return what changed since the last call, oldest first."""
        for happening in self._link.poll():
            self._carry_out(self._controller.take(happening))
        changes, self._changes = self._changes, []
        return changes

    def close(self, timeout_s: float = 3.0) -> None:
        """End the connection; jobs go on or not, as each said when it was submitted."""
        self._link.close(timeout_s)

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._link.send(effect.message, effect.epoch)
            else:
                self._changes.append(effect)
