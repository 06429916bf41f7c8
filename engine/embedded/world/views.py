"""Landscapes in words: a sentence, a heading with what is in it, or a painter's list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.embedded.world.nouns import BODIES, FLYING
from engine.embedded.world.phrases import (
    BRIGHT_SKIES,
    CLOUDS_SAID,
    FARS_SAID,
    NEARS_SAID,
    SEA_VIEWS,
    SKIES_SAID,
    STARS_SAID,
    TIMES_SAID,
    VIEWS,
    WEATHERS_IN,
    WEATHERS_SAID,
)
from engine.embedded.world.scenes import Scene, pick

_WET = ("sea", "lake")


def view(scene: Scene, names: Sequence[str], rng: np.random.Generator) -> str:
    """Return one of the many captions of a landscape; `names` are its groups', in order."""
    ways = (_sentence, _sentence, _headed, _listed) if names else (_headed, _listed)
    return pick(rng, ways)(scene, names, rng)


def view_plainly(scene: Scene, names: Sequence[str]) -> str:
    """Return everything that a landscape holds, in the plainest words."""
    told = list(names)
    if scene.near != "none":
        told.append(NEARS_SAID[scene.near][0])
    if scene.far != "none":
        told.append(FARS_SAID[scene.far][0])
    if scene.stars:
        told.append("stars")
    if scene.weather in WEATHERS_SAID:
        told.append(scene.weather)
    elif scene.clouds != "none":
        told.append("clouds" if scene.clouds == "many" else "a few clouds")
    told = told or ["a clear sky"]
    return ", ".join([*told, TIMES_SAID[scene.time][0]])


def _link(scene: Scene, noun: str, rng: np.random.Generator) -> str:
    """Return where a thing is: "on the sea", "by a river", "in the sky"."""
    if scene.near == "none":
        return "in the sky"
    near = pick(rng, NEARS_SAID[scene.near])
    if noun in BODIES or noun in FLYING:
        if rng.random() < 0.3 and noun in FLYING:
            return "in the sky"
        over = scene.far if scene.far != "none" and rng.random() < 0.5 else ""
        below = pick(rng, FARS_SAID[over]) if over else near
        return f"{pick(rng, ('over', 'over', 'above'))} {below}"
    if noun == "boat":
        wet = "sea" if scene.near == "beach" else scene.near
        return f"on {pick(rng, NEARS_SAID[wet])}"
    if noun == "fish":
        return f"in {pick(rng, NEARS_SAID[scene.near])}"
    if noun == "bridge":
        return f"over {near}"
    return f"{_beside(scene.near, near, rng)} {near}"


def _beside(land: str, near: str, rng: np.random.Generator) -> str:
    if land == "field":
        return "on" if near == "grass" else pick(rng, ("in", "on"))
    if land == "beach":
        return "by" if near == "the seaside" else "on"
    return pick(rng, ("by", "near"))


def _sentence(scene: Scene, names: Sequence[str], rng: np.random.Generator) -> str:
    """Return "a red boat on the sea at night, with a full moon and mountains"."""
    first = int(rng.integers(len(names)))
    nouns = [group[0].noun for group in scene.groups]
    text = names[first]
    if rng.random() < 0.85:
        text += " " + _link(scene, nouns[first], rng)
    if rng.random() < 0.66:
        text += " " + pick(rng, TIMES_SAID[scene.time])
    others = [name for number, name in enumerate(names) if number != first]
    others = [name for name in others if rng.random() < 0.85]
    return text + _rest(scene, others, rng)


def _headed(scene: Scene, names: Sequence[str], rng: np.random.Generator) -> str:
    """Return "a night sky with a full moon over the sea", "a lake with a red boat at dusk"."""
    chance = rng.random()
    timed = rng.random() < 0.6
    if scene.near == "none" or chance < 0.35:
        head, timed = _sky(scene, rng), False
        if scene.near != "none":
            head += f" over {pick(rng, NEARS_SAID[scene.near])}"
    elif chance < 0.7:
        head = pick(rng, NEARS_SAID[scene.near])
    else:
        head = pick(rng, SEA_VIEWS if scene.near in ("sea", "beach") else VIEWS)
    if timed:
        head += " " + pick(rng, TIMES_SAID[scene.time])
    return head + _rest(scene, [name for name in names if rng.random() < 0.9], rng)


def _rest(scene: Scene, names: Sequence[str], rng: np.random.Generator) -> str:
    """Return the weather, other things and what is far, to be put after what was said."""
    if scene.weather in WEATHERS_IN and rng.random() < 0.45:
        told = [*names, *_details(scene, rng, 0.5, weather=0.0)]
        return " " + pick(rng, WEATHERS_IN[scene.weather]) + _with(told, rng)
    return _with([*names, *_details(scene, rng, 0.5)], rng)


def _sky(scene: Scene, rng: np.random.Generator) -> str:
    bright = scene.weather in ("clear", "cloudy") and scene.clouds != "many"
    choices = SKIES_SAID[scene.time] + (BRIGHT_SKIES.get(scene.time, ()) if bright else ())
    return pick(rng, choices)


def _with(names: Sequence[str], rng: np.random.Generator) -> str:
    """Return the rest of what is there, joined to what was said."""
    if not names:
        return ""
    turned = [names[int(i)] for i in rng.permutation(len(names))]
    last = f"{', '.join(turned[:-1])} and {turned[-1]}" if len(turned) > 1 else turned[0]
    return pick(rng, (" with ", " with ", ", ", ", with ")) + last


def _listed(scene: Scene, names: Sequence[str], rng: np.random.Generator) -> str:
    """Return "the sea, night, a full moon, stars": how many painters write prompts."""
    told = [*names, *_details(scene, rng, 0.65)]
    if scene.near != "none" and rng.random() < 0.85:
        told.append(pick(rng, NEARS_SAID[scene.near]))
    if rng.random() < 0.75 or not told:
        told.append(_sky(scene, rng))
    return ", ".join(told[int(i)] for i in rng.permutation(len(told)))


def _details(
    scene: Scene, rng: np.random.Generator, share: float, weather: float = 0.35
) -> list[str]:
    """Return some of what else is to be seen: what is far, the weather, stars, clouds."""
    told = []
    if scene.far != "none" and rng.random() < share + 0.15:
        told.append(pick(rng, FARS_SAID[scene.far])
                    + (" in the distance" if rng.random() < 0.15 else ""))  # fmt: skip
    if scene.stars and rng.random() < share:
        told.append(pick(rng, STARS_SAID))
    if scene.weather in WEATHERS_SAID:
        if weather > 0 and rng.random() < share + weather:
            told.append(pick(rng, WEATHERS_SAID[scene.weather]))
    elif rng.random() < share * (0.3 if scene.clouds == "none" else 1.0):
        told.append(pick(rng, CLOUDS_SAID[scene.clouds]))
    return told
