"""The face policy: no painting into faces in pictures that are brought, where the policy says so.

Looks for faces where the picture is about to be changed. Found by OpenCV's Haar cascade for frontal
faces, or by a YuNet model (`[options.filters.face_detector] model = "FILE.onnx"`), which also finds
turned and small ones. Where neither can be had, the policy's answer is given for every picture: it
warns or refuses, and never passes in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.api import Box
from engine.errors import PluginError
from engine.hookspecs import Options, hookimpl
from engine.policies import FACES, Policy, Response, policy_of, response_to, section
from engine.sights import over_white

if TYPE_CHECKING:
    from engine.api import Pixels
    from engine.verdicts import Verdict

CASCADE = "haarcascade_frontalface_alt2.xml"  # the one with the fewest false alarms on paintings
SIDE = 640  # pixels of the longer side at which faces are looked for
SMALLEST = 0.06  # of the shorter side
NEIGHBOURS = 5  # overlapping finds that make a face
SURE = 0.7  # YuNet's score

Detector = Callable[["Pixels"], Sequence[Box]]  # RGB (h, w, 3) to boxes in its pixels


class FacePolicy:
    """Asks about every picture that is to be edited."""

    def __init__(self, policy: Policy, model: Path | None = None, sure: float = SURE) -> None:
        self._response, self._model, self._sure = policy.faces, model, sure
        self._detector: Detector | None = None

    @hookimpl
    def mahlstick_check_input(self, image: Pixels, mask: Pixels | None) -> Verdict | None:
        """Return the policy's answer to a face that would be painted over, or to no detector."""
        if self._response is Response.IGNORE:
            return None
        try:
            if self._detector is None:
                self._detector = haar() if self._model is None else yunet(self._model, self._sure)
        except (OSError, ImportError) as error:
            return response_to(
                self._response,
                FACES,
                f"Faces cannot be looked for in this picture: {error}. Ask whoever looks after "
                "this computer, or paint without bringing a picture.",
            )
        faces = [box for box in self._detector(over_white(image)) if _is_painted(box, mask)]
        if not faces:
            return None
        return response_to(self._response, FACES, _sentence(len(faces)))


def haar() -> Detector:
    """Return OpenCV's own detector of frontal faces; OSError where OpenCV has none (5.x)."""
    import cv2

    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    path = Path(folder) / CASCADE
    if not folder or not path.is_file() or not hasattr(cv2, "CascadeClassifier"):
        raise OSError(f"this OpenCV ({cv2.__version__}) comes without its Haar cascades")
    cascade = cv2.CascadeClassifier(str(path))

    def found(picture: Pixels) -> list[Box]:
        small, scale = _scaled(picture)
        grey = cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
        least = max(20, round(SMALLEST * min(grey.shape)))
        boxes = cascade.detectMultiScale(
            grey, scaleFactor=1.1, minNeighbors=NEIGHBOURS, minSize=(least, least)
        )
        return [_enlarged(box, scale) for box in boxes]

    return found


def yunet(model: Path, sure: float) -> Detector:
    """Return a YuNet detector; OSError where the file is none."""
    import cv2

    if not model.is_file():
        raise OSError(f"the face model {model} is not there")
    try:
        network: Any = cv2.FaceDetectorYN.create(str(model), "", (320, 320), sure)
    except cv2.error as error:
        raise OSError(f"the face model {model} cannot be read ({error.err})") from error

    def found(picture: Pixels) -> list[Box]:
        small, scale = _scaled(picture)
        height, width = small.shape[:2]
        network.setInputSize((width, height))
        _, faces = network.detect(np.ascontiguousarray(small[..., ::-1]))
        return [] if faces is None else [_enlarged(face[:4], scale) for face in faces]

    return found


def _scaled(picture: Pixels) -> tuple[Pixels, float]:
    """Return the picture no larger than faces are looked for in, and the scale back."""
    import cv2

    longer = max(picture.shape[:2])
    if longer <= SIDE:
        return picture, 1.0
    height, width = (max(1, round(side * SIDE / longer)) for side in picture.shape[:2])
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8), longer / SIDE


def _enlarged(box: Sequence[float], scale: float) -> Box:
    left, top, width, height = (round(float(side) * scale) for side in box)
    return Box(max(left, 0), max(top, 0), max(width, 1), max(height, 1))


def _is_painted(box: Box, mask: Pixels | None) -> bool:
    """Say whether the selection touches a face; without a selection all of it is painted."""
    if mask is None:
        return True
    return bool(mask[box.top : box.bottom, box.left : box.right].any())


def _sentence(count: int) -> str:
    shown = "a face" if count == 1 else f"{count} faces"
    return (
        f"There seems to be {shown} where this picture would be painted over. Select a part "
        "without faces, or bring another picture."
    )


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[object]:
    """Register the face policy; what it answers is the policy's `faces`."""
    told = section(options, "face_detector") or {}
    model, sure = told.get("model"), told.get("sure", SURE)
    if not isinstance(sure, (int, float)) or not 0 < sure < 1:
        raise PluginError(
            f"The setting options.filters.face_detector.sure is {sure!r}; accepted is a number "
            "between 0 and 1."
        )
    path = None if model is None else Path(str(model)).expanduser()
    return [FacePolicy(policy_of(options), path, float(sure))]
