"""Everything that can go wrong on the wire, and the codes by which programs tell it apart.

    WireError
    ├── EncodeError            our own program made an illegal message
    ├── DecodeError            the other end sent one
    └── LinkError              the connection
        ├── ConnectionFileError   no usable connection file: no bridge runs, or it never ran
        ├── UnreachableError      there is a file, but nobody answers
        ├── RejectedError         the bridge answers and lets us not in: token, origin, version
        └── ClosedError           the connection ended in the middle

Every one carries `code` (for programs), its message (a sentence for the painter) and `param` (the
field at fault, such as `image.width`, or empty).
"""

from __future__ import annotations

BAD_MESSAGE = "bad_message"
BAD_REQUEST = "bad_request"
UNSUPPORTED_VERSION = "unsupported_version"
UNAUTHORIZED = "unauthorized"
FORBIDDEN_ORIGIN = "forbidden_origin"
UNKNOWN_MODEL = "unknown_model"
REFUSED_BY_FILTER = "refused_by_filter"
UNKNOWN_WORDS = "unknown_words"
QUEUE_FULL = "queue_full"
TOO_LARGE = "too_large"
OUT_OF_MEMORY = "out_of_memory"
WORKER_DIED = "worker_died"
STORAGE_FAILED = "storage_failed"
INTERNAL = "internal"
GONE = "gone"
UNKNOWN_JOB = "unknown_job"
UNKNOWN_PICTURE = "unknown_picture"
DUPLICATE_JOB = "duplicate_job"
OUT_OF_ORDER = "out_of_order"
NO_BRIDGE = "no_bridge"
CLOSED = "closed"
UNTRUSTED = "untrusted"

MEANINGS = {
    BAD_MESSAGE: "The message does not follow the protocol; the program that sent it has a fault.",
    BAD_REQUEST: "The message is well formed, but a value in it is not acceptable.",
    UNSUPPORTED_VERSION: "The two ends speak different versions; update the older one.",
    UNAUTHORIZED: "The token is missing or wrong; read it again from the connection file.",
    FORBIDDEN_ORIGIN: "Requests from this host name or web page are not allowed.",
    UNKNOWN_MODEL: "No model of this name is installed.",
    REFUSED_BY_FILTER: "A filter did not let the request or its result pass.",
    UNKNOWN_WORDS: "The model knows none of the words of the prompt; try the suggested ones.",
    QUEUE_FULL: "Too many jobs are waiting; try again when one has ended.",
    TOO_LARGE: "A message or picture is larger than the bridge accepts.",
    OUT_OF_MEMORY: "The picture does not fit into memory; a smaller one would.",
    WORKER_DIED: "The process that paints ended twice on this job, which was therefore given up.",
    STORAGE_FAILED: "The bridge cannot write to its folder: the disk is full or read-only.",
    INTERNAL: "A fault in the bridge; its log says more.",
    GONE: "The job or its results are no longer kept.",
    UNKNOWN_JOB: "This session has no job of this name.",
    UNKNOWN_PICTURE: "A picture was named by its hash only, but is not kept; send it whole.",
    DUPLICATE_JOB: "This session already has another job of this name.",
    OUT_OF_ORDER: "The message is legal, but not at this point of the conversation.",
    NO_BRIDGE: "No bridge is running, or it cannot be reached; start it with `mahlstick serve`.",
    CLOSED: "The connection to the bridge ended.",
    UNTRUSTED: "The bridge's certificate is not trusted; pair with it anew if it has another now.",
}


class WireError(Exception):
    """Something is wrong with a message or the link; `str()` is a sentence for the painter."""

    def __init__(self, code: str, message: str, param: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.code, self.message, self.param))


class EncodeError(WireError):
    """Our own program made a message that the protocol does not allow."""


class DecodeError(WireError):
    """The other end sent what the protocol does not allow.

    `job` and `message_type` name what the message was about, when that much could be read: an
    answer can be addressed. With code `bad_message` nothing of the sender can be trusted; with
    `bad_request` only a value was out of range.
    """

    def __init__(
        self, code: str, message: str, param: str = "", job: str = "", message_type: str = ""
    ) -> None:
        super().__init__(code, message, param)
        self.job = job
        self.message_type = message_type

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.code, self.message, self.param, self.job, self.message_type))


class LinkError(WireError):
    """There is no usable connection to a bridge."""


class ConnectionFileError(LinkError):
    """The file that says where the bridge is cannot be found or read."""


class UnreachableError(LinkError):
    """Nobody answers where the bridge should be."""


class RejectedError(LinkError):
    """The bridge answers but does not let this client in."""


class ClosedError(LinkError):
    """The connection ended while it was in use."""
