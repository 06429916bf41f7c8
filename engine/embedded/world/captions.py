"""Scenes in words: many ways to say the same, and never everything at once.

The words used here, and the synonyms below, are the whole vocabulary of the embedded model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.embedded.world.scenes import Scene, pick

SAID: Mapping[str, tuple[str, ...]] = {
    # shapes
    "circle": ("circle", "circle", "disc", "dot", "disk"),
    "square": ("square", "square", "box"),
    "triangle": ("triangle",),
    "star": ("star",),
    "heart": ("heart",),
    "ring": ("ring", "ring", "hoop"),
    "cross": ("cross", "cross", "plus"),
    "hexagon": ("hexagon",),
    # colours
    "red": ("red", "red", "red", "crimson", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow", "yellow", "yellow", "golden"),
    "green": ("green", "green", "green", "emerald"),
    "blue": ("blue", "blue", "blue", "azure"),
    "purple": ("purple", "purple", "violet"),
    "pink": ("pink", "pink", "rose"),
    "brown": ("brown",),
    "black": ("black",),
    "white": ("white",),
    "grey": ("grey", "gray"),
    "teal": ("teal", "teal", "turquoise"),
    # sizes; medium is not said
    "small": ("small", "little", "tiny"),
    "medium": ("",),
    "large": ("large", "big", "huge"),
    # sun and moon
    "sun": ("the sun", "the sun", "a sun", "a bright sun", "a yellow sun", "sunshine"),
    "full moon": (
        "a full moon",
        "a full moon",
        "the full moon",
        "a moon",
        "the moon",
        "a round moon",
    ),
    "crescent moon": (
        "a crescent moon",
        "a crescent moon",
        "a crescent",
        "a new moon",
        "a half moon",
        "a moon crescent",
    ),
    # times
    "dawn": ("at dawn", "at sunrise", "in the early morning", "in the morning"),
    "day": ("by day", "at noon", "in daylight", "on a bright day", "during the day"),
    "sunset": ("at sunset", "at sunset", "in the evening", "at sundown"),
    "dusk": ("at dusk", "at twilight", "after sunset"),
    "night": ("at night", "at night", "by night", "in the dark", "at midnight"),
    # lands
    "sea": ("the sea", "the sea", "the ocean", "calm water", "the water", "waves"),
    "hills": ("hills", "hills", "green hills", "rolling hills", "a hilly landscape", "a hill"),
    "mountains": ("mountains", "mountains", "high mountains", "the mountains", "a mountain"),
}
SKY_NAMES: Mapping[str, tuple[str, ...]] = {
    "dawn": ("a sunrise", "a pink morning sky", "a dawn sky", "sunrise sky", "dawn"),
    "day": ("a blue sky", "a clear day", "a daytime sky", "blue sky"),
    "sunset": ("a sunset", "an orange sunset", "a red evening sky", "sunset sky", "sunset"),
    "dusk": ("dusk", "twilight", "a dusky sky", "a twilight sky"),
    "night": ("a night sky", "night sky", "the dark night sky", "a dark sky", "night"),
}
CLOUDY: Mapping[str, tuple[str, ...]] = {
    "none": ("a clear sky", "no clouds", "without clouds"),
    "few": ("a few clouds", "some clouds", "clouds", "a cloud", "small clouds"),
    "many": ("many clouds", "a cloudy sky", "clouds", "heavy clouds"),
}
STARRY = ("stars", "many stars", "a starry sky", "bright stars")
MEDIA = (
    "a picture of ",
    "a painting of ",
    "a drawing of ",
    "an image of ",
    "a photo of ",
    "paint ",
)
VIEWS = ("a landscape", "a view", "a scene", "scenery")
SEA_VIEWS = ("a seascape", "a view", "a scene")


def _say(rng: np.random.Generator, word: str) -> str:
    return pick(rng, SAID[word])


def _article(phrase: str) -> str:
    return ("an " if phrase[:1] in "aeiou" else "a ") + phrase


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """Return one of the many captions of a scene."""
    if scene.kind == "sky":
        text = _sky(scene, rng)
    elif scene.has_object:
        text = _shape(scene, rng) if scene.kind == "shape" else object_caption(scene, rng)
    else:
        text = ""
    if text and rng.random() < 0.14:
        text = pick(rng, MEDIA) + text
    return text


def object_caption(scene: Scene, rng: np.random.Generator) -> str:
    """Return words for the main object alone, as a painter asks for it inside a selection."""
    if scene.shape == "none":
        name = _say(rng, scene.body)
        return name.split(" ", 1)[-1] if rng.random() < 0.2 and " " in name else name
    name = f"{_say(rng, scene.colour)} {_say(rng, scene.shape)}"
    if scene.size in ("small", "large") and rng.random() < 0.2:
        name = f"{_say(rng, scene.size)} {name}"
    return name if rng.random() < 0.25 else _article(name)


def _shape(scene: Scene, rng: np.random.Generator) -> str:
    name = _shape_name(scene, rng)
    ground = _say(rng, scene.ground)
    style = rng.random()
    if style < 0.55:
        surface = pick(rng, ("background", "background", "ground", "field", "backdrop"))
        link = pick(rng, ("on", "on", "on", "against", "in front of"))
        text = f"{name} {link} {_article(ground)} {surface}"
    elif style < 0.70:
        text = f"{name} on {ground}"
    elif style < 0.82:
        text = f"{_article(ground)} background with {name}"
    else:
        text = f"{name}, {ground} background"
    return _placed(text, scene, rng)


def _shape_name(scene: Scene, rng: np.random.Generator) -> str:
    words = [_say(rng, scene.colour), _say(rng, scene.shape)]
    if scene.size != "medium" and rng.random() < 0.6:
        words.insert(0, _say(rng, scene.size))
    name = " ".join(words)
    return name if rng.random() < 0.12 else _article(name)


def _placed(text: str, scene: Scene, rng: np.random.Generator) -> str:
    """Return the text, sometimes with where the object lies."""
    if rng.random() > 0.2:
        return text
    across, down = scene.place
    across = pick(rng, ("centre", "center", "middle")) if across == "centre" else across
    if down == "middle":
        where = f"in the {across}" if across not in ("left", "right") else f"on the {across}"
    elif across in ("left", "right"):
        where = f"in the {down} {across}"
    else:
        where = f"at the {down}"
    return f"{text}, {where}" if rng.random() < 0.6 else f"{text} {where}"


def _sky(scene: Scene, rng: np.random.Generator) -> str:
    return pick(rng, (_sentence, _sentence, _headed, _listed))(scene, rng)


def _over(scene: Scene, rng: np.random.Generator) -> str:
    link = pick(rng, ("over", "over", "above", "over"))
    return f" {link} {_say(rng, scene.land)}" if scene.land != "none" else " in the sky"


def _sentence(scene: Scene, rng: np.random.Generator) -> str:
    """Return "a full moon over the sea at night, with stars"."""
    first = _say(rng, scene.body) if scene.body != "none" else pick(rng, SKY_NAMES[scene.time])
    text = first + _over(scene, rng)
    if scene.body != "none" and rng.random() < 0.72:
        text += " " + _say(rng, scene.time)
    return text + _extras(scene, rng)


def _headed(scene: Scene, rng: np.random.Generator) -> str:
    """Return "a night sky with a full moon over the sea"."""
    head = pick(rng, SKY_NAMES[scene.time])
    if scene.land != "none" and rng.random() < 0.25:
        head = f"{pick(rng, SEA_VIEWS if scene.land == 'sea' else VIEWS)} {_say(rng, scene.time)}"
    if scene.land != "none" and rng.random() < 0.5:
        head += _over(scene, rng)
        land = ""
    else:
        land = _over(scene, rng) if scene.land != "none" else ""
    body = f" with {_say(rng, scene.body)}" if scene.body != "none" else ""
    return head + body + land + _extras(scene, rng)


def _listed(scene: Scene, rng: np.random.Generator) -> str:
    """Return "sea, night, full moon, stars": how many painters write prompts."""
    parts = [pick(rng, SKY_NAMES[scene.time])]
    if scene.body != "none":
        parts.append(_say(rng, scene.body))
    if scene.land != "none":
        parts.append(_say(rng, scene.land))
    if rng.random() < 0.5:
        parts.extend(_details(scene, rng))
    order = rng.permutation(len(parts))
    return ", ".join(parts[int(i)] for i in order)


def _details(scene: Scene, rng: np.random.Generator) -> list[str]:
    details = []
    if scene.stars:
        details.append(pick(rng, STARRY))
    if scene.clouds != "none" or rng.random() < 0.2:
        details.append(pick(rng, CLOUDY[scene.clouds]))
    return details


def _extras(scene: Scene, rng: np.random.Generator) -> str:
    if rng.random() < 0.45:
        return ""
    details = _details(scene, rng)
    if not details:
        return ""
    joined = pick(rng, (" with ", ", ", " and "))
    return joined + " and ".join(details)


def vocabulary() -> tuple[str, ...]:
    """Return every word a caption can hold, sorted."""
    glue = (
        "a an the on in of at with and over above against front background ground field backdrop "
        "left right top bottom centre center middle sky , paint"
    )
    tables: tuple[Mapping[str, Sequence[str]], ...] = (SAID, SKY_NAMES, CLOUDY)
    phrases = [phrase for table in tables for said in table.values() for phrase in said]
    phrases += [*STARRY, *MEDIA, *VIEWS, *SEA_VIEWS, glue]
    return tuple(
        sorted({word for phrase in phrases for word in phrase.replace(",", " , ").split()})
    )
