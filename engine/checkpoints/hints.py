"""What titles and file names hint at where tensors are silent: few steps, v-prediction, inpainting.

A distilled checkpoint has the very tensors of the one it was distilled from, so its name and
metadata are all there is to go by. They are hints: a family takes its defaults from them, never
what it computes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAMES = ("modelspec.title", "modelspec.architecture", "ss_output_name", "ss_base_model_version")
_FEW_STEPS = ("lcm", "turbo", "lightning", "dmd", "dmd2", "pcm", "schnell")
_AFTER_HYPER = {"sd", "sdxl", "xl", "flux", "step", "steps"}  # else: hyperrealism, hyperreal


def distilled(name: str, metadata: Mapping[str, str]) -> str | None:
    """Return lcm, turbo, lightning, hyper, ... where the file name or title says so."""
    for text in (name, *(metadata.get(key, "") for key in _NAMES)):
        words = tokens(text)
        for place, word in enumerate(words):
            if word in _FEW_STEPS:
                return "dmd" if word == "dmd2" else word
            if word == "hyper" and _is_hyper(words[place + 1 :]):
                return "hyper"
    return None


def predicted(name: str, metadata: Mapping[str, str]) -> str | None:
    """Return v or epsilon where metadata or the file name says so."""
    told = metadata.get("modelspec.prediction_type", "").lower()
    if told in ("v", "v_prediction", "vpred"):
        return "v"
    if told in ("epsilon", "eps"):
        return "epsilon"
    architecture = metadata.get("modelspec.architecture", "")
    if architecture.startswith("stable-diffusion-v2"):
        return "v" if "-768-v" in architecture else "epsilon"
    told_v = metadata.get("ss_v_parameterization", "").lower() in ("true", "1")
    return "v" if told_v or _says_v(tokens(name)) else None


def words_of(title: str, metadata: Mapping[str, str]) -> frozenset[str]:
    """Return the words of the file name and of what the metadata calls it, lower case."""
    texts = (title, *(metadata.get(name, "") for name in _NAMES))
    apart = [tokens(text) for text in texts]
    joined = (a + b for words in apart for a, b in pairwise(words))  # sd, 3 is sd3 as well
    return frozenset([*(word for words in apart for word in words), *joined])


def tokens(text: str) -> list[str]:
    """Return the words of a file name, lower case: sdXL_turboV2 is sd, xl, turbo, v, 2."""
    return [word.lower() for word in _TOKEN.findall(text)]


def _is_hyper(after: list[str]) -> bool:
    return not after or after[0].isdigit() or after[0] in _AFTER_HYPER


def _says_v(words: list[str]) -> bool:
    pairs = set(pairwise(words))
    return "vpred" in words or bool(
        pairs & {("v", "pred"), ("v", "prediction"), ("768", "v"), ("v", "parameterization")}
    )
