"""Rows about holes: what is painted into a selection and beyond an edge, and how it joins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.api import Extension, Mode, PaintRequest
from engine.embedded.world import Scene, Thing, drawn, imagined
from engine.embedded.world.phrases import with_article
from engine.evaluation.compositions import FIRST, scenes
from engine.evaluation.figures import Finding, Goal, figure, share
from engine.evaluation.painters import Picture
from engine.evaluation.probe import PARTS, told
from engine.evaluation.seeing import seen
from engine.evaluation.setting import Setting, fitting

Mask = NDArray[np.uint8]
_LANDS = FIRST + 30_000_000
_WIDE, _SQUARE = 384, 256
_ROOM = 1.3  # how much wider than a thing its selection is
_ASKED = {"full moon": "moon", "crescent moon": "moon"}
_INTO_PHOTOGRAPHS = (
    ("a full moon", (0.3, 0.25), 0.15), ("a red balloon", (0.65, 0.35), 0.16),
    ("a boat", (0.5, 0.7), 0.15), ("a crescent moon", (0.7, 0.25), 0.13),
    ("a yellow balloon", (0.35, 0.4), 0.18),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gap:
    """A selection in a drawn picture, and what is asked for inside it."""

    before: Picture  # without the thing
    whole: Picture  # as it was drawn, with the thing
    mask: Mask
    thing: Thing
    prompt: str
    plain: bool  # judged by image analysis; landscapes by the probe


def gaps(count: int) -> list[Gap]:
    """Return selections in plain pictures and in landscapes, by turns."""
    plain = [_gap(scene, plain=True) for scene in scenes("one", (count + 1) // 2, first=3000)]
    land: list[Gap] = []
    seed = _LANDS
    while len(land) < count - len(plain):
        scene = imagined(seed, kind="land", held_out=True)
        seed += 1
        alone = [t for t in scene.things if sum(o.noun == t.noun for o in scene.things) == 1]
        if alone and (_ASKED.get(alone[0].noun, alone[0].noun)) in PARTS:
            others = tuple(t for t in scene.things if t is not alone[0])
            land.append(_gap(replace(scene, things=(alone[0], *others)), plain=False))
    return plain + land


def _gap(scene: Scene, *, plain: bool) -> Gap:
    thing = scene.main
    colour = "" if thing.colour == "none" else f"{thing.colour} "
    return Gap(
        before=drawn(replace(scene, things=scene.things[1:]), _SQUARE).pixels,
        whole=drawn(scene, _SQUARE).pixels,
        mask=_around(thing),
        thing=thing,
        prompt=with_article(f"{colour}{thing.noun}"),
        plain=plain,
    )


def _around(thing: Thing) -> Mask:
    mask = np.zeros((_SQUARE, _SQUARE), np.uint8)
    across, down = (half * _ROOM * _SQUARE for half in thing.half)
    x, y = (place * _SQUARE for place in thing.centre)
    left, right = max(0, round(x - across)), min(_SQUARE, round(x + across))
    top, bottom = max(0, round(y - down)), min(_SQUARE, round(y + down))
    mask[top:bottom, left:right] = 255
    return mask


def inpainting(setting: Setting) -> Iterator[Finding]:
    """Yield how often what is asked for is inside the selection, and how visible its border is."""
    hits: dict[bool, list[bool]] = {True: [], False: []}
    ours, real, rows, names = [], [], [], []
    every = gaps(setting.count)
    for number, gap in enumerate(every):
        setting.painter.say(f"inpainting: picture {number + 1} of {len(every)}")
        request = PaintRequest(
            mode=Mode.INPAINT, prompt=gap.prompt, image=_opaque(gap.before), mask=gap.mask,
            seed=number, candidates=1,
        )  # fmt: skip
        outcome = setting.painter.paint(request)
        made = gap.before if outcome is None else outcome.pictures[0]
        hits[gap.plain].append(outcome is not None and _is_there(made, gap))
        ours.append(seam_energy(made, gap.mask))
        real.append(seam_energy(gap.whole, gap.mask))
        rows.append(np.concatenate([_outlined(gap), made], axis=1))
        names.append(("+ " if hits[gap.plain][-1] else "- ") + gap.prompt)
    row, note = "inpainting", setting.unknown([gap.prompt for gap in every])
    both = hits[True] + hits[False]
    yield share(row, "inpainting: what is asked is in the mask", both, Goal(at_least=92), note)
    yield share(row, "inpainting: on plain grounds (image analysis)", hits[True])
    yield share(row, "inpainting: in landscapes (probe)", hits[False])
    ratio = float(np.sum(ours) / np.sum(real))
    yield figure(row, "inpainting: seam energy against real pictures", ratio, len(ours),
                 Goal(at_most=1.3), "x")  # fmt: skip
    half = len(hits[True])  # plain ones and landscapes by turns, so that a sheet shows both
    shown = sorted(range(len(rows)), key=lambda n: n % half)
    yield setting.grid(row, [rows[n] for n in shown], [fitting(names[n]) for n in shown])


def _is_there(picture: Picture, gap: Gap) -> bool:
    if not gap.plain:
        part = _ASKED.get(gap.thing.noun, gap.thing.noun)
        part = next(name for name, ways in PARTS.items() if part in (name, *ways))
        return part in told([picture])[0].parts
    wanted = gap.thing.noun, gap.thing.colour
    inside = [t for t in seen(picture).things if (t.shape, t.colour) == wanted]
    return len(inside) == 1 and _covers(gap.mask, inside[0].centre)


def _covers(mask: Mask, centre: tuple[float, float]) -> bool:
    x, y = (min(len(mask) - 1, int(place * len(mask))) for place in centre)
    return bool(mask[y, x])


def seam_energy(picture: Picture, mask: Mask) -> float:
    """Return the mean step across a selection's border in grey levels.

    A step is the difference of neighbouring pixels, one inside and one outside.
    """
    flat, inside = picture.astype(np.float32), mask > 127
    across = np.abs(np.diff(flat, axis=1)).mean(-1)[inside[:, 1:] != inside[:, :-1]]
    down = np.abs(np.diff(flat, axis=0)).mean(-1)[inside[1:] != inside[:-1]]
    steps = np.concatenate([across, down])
    return float(steps.mean()) if len(steps) else 0.0


def outpainting(setting: Setting) -> Iterator[Finding]:
    """Yield how visible the old edges are in landscapes made half as wide again."""
    ours, real, rows = [], [], []
    side = (_WIDE - _SQUARE) // 2
    mask = np.full((_SQUARE, _WIDE), 255, np.uint8)
    mask[:, side : side + _SQUARE] = 0
    for number in range(setting.count):
        setting.painter.say(f"outpainting: picture {number + 1} of {setting.count}")
        scene = imagined(_LANDS + 1_000_000 + number, _WIDE / _SQUARE, "land", held_out=True)
        whole = drawn(scene, _SQUARE).pixels
        canvas = _opaque(whole[:, side : side + _SQUARE])
        request = PaintRequest(
            mode=Mode.OUTPAINT, image=canvas, extension=Extension(left=side, right=side),
            seed=number, candidates=1,
        )  # fmt: skip
        outcome = setting.painter.paint(request)
        if outcome is None:
            continue
        ours.append(seam_energy(outcome.pictures[0], mask))
        real.append(seam_energy(whole, mask))
        rows.append(np.concatenate([outcome.pictures[0], whole], axis=1))
    ratio = float(np.sum(ours) / np.sum(real))
    row = "outpainting"
    yield figure(row, "outpainting by half: seam energy against real pictures", ratio, len(ours),
                 Goal(at_most=1.3), "x")  # fmt: skip
    names = [f"{n}: widened; as it was drawn" for n in range(len(rows))]
    yield setting.sheet(row, [[r] for r in rows[:20]], names[:20])


def photographs(setting: Setting) -> Iterator[Finding]:
    """Yield the sheet of ten real or drawn pictures with something painted into each."""
    rows, names = [], []
    for number, picture in enumerate(_ten(setting.photograph)):
        prompt, (x, y), radius = _INTO_PHOTOGRAPHS[number % len(_INTO_PHOTOGRAPHS)]
        height, width = picture.shape[:2]
        mask = np.zeros((height, width), np.uint8)
        middle = round(x * width), round(y * height)
        cv2.circle(mask, middle, round(radius * height), 255, cv2.FILLED)
        setting.painter.say(f"photographs: picture {number + 1} of 10")
        request = PaintRequest(
            mode=Mode.INPAINT, prompt=prompt, image=_opaque(picture), mask=mask, seed=number,
            candidates=3,
        )  # fmt: skip
        outcome = setting.painter.paint(request)
        if outcome is not None:
            rows.append([picture, *outcome.pictures])
            names.append(f"{prompt}: before, then three candidates")
    if rows:
        yield setting.sheet("photographs", rows, names)


def _ten(photograph: Picture | None) -> Sequence[Picture]:
    """Return crops of the photograph, where there is one, and landscapes as they are painted."""
    crops = [] if photograph is None else _crops(photograph)
    manners = ("oil", "watercolour", "photo", "pastel", "ink")
    paintings: list[Picture] = []
    while len(crops) + len(paintings) < 10:
        number = len(paintings)
        scene = imagined(_LANDS + 2_000_000 + number, kind="land", held_out=True)
        scene = replace(scene, things=(), manner=manners[number % len(manners)])
        paintings.append(drawn(scene, 384).pixels)
    return [*crops, *paintings]


def _crops(photograph: Picture) -> list[Picture]:
    height, width = photograph.shape[:2]
    side = min(height, width) * 3 // 4
    spots = [(x, y) for y in (0.0, 1.0) for x in (0.0, 0.5, 1.0)][:5]
    return [
        np.ascontiguousarray(
            photograph[round(y * (height - side)) :, round(x * (width - side)) :][:side, :side]
        )
        for x, y in spots
    ]


def _opaque(picture: Picture) -> Picture:
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])


def _outlined(gap: Gap) -> Picture:
    shown = gap.before.copy()
    contours, _ = cv2.findContours(gap.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(shown, contours, -1, (255, 0, 255), 1)
    return shown
