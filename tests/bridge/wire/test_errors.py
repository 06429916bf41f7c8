"""The errors: codes with a meaning, and values that survive a process boundary."""

from __future__ import annotations

import copy

import pytest

from bridge.wire import errors
from bridge.wire.errors import DecodeError, EncodeError, LinkError, WireError


def test_every_code_has_one_sentence() -> None:
    codes = {
        value for name, value in vars(errors).items() if name.isupper() and isinstance(value, str)
    }
    assert codes == set(errors.MEANINGS)
    assert all(sentence.endswith(".") for sentence in errors.MEANINGS.values())


def test_our_faults_and_theirs_are_different_errors() -> None:
    assert not issubclass(DecodeError, EncodeError)
    assert not issubclass(EncodeError, DecodeError)
    assert issubclass(LinkError, WireError)


@pytest.mark.parametrize(
    "error",
    [EncodeError("c", "Why.", "p"), DecodeError("c", "Why.", "p", "job", "submit")],
)
def test_an_error_can_be_copied_and_so_cross_to_another_process(error: WireError) -> None:
    again = copy.deepcopy(error)
    assert (type(again), vars(again), str(again)) == (type(error), vars(error), "Why.")
