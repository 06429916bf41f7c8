"""One connection's conversation: message in, effects out. No I/O, no clock, no tasks.

    GREETING --hello--> OPEN --(fatal fault)--> CLOSED

What is legal when stands in one table. An illegal frame closes the connection it came on, with a
reason, and has no other effect; a legal message with a value out of range is refused and forgotten.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from bridge.wire import errors as codes
from bridge.wire.errors import DecodeError
from bridge.wire.messages import (
    SUBPROTOCOL,
    VERSION,
    Cancel,
    ClientMessage,
    Fetch,
    Hello,
    Keep,
    Limits,
    Refused,
    Submit,
)

PREVIEW_SIDES = (16, 2048)  # pixels
_REASON_BYTES = 123  # RFC 6455: a control frame holds 125, two are the code

PROTOCOL_ERROR, UNSUPPORTED, POLICY, TOO_BIG = 1002, 1003, 1008, 1009


@dataclass(frozen=True, slots=True)
class Greet:
    """Answer hello with welcome, then send the session's events."""

    hello: Hello


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Take this job."""

    submit: Submit


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Cancel this job; if it has ended, tell its end again."""

    job: str


@dataclass(frozen=True, slots=True)
class KeepJob:
    """End this job early, keeping some candidates."""

    job: str
    candidates: frozenset[int]


@dataclass(frozen=True, slots=True)
class SendResults:
    """Send what this job left once more."""

    job: str


@dataclass(frozen=True, slots=True)
class SendHistory:
    """Send the list of the session's jobs."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Send this after the answers before it."""

    message: Refused


@dataclass(frozen=True, slots=True)
class Close:
    """Send `last`, if it still goes through, and close."""

    last: Refused
    code: int

    @property
    def reason(self) -> str:
        """The sentence, cut to what a close frame holds."""
        return self.last.message.encode()[:_REASON_BYTES].decode(errors="ignore")


Effect = Greet | Enqueue | CancelJob | KeepJob | SendResults | SendHistory | Answer | Close


class Phase(Enum):
    """Where a conversation stands."""

    GREETING = auto()
    OPEN = auto()
    CLOSED = auto()


class Conversation:
    """The state of one connection."""

    def __init__(self, limits: Limits) -> None:
        self.phase = Phase.GREETING
        self._limits = limits

    def received(self, message: ClientMessage) -> Effect | None:
        """Return what a message brings about; None once the conversation is closed."""
        if self.phase is Phase.CLOSED:
            return None
        handler = _TABLE.get((self.phase, type(message)))
        if handler is None:
            return self._close(codes.OUT_OF_ORDER, self._misplaced(message.type), PROTOCOL_ERROR)
        return handler(self, message)

    def undecodable(self, error: DecodeError) -> Effect | None:
        """Return what an illegal frame brings about."""
        if self.phase is Phase.CLOSED:
            return None
        if self.phase is Phase.OPEN and error.code == codes.BAD_REQUEST:
            return Answer(Refused(error.code, error.message, error.param, error.job))
        close_code = TOO_BIG if error.code == codes.TOO_LARGE else PROTOCOL_ERROR
        return self._close(error.code, error.message, close_code, error.param)

    def text(self) -> Effect | None:
        """Return what a text frame brings about."""
        if self.phase is Phase.CLOSED:
            return None
        sentence = "A text frame came; every message is one binary frame."
        return self._close(codes.BAD_MESSAGE, sentence, UNSUPPORTED)

    def wrong_subprotocol(self) -> Effect:
        """Return what a client that does not ask for our subprotocol brings about."""
        sentence = (
            f"The client does not ask for the subprotocol {SUBPROTOCOL}, which is what this bridge"
            " speaks. Update the older of the two."
        )
        return self._close(codes.UNSUPPORTED_VERSION, sentence, PROTOCOL_ERROR)

    def dismissed(self) -> Effect:
        """Return what the end of a pairing brings about."""
        sentence = "This machine is no longer paired with the bridge; pair it again to go on."
        return self._close(codes.UNAUTHORIZED, sentence, POLICY)

    def hello_overdue(self) -> Effect:
        """Return what silence brings about."""
        sentence = "No hello came in time; it must be the first message of a connection."
        return self._close(codes.OUT_OF_ORDER, sentence, POLICY)

    def _hello(self, hello: Hello) -> Effect:
        if hello.version != VERSION:
            sentence = (
                f"The client speaks version {hello.version} of the protocol, this bridge {VERSION}."
                " Update the older of the two."
            )
            return self._close(codes.UNSUPPORTED_VERSION, sentence, POLICY, "version")
        if not _is_uuid(hello.session):
            sentence = "The session is not a UUID; make one and keep it between runs."
            return self._close(codes.BAD_REQUEST, sentence, POLICY, "session")
        low, high = PREVIEW_SIDES
        if not low <= hello.preview_side <= high:
            sentence = (
                f"The preview_side is {hello.preview_side}; accepted are {low} to {high} pixels."
            )
            return self._close(codes.BAD_REQUEST, sentence, POLICY, "preview_side")
        self.phase = Phase.OPEN
        return Greet(hello)

    def _submit(self, submit: Submit) -> Effect:
        refused = self._out_of_limits(submit)
        return Enqueue(submit) if refused is None else Answer(refused)

    def _cancel(self, cancel: Cancel) -> Effect:
        return CancelJob(cancel.job)

    def _keep(self, keep: Keep) -> Effect:
        if not keep.candidates:
            sentence = "No candidate to keep was named; name at least one, or cancel the job."
            return Answer(Refused(codes.BAD_REQUEST, sentence, "candidates", keep.job))
        return KeepJob(keep.job, frozenset(keep.candidates))

    def _fetch(self, fetch: Fetch) -> Effect:
        return SendResults(fetch.job) if fetch.job else SendHistory()

    def _out_of_limits(self, submit: Submit) -> Refused | None:
        if not _is_uuid(submit.job):
            sentence = "The job's name is not a UUID; make one for each job."
            return Refused(codes.BAD_REQUEST, sentence, "job", submit.job[:100])
        ranges = (
            ("candidates", submit.candidates, self._limits.candidates),
            ("steps", submit.steps, self._limits.steps),
            ("width", submit.width, self._limits.picture_side),
            ("height", submit.height, self._limits.picture_side),
        )
        for name, value, highest in ranges:
            if value is not None and not 1 <= value <= highest:
                sentence = f"{name} is {value}; accepted are 1 to {highest}."
                return Refused(codes.BAD_REQUEST, sentence, name, submit.job)
        return None

    def _misplaced(self, kind: str) -> str:
        if self.phase is Phase.GREETING:
            return f"The first message is {kind}; it must be hello."
        return f"A second {kind} came; it is accepted once, at the beginning."

    def _close(self, code: str, sentence: str, close_code: int, param: str = "") -> Close:
        self.phase = Phase.CLOSED
        return Close(Refused(code, sentence, param, fatal=True), close_code)


_TABLE: dict[tuple[Phase, type[Any]], Callable[[Conversation, Any], Effect]] = {
    (Phase.GREETING, Hello): Conversation._hello,
    (Phase.OPEN, Submit): Conversation._submit,
    (Phase.OPEN, Cancel): Conversation._cancel,
    (Phase.OPEN, Keep): Conversation._keep,
    (Phase.OPEN, Fetch): Conversation._fetch,
}


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
