"""What made a picture: the record every result carries.

The record is plain JSON. `replayed` turns it back into the request that paints the same pixels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.api import Extension, MaskShape, Mode, PaintRequest, Pixels, Plan, Size

if TYPE_CHECKING:
    from engine.api import Layout

FORMAT = 1
_PACKAGES = ("mahlstick", "torch", "numpy", "opencv-python-headless")


def described(
    request: PaintRequest,
    layout: Layout,
    plan: Plan,
    model_sha256: str,
) -> dict[str, Any]:
    """Return what all candidates of a job have in common, JSON-able.

    `request` has every open choice made: seed, steps, names. `plan` is the plan as it turned out:
    it names the step at which the painter kept.
    """
    return {
        "format": FORMAT,
        "mode": request.mode.value,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "model": {"name": request.model, "sha256": model_sha256},
        "sampler": request.sampler,
        "schedule": request.schedule,
        "steps": request.steps,
        "guidance": request.guidance,
        "strength": request.strength,
        "seed": request.seed,
        "candidates": request.candidates,
        "size": None if request.size is None else asdict(request.size),
        "extension": None if request.extension is None else asdict(request.extension),
        "factor": request.factor,
        "mask_shape": asdict(request.mask_shape),
        "image_sha256": _digest(request.image),
        "mask_sha256": _digest(request.mask),
        **_led(request),
        "boxes": _boxes(layout),
        "plan": asdict(plan),
        "versions": versions(),
    }


def of_candidate(
    common: Mapping[str, Any],
    candidate: int,
    seed: int,
    colour: Mapping[str, Any],
    prompts: tuple[str, str],
) -> dict[str, Any]:
    """Return the record of one candidate; `colour` says how its paint was matched to the canvas.

    `prompts` are its own words and negative words, wildcards drawn; they are recorded where they
    differ from the job's.
    """
    names = ("prompt", "negative_prompt")
    drawn = {
        f"candidate_{name}": own
        for name, own in zip(names, prompts, strict=True)
        if own != common[name]
    }
    place = {"candidate": candidate, "candidate_seed": seed, "colour": dict(colour)}
    return {**common, **place, **drawn}


def replayed(
    record: Mapping[str, Any],
    image: Pixels | None = None,
    mask: Pixels | None = None,
    second_image: Pixels | None = None,
) -> PaintRequest:
    """Return the request that paints a recorded picture again, given the pixels it started from.

    All candidates of the recorded batch are painted; the record's `candidate` says which one is
    meant. Where wildcards were drawn, only those painted together with it are: the others had
    words of their own.
    """
    plan, size, extension = record["plan"], record["size"], record["extension"]
    batches = tuple(tuple(batch) for batch in plan["batches"])
    if "candidate_prompt" in record or "candidate_negative_prompt" in record:
        batches = tuple(batch for batch in batches if record["candidate"] in batch)
    painted = tuple(sorted(k for batch in batches for k in batch))
    everything = painted == tuple(range(record["candidates"]))
    return PaintRequest(
        mode=Mode(record["mode"]),
        prompt=record.get("candidate_prompt", record["prompt"]),
        negative_prompt=record.get("candidate_negative_prompt", record["negative_prompt"]),
        image=image,
        mask=mask,
        size=None if size is None else Size(**size),
        extension=None if extension is None else Extension(**extension),
        factor=record["factor"],
        strength=record["strength"],
        candidates=record["candidates"],
        only=None if everything else painted,
        seed=record["seed"],
        steps=record["steps"],
        guidance=record["guidance"],
        sampler=record["sampler"],
        schedule=record["schedule"],
        model=record["model"]["name"],
        mask_shape=MaskShape(**record["mask_shape"]),
        second_image=second_image,
        instead_of=record.get("instead_of"),
        mix=record.get("mix"),
        plan=Plan(**{**plan, "batches": batches}),
    )


def versions() -> dict[str, str]:
    """Return the versions of what computes pixels, as far as they are installed as packages."""
    return dict(_installed())


@cache  # read from disk, and what was imported stays what it is
def _installed() -> tuple[tuple[str, str], ...]:
    found = []
    for package in _PACKAGES:
        with suppress(PackageNotFoundError):
            found.append((package, version(package)))
    return tuple(found)


def _led(request: PaintRequest) -> dict[str, Any]:
    """Return what led a variation away from its picture; nothing for all other paintings."""
    if request.mix is None:
        return {}
    if request.second_image is None:
        return {"mix": request.mix, "instead_of": request.instead_of}
    return {"mix": request.mix, "second_image_sha256": _digest(request.second_image)}


def _digest(pixels: Pixels | None) -> str | None:
    if pixels is None:
        return None
    return hashlib.sha256(np.ascontiguousarray(pixels).data).hexdigest()


def _boxes(layout: Layout) -> dict[str, Any]:
    return {
        "canvas": asdict(layout.canvas),
        "origin_canvas": list(layout.origin_canvas),
        "context_box_canvas": asdict(layout.context_box_canvas),
        "working": asdict(layout.working),
        "paste_box_canvas": asdict(layout.paste_box_canvas),
    }
