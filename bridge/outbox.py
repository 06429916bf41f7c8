"""Messages waiting for one client: answers in order, and a cursor into its session's events.

What a client has not read is not copied: events wait in the store, where a newer preview takes the
older one's place. So a slow client costs a few answers of memory and delays nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque

from bridge.store import Store
from bridge.wire.messages import ServerMessage

MAX_ANSWERS = 64  # beyond it, the client's next message is read when it has read some


class Outbox:
    """The next message for one client. Used from one event loop."""

    def __init__(self, store: Store, session: str, seen: int) -> None:
        """Start after the session's event `seen`."""
        self._store = store
        self._session = session
        self._cursor = seen
        self._answers: deque[ServerMessage | int] = deque()
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._unwatch = store.watch(session, self._changed.set)

    def put(self, answer: ServerMessage) -> None:
        """Add an answer to something the client said."""
        self._add(answer)

    def again(self, seqs: list[int]) -> None:
        """Send stored events once more."""
        for seq in seqs:
            self._add(seq)

    async def room(self) -> None:
        """Wait until the client has read enough to be given more answers."""
        await self._room.wait()

    async def next(self) -> ServerMessage:
        """Return the next message; waits for one."""
        while True:
            self._changed.clear()
            message = await self._answer() or await self._event()
            if message is not None:
                return message
            await self._changed.wait()

    def close(self) -> None:
        """Stop watching the session."""
        self._unwatch()

    def _add(self, answer: ServerMessage | int) -> None:
        self._answers.append(answer)
        if len(self._answers) >= MAX_ANSWERS:
            self._room.clear()
        self._changed.set()

    async def _answer(self) -> ServerMessage | None:
        while self._answers:
            answer = self._answers.popleft()
            if len(self._answers) < MAX_ANSWERS:
                self._room.set()
            if isinstance(answer, int):
                stored = await self._store.event(self._session, answer)
                if stored is not None:
                    return stored
            else:
                return answer
        return None

    async def _event(self) -> ServerMessage | None:
        event = await self._store.next_after(self._session, self._cursor)
        if event is not None:
            self._cursor = event.seq
        return event
