"""Results are remembered by content, within a bound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from engine.residency.remembered import Remembered, bytes_of, content_key


@dataclass(frozen=True)
class Pair:
    text: str
    weight: float


def kilobyte() -> torch.Tensor:
    return torch.zeros(256)


def test_the_same_content_is_computed_once() -> None:
    remembered, made = Remembered(), []

    def make() -> torch.Tensor:
        made.append(1)
        return kilobyte()

    first = remembered.recalled(content_key("a moon"), make)
    again = remembered.recalled(content_key("a moon"), make)
    other = remembered.recalled(content_key("a sun"), make)
    assert again is first
    assert other is not first
    assert len(made) == 2
    assert remembered.bytes == 2048


def test_what_was_not_used_longest_goes_first() -> None:
    remembered = Remembered(most_bytes=2048)
    first = remembered.recalled("1", kilobyte)
    second = remembered.recalled("2", kilobyte)
    remembered.recalled("1", kilobyte)
    remembered.recalled("3", kilobyte)
    assert remembered.bytes == 2048
    assert remembered.recalled("1", kilobyte) is first
    assert remembered.recalled("2", kilobyte) is not second


def test_what_is_larger_than_the_bound_is_made_and_pushes_nothing_out() -> None:
    remembered = Remembered(most_bytes=1024)
    small = remembered.recalled("small", kilobyte)
    assert remembered.recalled("large", lambda: torch.ones(2048)).sum() == 2048
    assert remembered.recalled("small", kilobyte) is small


def test_what_cannot_be_made_is_not_remembered() -> None:
    remembered = Remembered()

    def fails() -> torch.Tensor:
        raise ValueError("no words")

    with pytest.raises(ValueError, match="no words"):
        remembered.recalled("key", fails)
    assert remembered.recalled("key", kilobyte).shape == (256,)


def test_forgetting_gives_everything_back() -> None:
    remembered = Remembered()
    first = remembered.recalled("key", kilobyte)
    remembered.forget()
    assert remembered.bytes == 0
    assert remembered.recalled("key", kilobyte) is not first


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a", ("b", "c")), ("a", "b", "c")),
        ((1,), (1.0,)),
        ((None,), ("None",)),
        ((torch.zeros(2, 3),), (torch.zeros(3, 2),)),
        ((torch.zeros(2),), (torch.zeros(2, dtype=torch.float64),)),
        ((torch.zeros(2, dtype=torch.bfloat16),), (torch.ones(2, dtype=torch.bfloat16),)),
        ((np.zeros(2, np.uint8),), (np.array([0, 1], np.uint8),)),
        ((Pair("a", 1.0),), (Pair("a", 1.1),)),
        (({"lora": 0.5},), ({"lora": 0.6},)),
    ],
)
def test_different_contents_have_different_keys(one: tuple, other: tuple) -> None:
    assert content_key(*one) != content_key(*other)


def test_equal_contents_have_one_key_wherever_they_lie() -> None:
    picture = torch.arange(24.0).reshape(2, 3, 4)
    strided = torch.arange(24.0).reshape(2, 3, 4).permute(2, 1, 0).contiguous().permute(2, 1, 0)
    assert content_key("x", picture) == content_key("x", strided)
    assert content_key(Pair("a", 1.0), (1, 2)) == content_key(Pair("a", 1.0), (1, 2))
    assert content_key(np.ones((4, 4))[::2]) == content_key(np.ones((2, 4)))


def test_nothing_that_is_known_by_its_address_alone_makes_a_key() -> None:
    with pytest.raises(TypeError, match="object"):
        content_key("prompt", object())


def test_tensors_are_weighed_once_however_they_are_wrapped() -> None:
    one = kilobyte()
    assert bytes_of((one, [one], {"a": kilobyte()}, Pair("a", 1.0))) == 2048
    assert bytes_of("text") == 0
