"""What nobody looked at, under each policy, and the policies on whole jobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import (
    Action,
    Denoised,
    Engine,
    Mode,
    Painted,
    PaintRequest,
    Pixels,
    RefusedError,
    Size,
    Started,
)
from engine.filters.veil import Veil, mahlstick_plugins
from engine.policies import CLASSROOM, OFF, STUDIO, Policy

TRUSTING = {"policy": "classroom", "trusted_models": ["tiny"]}


def asked(model: str = "tiny", **wishes: Any) -> PaintRequest:
    usual: dict[str, Any] = {
        "mode": Mode.GENERATE, "prompt": "red", "candidates": 1, "seed": 1, "size": Size(64, 64),
    }  # fmt: skip
    return PaintRequest(model=model, **{**usual, **wishes})


@pytest.fixture
def paint(tiny_folder: Path, tiny_hook: str) -> Callable[..., list[Any]]:
    """Paint with the tiny model under some filters' settings."""

    def painted(filters: dict[str, Any], **wishes: Any) -> list[Any]:
        options = {"filters": filters}
        engine = Engine([tiny_folder], [tiny_hook], device="cpu", options=options)
        return list(engine.paint(asked(**wishes)))

    return painted


def labels(events: list[Any]) -> list[str]:
    painted = [event for event in events if isinstance(event, Painted)]
    return [label["category"] for one in painted for label in one.record.get("labels", [])]


def previews(events: list[Any]) -> list[Pixels]:
    return [event.preview for event in events if isinstance(event, Denoised)]


@pytest.mark.parametrize(
    ("policy", "checked", "model", "refused"),
    [
        (CLASSROOM, False, "mine", True),
        (CLASSROOM, True, "mine", False),
        (CLASSROOM, False, "embedded", False),
        (STUDIO, False, "mine", False),
        (OFF, False, "mine", False),
    ],
)
def test_a_model_that_nobody_looks_after_is_refused_where_it_matters(
    policy: Policy, checked: bool, model: str, refused: bool
) -> None:
    verdict = Veil(policy, checked).mahlstick_check_prompt(asked(model))
    assert (verdict is not None) is refused
    if verdict is not None:
        assert (verdict.action, verdict.category) == (Action.REFUSE, "unchecked")
        assert "Paint with the model embedded" in verdict.sentence


def test_it_knows_whether_a_filter_for_pictures_is_set_up() -> None:
    (without,) = mahlstick_plugins({"filters": {"policy": "classroom"}})
    (with_one,) = mahlstick_plugins({"filters": {"policy": "classroom", "concepts": {}}})
    assert isinstance(without, Veil)
    assert isinstance(with_one, Veil)
    assert without.mahlstick_check_prompt(asked())
    assert with_one.mahlstick_check_prompt(asked()) is None


def test_the_studio_paints_all_and_labels_it(paint: Callable[..., list[Any]]) -> None:
    events = paint({}, prompt="red gore")
    started = next(event for event in events if isinstance(event, Started))
    assert any("reads as violence (“gore”)" in note for note in started.notes)
    assert labels(events) == ["violence", "unchecked"]
    off = paint({"policy": "off"}, prompt="red gore")
    assert labels(off) == []
    for a, b in zip(previews(events), previews(off), strict=True):
        assert np.array_equal(a, b)


def test_the_classroom_refuses_words_before_anything_is_painted(
    paint: Callable[..., list[Any]],
) -> None:
    with pytest.raises(RefusedError, match="Paint the mood") as error:
        paint(TRUSTING, prompt="red gore")
    assert error.value.category == "violence"


@pytest.mark.parametrize("policy", ["off", "studio", "classroom"])
def test_no_policy_paints_children_and_nudity(policy: str, paint: Callable[..., list[Any]]) -> None:
    with pytest.raises(RefusedError, match="never painted") as error:
        paint({**TRUSTING, "policy": policy}, prompt="red nude child")
    assert error.value.category == "minors"


def test_words_in_a_wildcard_are_read_after_the_draw(paint: Callable[..., list[Any]]) -> None:
    with pytest.raises(RefusedError) as error:
        paint(TRUSTING, prompt="red {gore|gore}")
    assert error.value.category == "violence"


def test_the_classroom_veils_previews_and_shows_results(
    paint: Callable[..., list[Any]], photo: Pixels
) -> None:
    wishes = {"mode": Mode.REFINE, "image": photo, "size": None, "strength": 0.1, "prompt": ""}
    plain, veiled = paint({"policy": "off"}, **wishes), paint(TRUSTING, **wishes)
    for bare, soft in zip(previews(plain), previews(veiled), strict=True):
        assert roughness(soft) < roughness(bare) * 0.9
    ends = [[e.merged for e in events if isinstance(e, Painted)] for events in (veiled, plain)]
    assert np.array_equal(ends[0], ends[1])
    assert labels(veiled) == ["unchecked"]


def roughness(picture: Pixels) -> float:
    return float(np.abs(np.diff(picture.astype(float), axis=1)).mean())


def test_the_classroom_keeps_paint_off_faces(
    paint: Callable[..., list[Any]], drawn_face: Callable[..., Pixels]
) -> None:
    face = drawn_face(1)
    image = np.dstack([face, np.full(face.shape[:2], 255, np.uint8)])
    mask = np.full(face.shape[:2], 255, np.uint8)
    wishes = {"mode": Mode.INPAINT, "image": image, "mask": mask, "size": None}
    with pytest.raises(RefusedError, match="There seems to be a face") as error:
        paint(TRUSTING, **wishes)
    assert error.value.category == "faces"
    mask[:, :] = 0
    mask[:30, :30] = 255
    assert labels(paint(TRUSTING, **wishes)) == ["unchecked"]


def test_a_picture_filter_blurs_a_result_and_says_so(paint: Callable[..., list[Any]]) -> None:
    concepts = {"look_for": {"violence": ["red"]}, "neutral": ["blue"]}
    strict = {**TRUSTING, "concepts": concepts, "pictures": {"refuse": "never"}}
    large = {"size": Size(256, 256)}
    shown, plain = (
        [event for event in paint(told, **large) if isinstance(event, Painted)]
        for told in (strict, TRUSTING)
    )
    assert [one["action"] for one in shown[0].record["labels"]] == ["blur"]
    assert roughness(shown[0].merged) < roughness(plain[0].merged) * 0.6


def test_checked_previews_are_looked_at_like_results(tiny_folder: Path, tiny_hook: str) -> None:
    concepts = {"look_for": {"violence": ["red"]}, "neutral": ["blue"]}
    options = {"filters": {**TRUSTING, "previews": "check", "concepts": concepts}}
    engine = Engine([tiny_folder], [tiny_hook], device="cpu", options=options)
    seen: list[Any] = []
    with pytest.raises(RefusedError, match="something like “red”") as error:
        seen.extend(engine.paint(asked()))
    assert error.value.category == "violence"
    assert not any(isinstance(event, Painted) for event in seen)
