"""How a layer was painted, as it is kept in a parasite of the layer and in the image's XCF file."""

from __future__ import annotations

from .protocol import Painted, Started, Submit

VERSION = 1


def recipe(submit: Submit, layout: Started, painted: Painted) -> dict[str, object]:
    """Everything that repeats this candidate, JSON-able.

    `seed` is the job's and `candidate` which of its pictures this is; `record` is the engine's own.
    """
    return {
        "version": VERSION,
        "mode": submit.mode,
        "prompt": submit.prompt,
        "negative_prompt": submit.negative_prompt,
        "seed": layout.seed,
        "candidate": painted.candidate,
        "candidates": submit.candidates,
        "strength": submit.strength,
        "model": layout.model,
        "sampler": layout.sampler,
        "steps": layout.steps,
        "guidance": layout.guidance,
        "soft_edge": submit.masks.soft_edge,
        "record": painted.record,
    }
