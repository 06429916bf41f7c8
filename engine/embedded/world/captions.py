"""Scenes in words: many ways to say the same, and never everything at once.

Every caption is true of its picture, and a colour always stands right before its own noun.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.embedded.world.nouns import UNSAID
from engine.embedded.world.phrases import (
    BODIES_SAID,
    COLOURS_SAID,
    GROUNDS,
    HEADS,
    INVERSE,
    INVERSES_SAID,
    MEDIA,
    NOUNS_SAID,
    NUMBERS,
    RELATIONS_SAID,
    SIZES_SAID,
    TAILS,
    plural,
    split,
    with_article,
)
from engine.embedded.world.scenes import Scene, Thing, pick
from engine.embedded.world.views import view, view_plainly

MOST_WORDS = 30  # with the two ends 32 tokens
_TRIES = 12
_MANNER_TOLD = {"flat": 0.22, "photo": 0.3}


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """Return one of the many captions of a scene; "" where there is nothing to name."""
    for _ in range(_TRIES):
        text = _told(scene, rng)
        if len(split(text)) <= MOST_WORDS:
            return text
    return plain_caption(scene)


def plain_caption(scene: Scene) -> str:
    """Return the scene's one caption in the plainest words: everything told, always the same."""
    if scene.kind == "photo" and not scene.things:
        return ""
    if scene.kind == "land":
        text = view_plainly(scene, [_group_plainly(group) for group in scene.groups])
    else:
        names = [_group_plainly(group) for group in scene.groups]
        text = f" {scene.relation} ".join(names) if scene.relation != "none" else listed(names)
        if scene.kind == "sign":
            text = f"{with_article(scene.main.colour)} sign that says {scene.main.word.lower()}"
        if scene.ground != "none":
            text += f" on {with_article(scene.ground)} background"
    tails = {"flat": "", "photo": ", photo", "pixel": ", pixel art"}
    return text + tails.get(scene.manner, f" in {scene.manner}")


def object_caption(scene: Scene, rng: np.random.Generator, number: int = 0) -> str:
    """Return words for one thing alone, as a painter asks for it inside a selection.

    Where other things are of its group they are told with it: "three red birds".
    """
    thing = scene.things[number]
    group = [other for other in scene.things if other.group == thing.group]
    if thing.noun in BODIES_SAID and scene.kind != "shape":
        name = pick(rng, BODIES_SAID[thing.noun])
        return name.split(" ", 1)[-1] if rng.random() < 0.2 and " " in name else name
    if thing.noun == "sign":
        return _sign(thing, rng)
    return group_said(group, rng, 1.0, 0.2, bare=0.25)


def listed(names: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _told(scene: Scene, rng: np.random.Generator) -> str:
    if scene.kind == "land":
        text = view(scene, [group_said(group, rng, 0.78) for group in scene.groups], rng)
    elif scene.kind == "sign":
        text = _grounded(_sign(scene.main, rng), scene, rng)
    elif scene.things:
        text = _grounded(_arranged(scene, rng), scene, rng)
    else:
        return ""
    return _in_manner(text, scene, rng)


def _name(thing: Thing, rng: np.random.Generator, *, sized: bool, coloured: bool) -> str:
    """Return a thing's size, colour and noun, without an article."""
    words = [pick(rng, SIZES_SAID[thing.size])] if sized else []
    if thing.colour != "none" and coloured:
        words.append(pick(rng, COLOURS_SAID[thing.colour]))
    return " ".join(word for word in (*words, pick(rng, NOUNS_SAID[thing.noun])) if word)


def group_said(
    group: Sequence[Thing],
    rng: np.random.Generator,
    coloured: float,
    sized: float = 0.0,
    bare: float = 0.1,
) -> str:
    """Return words for things of one kind: "a small red boat", "three birds".

    `coloured` and `sized` are how often colours and sizes are said, `bare` how often the article
    is left out.
    """
    first = group[0]
    if first.noun in BODIES_SAID and coloured < 1:
        return pick(rng, BODIES_SAID[first.noun])
    natural = UNSAID.get(first.noun) == first.colour and coloured < 1
    with_colour = rng.random() < (0.35 if natural else coloured)
    name = _name(
        first, rng, sized=first.size != "medium" and rng.random() < sized, coloured=with_colour
    )
    if len(group) > 1:
        return f"{pick(rng, NUMBERS[str(len(group))])} {plural(name)}"
    return name if rng.random() < bare else with_article(name)


def _group_plainly(group: Sequence[Thing]) -> str:
    first = group[0]
    if first.noun == "sun":
        return "the sun"
    size = "" if first.size == "medium" else f"{first.size} "
    colour = "" if first.colour == "none" else f"{first.colour} "
    if len(group) > 1:
        return f"{NUMBERS[str(len(group))][0]} {size}{colour}{plural(first.noun)}"
    return with_article(f"{size}{colour}{first.noun}")


def _arranged(scene: Scene, rng: np.random.Generator) -> str:
    """Return the things of a plain scene, and how they lie to each other."""
    names = [group_said(group, rng, 1.0, 0.75) for group in scene.groups]
    if scene.layout == "count" and names[0].startswith(("a ", "an ")) and rng.random() < 0.4:
        return "one " + names[0].split(" ", 1)[1]
    if scene.relation == "none":
        turned = [names[int(i)] for i in rng.permutation(len(names))]
        return turned[0] if len(turned) == 1 else _joined(turned, rng)
    if rng.random() < 0.25:
        inverse = INVERSE[scene.relation]
        return f"{names[1]} {pick(rng, INVERSES_SAID[inverse])} {names[0]}"
    return f"{names[0]} {pick(rng, RELATIONS_SAID[scene.relation])} {names[1]}"


def _joined(names: Sequence[str], rng: np.random.Generator) -> str:
    if rng.random() < 0.75:
        return listed(names)
    return pick(rng, (", ", " and ")).join(names)


def _grounded(text: str, scene: Scene, rng: np.random.Generator) -> str:
    """Return the text with the ground's colour and, at times, the place of a single thing."""
    if scene.ground == "none":
        return _placed(text, scene, rng, 0.12)
    ground = pick(rng, COLOURS_SAID[scene.ground])
    style = rng.random()
    if style < 0.55:
        link = pick(rng, ("on", "on", "on", "against", "in front of"))
        text = f"{text} {link} {with_article(ground)} {pick(rng, GROUNDS)}"
    elif style < 0.64 and scene.relation == "none":
        text = f"{text} on {ground}"
    elif style < 0.78:
        return f"{with_article(ground)} background with {text}"
    elif style < 0.9:
        text = f"{text}, {ground} background"
    return _placed(text, scene, rng, 0.2)


def _placed(text: str, scene: Scene, rng: np.random.Generator, share: float) -> str:
    """Return the text, sometimes with where the only thing lies."""
    if len(scene.things) != 1 or rng.random() > share:
        return text
    across, down = scene.place
    across = pick(rng, ("centre", "center", "middle")) if across == "centre" else across
    if down == "middle":
        where = f"in the {across}" if across not in ("left", "right") else f"on the {across}"
    elif across in ("left", "right"):
        where = f"in the {down} {across}" + (" corner" if rng.random() < 0.3 else "")
    else:
        where = f"at the {down}"
    return f"{text}, {where}" if rng.random() < 0.6 else f"{text} {where}"


def _sign(thing: Thing, rng: np.random.Generator) -> str:
    colour, word = pick(rng, COLOURS_SAID[thing.colour]), thing.word.lower()
    noun = pick(rng, NOUNS_SAID["sign"])
    if rng.random() < 0.35:
        return with_article(f"{colour} {word} {noun}")
    link = pick(rng, ("that says", "saying", "with the word", "with the word"))
    return f"{with_article(colour)} {noun} {link} {word}"


def _in_manner(text: str, scene: Scene, rng: np.random.Generator) -> str:
    if rng.random() < _MANNER_TOLD.get(scene.manner, 0.8):
        if rng.random() < 0.5:
            return pick(rng, HEADS[scene.manner]) + text
        return text + pick(rng, TAILS[scene.manner])
    if scene.manner != "photo" and rng.random() < 0.12:
        return pick(rng, MEDIA) + text
    return text
