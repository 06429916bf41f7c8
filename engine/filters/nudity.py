"""A detector of nudity: any picture classifier of transformers' that has labels for it.

`[options.filters.nudity] path = "FOLDER"`; its labels become categories by their names (`nsfw`,
`porn`, `gore`, ...), or as `labels` says: `[options.filters.nudity.labels] drawings = "sexual"`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ModelError, PluginError
from engine.hookspecs import Options, hookimpl
from engine.policies import CATEGORIES, Policy, policy_of, section
from engine.sights import PictureFilter, Sight

if TYPE_CHECKING:
    from engine.api import Pixels
    from engine.families import Model

LABELS: Mapping[str, str] = {
    **dict.fromkeys(
        ("nsfw", "porn", "hentai", "sexy", "nude", "nudity", "sexual", "explicit", "unsafe"),
        "sexual",
    ),
    **dict.fromkeys(("gore", "violence", "violent", "blood"), "violence"),
}
_WHAT = {"sexual": "nudity or sexual content", "violence": "violence"}
_NOT_READ = (OSError, ValueError, KeyError, TypeError, RuntimeError)


class NudityDetector(PictureFilter):
    """Classifies every picture; loaded with the first one, on the CPU."""

    def __init__(self, policy: Policy, folder: Path, labels: Mapping[str, str]) -> None:
        super().__init__(policy)
        self._folder, self._labels = folder, labels
        self._network: Any = None
        self._processor: Any = None

    def sights(self, picture: Pixels, model: Model | None) -> Sequence[Sight]:  # noqa: ARG002
        """Return a score a category: the sum of its labels' probabilities."""
        import torch
        from PIL import Image

        if self._network is None:
            self._network, self._processor = _read(self._folder)
        given = self._processor(images=Image.fromarray(picture), return_tensors="pt")
        with torch.inference_mode():
            shares = self._network(**given).logits[0].softmax(-1).tolist()
        scores: dict[str, float] = defaultdict(float)
        for index, share in enumerate(shares):
            category = self._labels.get(str(self._network.config.id2label[index]).casefold())
            if category is not None:
                scores[category] += share
        if not scores:
            raise PluginError(
                f"The classifier in {self._folder} has no label that is one of "
                f"{', '.join(self._labels)}. Say what its labels mean in "
                "[options.filters.nudity.labels]."
            )
        return [Sight(name, score, _WHAT.get(name, name)) for name, score in scores.items()]


def _read(folder: Path) -> tuple[Any, Any]:
    """Return network and image processor of a folder; ModelError where there are none."""
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    from engine.weights import check_weights

    try:
        check_weights(folder)
        network = AutoModelForImageClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        )
        processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
    except _NOT_READ as error:
        raise ModelError(
            f"The picture classifier in {folder} cannot be read ({error}). Name a folder with one "
            "in transformers' format, its weights in safetensors, in [options.filters.nudity]."
        ) from error
    return network.eval().requires_grad_(False), processor


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[object]:
    """Register the detector, if its folder is named and the policy cares about pictures."""
    told, policy = section(options, "nudity"), policy_of(options)
    if told is None:
        return []
    labels = {str(name).casefold(): kind for name, kind in told.get("labels", LABELS).items()}
    if "path" not in told or not set(labels.values()) <= set(CATEGORIES):
        raise PluginError(
            "The section options.filters.nudity needs a path, the folder of a picture classifier; "
            f"its labels, if given, stand for {', '.join(CATEGORIES)}."
        )
    folder = Path(str(told["path"])).expanduser()
    return [NudityDetector(policy, folder, labels)] if policy.looks_at_pictures else []
