"""How a layer was painted, as it is kept in a parasite of the layer and in the image's XCF file."""

from __future__ import annotations

from dataclasses import dataclass

from .protocol import Painted, Started, Submit

VERSION = 1


def promised(submit: Submit, layout: Started) -> dict[str, object]:
    """What is known of a painting when it begins, JSON-able."""
    return {
        "version": VERSION,
        "job": submit.job,
        "mode": submit.mode,
        "prompt": submit.prompt,
        "negative_prompt": submit.negative_prompt,
        "seed": layout.seed,
        "candidates": submit.candidates,
        "strength": submit.strength,
        "model": layout.model,
        "sampler": layout.sampler,
        "steps": layout.steps,
        "guidance": layout.guidance,
        "soft_edge": submit.masks.soft_edge,
    }


def recipe(submit: Submit, layout: Started, painted: Painted) -> dict[str, object]:
    """Everything that repeats this candidate, JSON-able.

    `seed` is the job's and `candidate` which of its pictures this is; `record` is the engine's own.
    """
    return {
        **promised(submit, layout),
        "candidate": painted.candidate,
        "record": painted.record,
    }


@dataclass(frozen=True)
class Recipe:
    """What a layer's parasite says, as far as it asks for the same painting again."""

    mode: str
    prompt: str = ""
    negative_prompt: str = ""
    seed: int = 0
    strength: float = 1.0
    model: str | None = None
    sampler: str | None = None
    steps: int | None = None
    guidance: float | None = None
    soft_edge: int = 0

    @classmethod
    def read(cls, told: object) -> Recipe | None:
        """Return the recipe in what a parasite holds; None for what is none of ours."""
        if not isinstance(told, dict) or not isinstance(told.get("mode"), str):
            return None
        kinds = {
            "prompt": str,
            "negative_prompt": str,
            "seed": int,
            "strength": float,
            "model": str,
            "sampler": str,
            "steps": int,
            "guidance": float,
            "soft_edge": int,
        }
        right = {name: told[name] for name, kind in kinds.items() if _is(told.get(name), kind)}
        return cls(told["mode"], **right)


def _is(value: object, kind: type) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    return isinstance(value, (int, float)) if kind is float else isinstance(value, kind)
