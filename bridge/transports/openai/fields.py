"""What a request may say: OpenAI's parameters and our own, checked, as the document describes them.

Parameters that mean nothing to a diffusion model (`quality`, `style`, `user`, ...) are accepted and
have no effect; unknown ones are refused, so that a misspelt one is not ignored.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from bridge.wire.limits import MAX_SIDE

MAX_SEED = 2**63 - 1
MAX_STEPS = 500
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_LINK_MODELS = ("dall-e-2", "dall-e-3")  # with these, clients expect a link

Ignored = Annotated[str | None, Field(description="Accepted for OpenAI's sake; has no effect.")]


class Wish(BaseModel):
    """What all three ways of painting have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: Annotated[str, Field(max_length=32_000, description="What to paint.")]
    model: str | None = Field(
        None,
        description="A model of `GET /v1/models`. OpenAI's own names (dall-e-2, dall-e-3,"
        " gpt-image-..., chatgpt-image-latest) mean the default model.",
    )
    n: int = Field(1, ge=1, le=10, description="How many pictures.")
    size: str = Field(
        "auto",
        description=f"WIDTHxHEIGHT in pixels, each 1 to {MAX_SIDE}, or auto: the model's native"
        " size, or that of the picture sent.",
    )
    response_format: Literal["b64_json", "url"] | None = Field(
        None,
        description="The files themselves, or links to them. By default b64_json, and url when"
        " the model is called dall-e-2 or dall-e-3.",
    )
    output_format: Literal["png", "webp", "jpeg"] = Field("png", description="Kind of file.")
    output_compression: int | None = Field(
        None,
        ge=0,
        le=100,
        description="Quality of JPEG and WebP; a WebP of 100, the default, is lossless.",
    )
    background: Literal["auto", "opaque"] = Field(
        "auto", description="A transparent background cannot be asked for."
    )
    stream: bool = Field(False, description="Server-sent events instead of one answer.")
    partial_images: int | None = Field(
        None,
        ge=0,
        le=3,
        description="How many pictures of the running denoising the stream sends before the"
        " result, evenly over the steps; needs stream.",
    )
    contact_sheet: bool = Field(
        False, description="Add one picture that shows all of them, as `contact_sheet`."
    )
    seed: int | None = Field(
        None, ge=0, le=MAX_SEED, description="Paints the same again; drawn and told if left out."
    )
    steps: int | None = Field(None, ge=1, le=MAX_STEPS, description="Denoising steps.")
    sampler: str | None = Field(None, description="One of the bridge's samplers.")
    schedule: str | None = Field(None, description="One of the bridge's schedules of noise.")
    negative_prompt: str = Field("", max_length=32_000, description="What to keep out.")
    guidance: float | None = Field(
        None, ge=0, le=50, allow_inf_nan=False, description="How closely to follow the prompt."
    )
    quality: Ignored = None
    style: Ignored = None
    moderation: Ignored = None
    complexity: Ignored = None
    user: Ignored = None
    safety_identifier: Ignored = None

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: object) -> object:
        """Null is as good as left out."""
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value is not None}

    @field_validator("size")
    @classmethod
    def _is_size(cls, size: str) -> str:
        parts = _SIZE.fullmatch(size)
        if size == "auto" or (parts and all(1 <= int(side) <= MAX_SIDE for side in parts.groups())):
            return size
        raise ValueError(f"Accepted are WIDTHxHEIGHT, each 1 to {MAX_SIDE}, and auto")

    @property
    def pixels(self) -> tuple[int, int] | None:
        """The size that is asked for; None = auto."""
        parts = _SIZE.fullmatch(self.size)
        return (int(parts[1]), int(parts[2])) if parts else None

    @property
    def as_link(self) -> bool:
        """Whether the client gets links."""
        if self.response_format is not None:
            return self.response_format == "url"
        return not self.stream and self.model in _LINK_MODELS


class Generation(Wish):
    """A picture from a prompt."""


class Edit(Wish):
    """A picture painted in where its mask, or it itself, is transparent; an opaque one refined."""

    strength: float | None = Field(
        None, gt=0, le=1, description="How much may change; below 1 the old paint shows through."
    )
    input_fidelity: Ignored = None


class Variation(Wish):
    """Pictures after a picture."""

    prompt: Annotated[
        str, Field(max_length=32_000, description="What to draw it towards; may be left out.")
    ] = ""


def names_of(kind: type[Wish]) -> list[str]:
    """Return the parameters that a request may have."""
    return sorted(kind.model_fields)
