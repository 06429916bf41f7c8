"""Everything the bridge raises on purpose.

BridgeError
|-- SettingsError     a flag, an environment variable or a line of the settings file is wrong
|-- StateFolderError  the state folder cannot be used
|-- AlreadyRunning    another bridge holds the state folder; `connection_file` says how to reach it
|-- ListenError       the address cannot be listened on, or must not be
|-- JobRefusedError   a job or one of its pictures is not taken; becomes a `Refused` on the wire
|-- WorkerDiedError   the process that paints ended in mid-job
|-- ShelfError        a model cannot be removed (bridge.shelf)
|-- NoAnswerError     the process that looks at the models does not answer (bridge.shelf)
`-- PluginError       an editor's plugin cannot be built, installed or removed

Faults of the peer on the wire are `bridge.wire`'s own errors, faults of a painting the engine's.
"""

from __future__ import annotations

from pathlib import Path


class BridgeError(Exception):
    """What every error of the bridge is; the message is a sentence for the user."""


class SettingsError(BridgeError):
    """A setting that cannot be used."""


class StateFolderError(BridgeError):
    """A state folder that cannot be created, read or written."""


class AlreadyRunning(BridgeError):
    """Another bridge holds the state folder; connect to that one."""

    def __init__(self, connection_file: Path) -> None:
        super().__init__(
            f"A bridge is already running for this state folder; {connection_file} says how to"
            " reach it. Connect to it, end it, or choose another --state-dir."
        )
        self.connection_file = connection_file


class ListenError(BridgeError):
    """An address that cannot be listened on, or must not be without more settings."""


class JobRefusedError(BridgeError):
    """A job that is not taken; the client's fault or its limit."""

    def __init__(self, code: str, message: str, *, param: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.param = param


class WorkerDiedError(BridgeError):
    """The worker ended in mid-job; the job may be tried again."""


class PluginError(BridgeError):
    """An editor's plugin that cannot be built, installed or removed."""
