"""The kinds of value, where no message reaches."""

from __future__ import annotations

import pytest

from bridge.wire.kinds import Blobs, Fault
from bridge.wire.limits import MAX_BLOBS


def test_a_message_holds_only_so_many_blobs() -> None:
    blobs = Blobs()
    for number in range(MAX_BLOBS):
        assert blobs.add(b"", "field") == number
    with pytest.raises(Fault, match="field is one blob too many; accepted are 64"):
        blobs.add(b"", "field")
