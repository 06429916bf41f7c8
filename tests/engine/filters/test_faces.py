"""The face policy: finds, false alarms, and never silence where nothing can look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine import Action, Pixels, PluginError
from engine.embedded.world import drawn, imagined
from engine.filters.faces import FacePolicy, haar, mahlstick_plugins, yunet
from engine.policies import CLASSROOM, STUDIO, policy_of

ROOT = Path(__file__).parents[3]
PHOTOGRAPH = ROOT / "bridge" / "demo" / "sunset.jpg"


def opaque(picture: Pixels) -> Pixels:
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])


def test_drawn_faces_are_found_where_they_are(drawn_face: Callable[..., Pixels]) -> None:
    found = haar()
    hits = [
        any(box.left < side / 2 < box.right and box.top < side * 0.6 < box.bottom for box in boxes)
        for seed, side in enumerate((128, 200, 320, 900))
        for tilt in (-10.0, 0.0, 10.0)
        for boxes in (found(drawn_face(seed, side, tilt)),)
    ]
    assert sum(hits) >= 11


def test_drawn_pictures_and_photographs_without_faces_raise_no_alarm() -> None:
    found = haar()
    pictures = [drawn(imagined(seed), 256).pixels for seed in range(24)]
    photograph = cv2.imread(str(PHOTOGRAPH))
    assert photograph is not None
    pictures.append(np.ascontiguousarray(photograph[..., ::-1], np.uint8))
    assert sum(bool(found(picture)) for picture in pictures) == 0


def test_the_policy_says_what_becomes_of_a_face(drawn_face: Callable[..., Pixels]) -> None:
    image = opaque(drawn_face(1))
    refused = FacePolicy(CLASSROOM).mahlstick_check_input(image, None)
    warned = FacePolicy(policy_of({"filters": {"faces": "warn"}})).mahlstick_check_input(
        image, None
    )
    assert refused is not None
    assert warned is not None
    assert (refused.action, warned.action) == (Action.REFUSE, Action.ALLOW)
    assert refused.category == "faces"
    assert "a face where this picture would be painted over" in refused.sentence
    assert FacePolicy(STUDIO).mahlstick_check_input(image, None) is None


def test_a_face_beside_the_selection_may_stay(drawn_face: Callable[..., Pixels]) -> None:
    image = opaque(np.hstack([drawn_face(1), np.full((256, 256, 3), 90, np.uint8)]))
    beside, across = np.zeros((256, 512), np.uint8), np.zeros((256, 512), np.uint8)
    beside[:, 300:] = 255
    across[100:140, 100:400] = 255
    policy = FacePolicy(CLASSROOM)
    assert policy.mahlstick_check_input(image, beside) is None
    assert policy.mahlstick_check_input(image, across) is not None


def test_what_is_transparent_hides_no_face_and_makes_none(
    drawn_face: Callable[..., Pixels],
) -> None:
    image = opaque(drawn_face(1))
    image[..., 3] = 0
    assert FacePolicy(CLASSROOM).mahlstick_check_input(image, None) is None


@pytest.mark.parametrize(("faces", "action"), [("warn", Action.ALLOW), ("refuse", Action.REFUSE)])
def test_without_a_detector_the_policy_still_answers(
    faces: str, action: Action, tmp_path: Path
) -> None:
    policy = policy_of({"filters": {"faces": faces}})
    image = np.zeros((20, 20, 4), np.uint8)
    verdict = FacePolicy(policy, tmp_path / "missing.onnx").mahlstick_check_input(image, None)
    assert verdict is not None
    assert verdict.action is action
    assert "Faces cannot be looked for" in verdict.sentence


def test_an_opencv_without_cascades_is_no_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2, "CascadeClassifier")  # as in OpenCV 5
    with pytest.raises(OSError, match="without its Haar cascades"):
        haar()
    verdict = FacePolicy(CLASSROOM).mahlstick_check_input(np.zeros((20, 20, 4), np.uint8), None)
    assert verdict is not None
    assert verdict.action is Action.REFUSE


def test_a_model_of_yunets_kind_is_asked_where_one_is_named(yunet_file: Path) -> None:
    found = yunet(yunet_file, 0.7)
    picture = np.zeros((640, 1280, 3), np.uint8)
    picture[256:384, 640:896] = 255
    boxes = found(picture)  # looked for at half its size
    assert boxes
    assert all(box.left >= 560 and box.right <= 960 and box.top >= 190 for box in boxes)
    assert found(np.zeros((64, 64, 3), np.uint8)) == []


def test_a_file_that_is_no_model_is_no_detector(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"not a network")
    verdict = FacePolicy(CLASSROOM, path).mahlstick_check_input(np.zeros((9, 9, 4), np.uint8), None)
    assert verdict is not None
    assert "cannot be read" in verdict.sentence


def test_its_settings_are_checked() -> None:
    assert len(mahlstick_plugins({})) == 1
    with pytest.raises(PluginError, match="between 0 and 1"):
        mahlstick_plugins({"filters": {"face_detector": {"sure": 3}}})
