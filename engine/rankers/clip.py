"""Scores candidates by how well they fit their words, and, if asked, by how much they please.

The words: CLIP's cosine between picture and prompt, of the model's own CLIP, or of any checkpoint
in transformers' format (`[options.rank] clip = "FOLDER"`). The pleasing: a linear head on that
checkpoint's unit image embeddings (`aesthetic = "FILE.safetensors"`, tensors `weight` (1, D) or
(D,), `bias` (1,)), whose answer counts `aesthetic_weight` times, since heads are on a scale of
their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ModelError
from engine.hookspecs import Options, hookimpl

if TYPE_CHECKING:
    from torch import Tensor

    from engine.api import Pixels
    from engine.families import Model

SECTION = "rank"
AESTHETIC_WEIGHT = 0.01  # of heads that answer 1 to 10, beside cosines of 0.2 to 0.4
_NOT_READ = (OSError, ValueError, KeyError, TypeError, RuntimeError)


class ClipRanker:
    """Ranks by the model's own CLIP, or by a checkpoint that is loaded when first needed."""

    def __init__(self, clip: Path | None, aesthetic: Path | None, aesthetic_weight: float) -> None:
        self._folder, self._head_file, self._share = clip, aesthetic, aesthetic_weight
        self._clip: Checkpoint | None = None
        self._head: Tensor | None = None  # (D + 1,), the bias last

    @hookimpl
    def mahlstick_rank(self, picture: Pixels, prompt: str, model: Model) -> float | None:
        """Return the cosine of picture and prompt, and what the aesthetic head adds."""
        if self._folder is None:
            return _own_score(model, picture, prompt)
        if self._clip is None:
            self._clip = Checkpoint.read(self._folder)
        seen = self._clip.seen(picture)
        score = float(seen @ self._clip.said(prompt)) if prompt else 0.0
        if self._head_file is None:
            return score if prompt else None
        if self._head is None:
            self._head = read_head(self._head_file, len(seen))
        return score + self._share * float(seen @ self._head[:-1] + self._head[-1])


class Checkpoint:
    """A CLIP of transformers' format, on the CPU, where it never takes a painting's memory."""

    def __init__(self, clip: Any, processor: Any, tokenizer: Any) -> None:  # noqa: ANN401 - loaded late
        self._clip, self._processor, self._tokenizer = clip, processor, tokenizer

    @classmethod
    def read(cls, folder: Path) -> Checkpoint:
        """Return the checkpoint in a folder; ModelError where there is none."""
        from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel

        from engine.weights import check_weights

        try:
            check_weights(folder)
            clip = CLIPModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
            processor = CLIPImageProcessorPil.from_pretrained(folder, local_files_only=True)
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (*_NOT_READ, ModelError) as error:
            raise ModelError(
                f"The CLIP in {folder} cannot be read ({error}). Name a folder with a CLIP in "
                "transformers' format, its weights in safetensors, in [options.rank]."
            ) from error
        return cls(clip.eval().requires_grad_(False), processor, tokenizer)

    def seen(self, picture: Pixels) -> Tensor:
        """Return the unit embedding (D,) of an RGB picture."""
        import torch
        from PIL import Image

        given = self._processor(images=Image.fromarray(picture), return_tensors="pt")
        with torch.inference_mode():
            out = self._clip.vision_model(pixel_values=given["pixel_values"])
            return _unit(self._clip.visual_projection(out.pooler_output)[0])

    def said(self, prompt: str) -> Tensor:
        """Return the unit embedding (D,) of a prompt; what is too long loses its tail."""
        import torch

        longest = self._clip.config.text_config.max_position_embeddings
        given = self._tokenizer(prompt, truncation=True, max_length=longest, return_tensors="pt")
        with torch.inference_mode():
            out = self._clip.text_model(
                input_ids=given["input_ids"], attention_mask=given["attention_mask"]
            )
            return _unit(self._clip.text_projection(out.pooler_output)[0])


def read_head(file: Path, width: int) -> Tensor:
    """Return a linear head's weights with its bias behind them (D + 1,); ModelError if unfit."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(file)
        weight, bias = tensors["weight"].float().flatten(), tensors["bias"].float().flatten()
    except (*_NOT_READ, SafetensorError) as error:
        raise ModelError(
            f"The aesthetic head {file} cannot be read ({error}). It is a safetensors file with "
            "the tensors `weight` and `bias`."
        ) from error
    if weight.numel() != width or bias.numel() != 1:
        raise ModelError(
            f"The aesthetic head {file} takes embeddings of width {weight.numel()}; this CLIP's "
            f"have {width}. Use the head that belongs to the CLIP."
        )
    return torch.cat([weight, bias])


def _own_score(model: Model, picture: Pixels, prompt: str) -> float | None:
    from engine.pictures import as_tensor

    if not prompt:
        return None
    scores: Sequence[float] | None = model.score(as_tensor(picture, "cpu"), prompt)
    return None if scores is None else scores[0]


def _unit(x: Tensor) -> Tensor:
    return x.float() / x.float().norm().clamp_min(1e-6)


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[object]:
    """Register the ranker with its settings."""
    told = options.get(SECTION, {})
    return [
        ClipRanker(
            _path(told.get("clip")),
            _path(told.get("aesthetic")),
            float(told.get("aesthetic_weight", AESTHETIC_WEIGHT)),
        )
    ]


def _path(told: object) -> Path | None:
    return None if told is None else Path(str(told)).expanduser()
