"""May the judge judge: it is tried on drawn pictures, whose truth is known, before any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.embedded.world import drawn
from engine.evaluation.compositions import SORTS, right, scenes, swapped
from engine.evaluation.figures import Figure, Goal, share
from engine.evaluation.seeing import SIDE, seen

ROW = "judge"
GOAL = Goal(at_least=98)
_LATER = 1000  # scenes that no other row asks for
_TITLES = {"one": "one object", "two": "two objects", "three": "three objects", "count": "counts",
           "relation": "relations"}  # fmt: skip


def validation(count: int, say: Callable[[str], None]) -> Iterator[Figure]:
    """Yield how often the judge is right about drawn held-out pictures, and about wrong captions.

    `count` pictures of every sort are drawn, in all the manners of the world.
    """
    every, rejected = [], []
    for sort in SORTS:
        hits = []
        for number, scene in enumerate(scenes(sort, count, first=_LATER)):
            say(f"judge: {_TITLES[sort]}, drawn picture {number + 1} of {count}")
            shown = seen(drawn(scene, SIDE).pixels)
            hits.append(right(shown, scene))
            rejected.append(not right(shown, swapped(scene)))
        every += hits
        yield share(ROW, f"judge is right about drawn pictures: {_TITLES[sort]}", hits)
    yield share(ROW, "judge is right about drawn pictures: all", every, GOAL)
    yield share(ROW, "judge rejects swapped colours, relations, counts", rejected, GOAL)


def probe_validation(count: int, say: Callable[[str], None]) -> Iterator[Figure]:
    """Yield how often the probe is right about held-out drawn pictures."""
    from engine.evaluation.probe import PARTS, parts_of, told
    from engine.evaluation.rows.scenery import landscapes

    hits, found, manners = [], [], []
    for number, scene in enumerate(landscapes(count, first=_LATER)):
        say(f"probe: drawn picture {number + 1} of {count}")
        answer, truth = told([drawn(scene, 128).pixels])[0], parts_of(scene)
        hits += [(name in answer.parts) == (name in truth) for name in PARTS]
        found += [name in answer.parts for name in truth]
        manners.append(answer.manner == scene.manner)
    yield share("probe", "probe is right about drawn parts: there or not", hits)
    yield share("probe", "probe finds the parts that are drawn", found)
    yield share("probe", "probe names the manner of drawn pictures", manners)
