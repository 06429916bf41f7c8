"""How a command ends badly: a sentence for the painter and an exit code for scripts.

Failure
|-- InputFailure      2  the command line or a file on it is wrong
|-- BridgeFailure     3  no bridge, wrong token, wrong version, connection lost
|-- JobFailure        1  the job failed in the bridge
|-- DownloadFailure   5  a model cannot be got; the sentence says what stands in the way
|-- RefusedFailure    4  a filter refused the prompt or the picture
`-- CancelledFailure 130 the painter pressed Ctrl+C
"""

from __future__ import annotations


class Failure(Exception):
    """A sentence that ends the command; `exit_code` says of which kind it is."""

    exit_code = 1


class InputFailure(Failure):
    """The command line, or a file named on it, cannot be used."""

    exit_code = 2


class BridgeFailure(Failure):
    """The bridge cannot be reached or ended the conversation."""

    exit_code = 3


class JobFailure(Failure):
    """The job failed; the message is the bridge's."""

    exit_code = 1


class DownloadFailure(Failure):
    """A model cannot be got; the message is the engine's."""

    exit_code = 5


class RefusedFailure(Failure):
    """A filter refused; the message says which and how to go on."""

    exit_code = 4


class CancelledFailure(Failure):
    """The painter stopped it."""

    exit_code = 130
