"""Rows about composition: colours on their own shapes, counts, relations; judged by analysis."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.api import Mode, PaintRequest
from engine.evaluation.compositions import Sort, prompt_of, right, scenes
from engine.evaluation.figures import Finding, Goal, figure, share
from engine.evaluation.painters import Picture
from engine.evaluation.seeing import seen
from engine.evaluation.setting import Setting

CANDIDATES = 4


def composed(sort: Sort, what: str, goal: float) -> Callable[[Setting], Iterator[Finding]]:
    """Return the row of one sort of composition: one picture a prompt, none chosen."""

    def measured(setting: Setting) -> Iterator[Finding]:
        asked = scenes(sort, setting.count)
        prompts = [prompt_of(scene) for scene in asked]
        pictures = list(setting.pictures(sort, prompts))
        shown = [None if picture is None else seen(picture) for picture in pictures]
        hits = [s is not None and right(s, scene) for s, scene in zip(shown, asked, strict=True)]
        grounds = [
            s is not None and s.ground == scene.ground
            for s, scene in zip(shown, asked, strict=True)
        ]
        yield share(sort, what, hits, Goal(at_least=goal), setting.unknown(prompts))
        yield share(sort, f"{what}: the ground's colour", grounds)
        marks = ["+ " if hit else "- " for hit in hits]
        names = [mark + prompt for mark, prompt in zip(marks, prompts, strict=True)]
        yield setting.grid(sort, [_shown(picture) for picture in pictures], names)

    return measured


def _shown(picture: Picture | None) -> Picture:
    from numpy import uint8, zeros

    return zeros((256, 256, 3), uint8) if picture is None else picture


def ranking(setting: Setting) -> Iterator[Finding]:
    """Yield how often the first of four by CLIP is right against one of the four at random."""
    first: list[bool] = []
    every: list[bool] = []
    asked = scenes("two", setting.count, first=200)
    prompts = [prompt_of(scene) for scene in asked]
    for number, (scene, prompt) in enumerate(zip(asked, prompts, strict=True)):
        setting.painter.say(f"ranking: prompt {number + 1} of {len(prompts)}")
        request = PaintRequest(
            mode=Mode.GENERATE, prompt=prompt, seed=10_000 + number * CANDIDATES,
            candidates=CANDIDATES,
        )  # fmt: skip
        outcome = setting.painter.paint(request)
        if outcome is None:
            first.append(False)
            every += [False] * CANDIDATES
            continue
        hits = [right(seen(picture), scene) for picture in outcome.pictures]
        first.append(hits[outcome.order[0]])
        every += hits
    best, random = (
        share("ranking", "first of four: composition right", first),
        share("ranking", "a random one of four: composition right", every),
    )
    yield best
    yield random
    gain, ceiling = best.value - random.value, random.value >= 95.0
    goal = None if ceiling else Goal(at_least=8)
    note = "at the ceiling" if ceiling else setting.unknown(prompts)
    yield figure(
        "ranking", "first of four against a random one", gain, len(first), goal, "pt", note
    )
