"""Everything the engine raises on purpose.

EngineError
|-- RequestError          the caller's fault: `field` names what, the message says what is accepted
|   |-- PromptError       the signs in a prompt do not fit; `position` says where
|   `-- UnknownWordsError the model knows none of the prompt's words; `suggestions` offers some
|-- ModelError            a checkpoint is missing, broken or of an unknown kind
|-- DownloadError         a model cannot be got; `reason` says what stands in the way
|-- PluginError           a plugin is broken or misspelt; the message names it
|-- RefusedError          a filter said no; `category` says which rule
|-- OutOfMemoryError      the picture does not fit; the message names the size that would
`-- CancelledError        the painter changed their mind

Errors of torch, diffusers, safetensors and pillow are translated into one of these where they
happen.
"""

from __future__ import annotations

from typing import Literal

DownloadReason = Literal[
    "unknown",  # nothing has this name or address
    "licence",  # it was not accepted yet
    "token",  # the repository asks who one is, or has not let this one in
    "unreachable",  # no network, or the other side does not answer well
    "disk",  # it is full, would be, or cannot be written to
    "hash",  # the bytes are not what the source states; they were put aside
    "address",  # it leads where downloads do not go
    "format",  # it holds nothing that may be taken
    "busy",  # another process gets it already
]


class EngineError(Exception):
    """What every error of the engine is."""


class RequestError(EngineError):
    """A request that cannot be painted as it was asked."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class PromptError(RequestError):
    """A prompt whose brackets and other signs do not fit; the message points at the place."""

    def __init__(self, field: str, message: str, position: int) -> None:
        super().__init__(field, message)
        self.position = position


class UnknownWordsError(RequestError):
    """A prompt of which the model understands nothing."""

    def __init__(self, message: str, suggestions: tuple[str, ...]) -> None:
        super().__init__("prompt", message)
        self.suggestions = suggestions


class ModelError(EngineError):
    """A model that is missing, broken, or of a kind we do not know."""


class DownloadError(EngineError):
    """A model that cannot be got."""

    def __init__(self, reason: DownloadReason, message: str) -> None:
        super().__init__(message)
        self.reason: DownloadReason = reason


class PluginError(EngineError):
    """A plugin that cannot be loaded, registers nothing, or failed in a hook."""


class RefusedError(EngineError):
    """A filter refuses the prompt or the picture."""

    def __init__(self, category: str, message: str) -> None:
        super().__init__(message)
        self.category = category


class OutOfMemoryError(EngineError):
    """The picture does not fit into memory; the message names a size that would."""


class CancelledError(EngineError):
    """The job was cancelled while it was painting."""
