"""The safety checker of Stable Diffusion: CLIP embeddings near seventeen concepts nobody is told.

Used when its folder is named: `[options.filters.safety_checker] path = "FOLDER"`, in diffusers'
format with the weights in safetensors. Its own yes or no is a score of 0.5; how far a picture is
beyond the nearest concept's threshold makes the rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ModelError, PluginError
from engine.hookspecs import Options, hookimpl
from engine.policies import Policy, policy_of, section
from engine.sights import PictureFilter, Sight

if TYPE_CHECKING:
    from torch import Tensor

    from engine.api import Pixels
    from engine.families import Model

STEEPNESS = 40.0  # a margin of 0.055 over the threshold is a score of 0.9
SPECIAL_CARE = 0.01  # by which thresholds sink when a child seems to be in the picture
_NOT_READ = (OSError, ValueError, KeyError, TypeError, RuntimeError)


class SafetyChecker(PictureFilter):
    """Asks the checker about every picture; it is loaded with the first one, on the CPU."""

    def __init__(self, policy: Policy, folder: Path) -> None:
        super().__init__(policy)
        self._folder = folder
        self._network: Any = None
        self._processor: Any = None

    def sights(self, picture: Pixels, model: Model | None) -> Sequence[Sight]:  # noqa: ARG002
        """Return how much the picture is like what the checker knows."""
        return [Sight("sexual", score(self.margin(picture)), "nudity or sexual content")]

    def margin(self, picture: Pixels) -> float:
        """Return by how much the nearest concept's threshold is passed; above 0 it is a yes."""
        import torch
        from PIL import Image

        if self._network is None:
            self._network, self._processor = _read(self._folder)
        given = self._processor(images=Image.fromarray(picture), return_tensors="pt")
        network = self._network
        with torch.inference_mode():
            pooled = network.vision_model(given["pixel_values"]).pooler_output
            seen = network.visual_projection(pooled)[0]
            special = _cosines(seen, network.special_care_embeds)
            careful = bool((special > network.special_care_embeds_weights).any())
            beyond = _cosines(seen, network.concept_embeds) - network.concept_embeds_weights
        return float(beyond.max()) + SPECIAL_CARE * careful


def score(margin: float) -> float:
    """Return a margin as a score, 0.5 where the checker begins to say yes."""
    return 1 / (1 + math.exp(-STEEPNESS * margin))


def _read(folder: Path) -> tuple[Any, Any]:
    """Return network and image processor of a folder; ModelError where there are none."""
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPImageProcessorPil

    from engine.weights import check_weights

    try:
        check_weights(folder)
        network = StableDiffusionSafetyChecker.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        )
        processor = CLIPImageProcessorPil.from_pretrained(folder, local_files_only=True)
    except _NOT_READ as error:
        raise ModelError(
            f"The safety checker in {folder} cannot be read ({error}). Name its folder, with "
            "config.json, preprocessor_config.json and the weights in safetensors, in "
            "[options.filters.safety_checker]."
        ) from error
    return network.eval().requires_grad_(False), processor


def _cosines(one: Tensor, others: Tensor) -> Tensor:
    from torch.nn.functional import cosine_similarity

    return cosine_similarity(one[None].float(), others.float())


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[object]:
    """Register the checker, if its folder is named and the policy cares about pictures."""
    told, policy = section(options, "safety_checker"), policy_of(options)
    if told is None:
        return []
    if "path" not in told:
        raise PluginError(
            "The section options.filters.safety_checker names no path; give the folder of the "
            "checker, or leave the section out."
        )
    folder = Path(str(told["path"])).expanduser()
    return [SafetyChecker(policy, folder)] if policy.looks_at_pictures else []
