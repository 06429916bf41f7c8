"""What is asked of compositions, and whether a picture shows it: scenes of plain shapes.

All scenes hold a composition that training never draws. Prompts are their plainest captions, with
the manner left open, and are taken as they come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count as numbers
from itertools import islice
from typing import Literal

from engine.embedded.world import Scene, imagined, plain_caption
from engine.embedded.world.shapes import SHAPES
from engine.evaluation.seeing import Seen, SeenThing

Sort = Literal["one", "two", "three", "count", "relation"]
SORTS: tuple[Sort, ...] = ("one", "two", "three", "count", "relation")
FIRST = 50_000_000  # scenes from here on are the evaluation's own
_EACH = 1_000_000
_SEEDS = 100  # among so many there is surely one of any sort
_OPPOSITE: Mapping[str, str] = {
    "left of": "right of", "right of": "left of", "above": "below", "below": "above",
}  # fmt: skip
_TOUCH = 0.08  # heights between what stands and what it stands on
_LOOSE = 0.03  # heights by which something inside may reach out


def scenes(sort: Sort, count: int, first: int = 0) -> list[Scene]:
    """Return held-out scenes of plain shapes, in the manners of the world.

    `first` begins farther on; lists of `count` scenes that begin `count` apart share none.
    """
    return list(islice(_scenes(sort, first * _SEEDS), count))


def _scenes(sort: Sort, skipped: int) -> Iterator[Scene]:
    for seed in numbers(FIRST + SORTS.index(sort) * _EACH + skipped):
        scene = imagined(seed, kind="shape", held_out=True)
        plain = all(thing.noun in SHAPES for thing in scene.things)
        own = "relation" if scene.relation != "none" else scene.layout
        if plain and own == sort:
            yield scene


def prompt_of(scene: Scene) -> str:
    """Return the scene's plainest caption, its manner left open."""
    return plain_caption(replace(scene, manner="flat"))


def right(shown: Seen, scene: Scene) -> bool:
    """Say whether a picture shows a scene's things, no other ones, and as they are related."""
    wanted = Counter((thing.noun, thing.colour) for thing in scene.things)
    there = Counter((thing.shape, thing.colour) for thing in shown.things)
    return wanted == there and (scene.relation == "none" or _related(shown, scene))


def _related(shown: Seen, scene: Scene) -> bool:
    def found(number: int) -> SeenThing:
        wanted = scene.things[number]
        return next(t for t in shown.things if (t.shape, t.colour) == (wanted.noun, wanted.colour))

    return holds(scene.relation, found(0), found(1))


def holds(relation: str, first: SeenThing, second: SeenThing) -> bool:
    """Say whether the first thing is so related to the second."""
    (x, y), (_, other_y) = first.centre, second.centre
    left, top, right_, bottom = second.box
    if relation == "inside":
        inside_x = left - _LOOSE < first.box[0] and first.box[2] < right_ + _LOOSE
        inside_y = top - _LOOSE < first.box[1] and first.box[3] < bottom + _LOOSE
        return inside_x and inside_y and first.size < second.size
    if relation == "on top of":
        return left < x < right_ and y < other_y and abs(first.box[3] - top) < _TOUCH
    lies = {"left of": x < left, "right of": x > right_, "above": y < top, "below": y > bottom}
    return lies[relation]


def swapped(scene: Scene) -> Scene:
    """Return what the scene is not: colours exchanged, a relation turned round, one more of them.

    Its caption is wrong for the scene's picture.
    """
    things = scene.things
    if scene.relation in _OPPOSITE:
        return replace(scene, relation=_OPPOSITE[scene.relation])
    if scene.layout == "count":
        more = (*things, scene.main) if len(things) < 5 else things[:-1]
        return replace(scene, things=more)
    if len(things) == 1:
        only = replace(scene.main, colour=scene.ground)
        return replace(scene, things=(only,), ground=scene.main.colour)
    first, second, *rest = things
    exchanged = replace(first, colour=second.colour), replace(second, colour=first.colour)
    if first.noun == second.noun and scene.relation == "none":  # the same things again
        exchanged = replace(first, colour=scene.ground), second
    return replace(scene, things=(*exchanged, *rest))
