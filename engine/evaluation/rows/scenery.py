"""Rows about landscapes and manners, judged by the probe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.embedded.world import Scene, imagined, plain_caption
from engine.embedded.world.scenes import MANNERS
from engine.evaluation.compositions import FIRST
from engine.evaluation.figures import Finding, Goal, share
from engine.evaluation.painters import Picture
from engine.evaluation.probe import Told, parts_of, told
from engine.evaluation.setting import Setting

_LANDS = FIRST + 10_000_000
_NOTHING = np.zeros((256, 256, 3), np.uint8)


def landscapes(count: int, first: int = 0) -> list[Scene]:
    """Return held-out landscapes in the manners of the world; `first` skips some."""
    seeds = range(_LANDS + first, _LANDS + first + count)
    return [imagined(seed, kind="land", held_out=True) for seed in seeds]


def parts(setting: Setting) -> Iterator[Finding]:
    """Yield how many of the parts that were asked for the probe sees."""
    asked = [replace(scene, manner="flat") for scene in landscapes(setting.count)]
    prompts = [plain_caption(scene) for scene in asked]
    pictures = list(setting.pictures("parts", prompts))
    answers = _told(pictures)
    found, extra, hours = [], [], []
    for scene, answer in zip(asked, answers, strict=True):
        wanted = parts_of(scene)
        found += [answer is not None and name in answer.parts for name in wanted]
        extra.append(0 if answer is None else len(answer.parts - wanted))
        hours.append(answer is not None and answer.hour == scene.time)
    note = f"{np.mean(extra):.1f} parts a picture were not asked for; {setting.unknown(prompts)}"
    yield share("parts", "scene parts present", found, Goal(at_least=92), note.rstrip("; "))
    yield share("parts", "scene parts present: the hour", hours)
    yield setting.grid("parts", [_shown(p) for p in pictures], prompts)


def manners(setting: Setting) -> Iterator[Finding]:
    """Yield how often the probe names the manner that was asked for."""
    asked, wanted = [], []
    for number in range(setting.count):
        manner = MANNERS[number % len(MANNERS)]
        kind = "land" if manner == "photo" or number // len(MANNERS) % 2 else "shape"
        scene = imagined(_LANDS + 5_000_000 + number, kind=kind, held_out=True)
        said = plain_caption(replace(scene, manner=manner))
        asked.append(f"{said}, flat" if manner == "flat" else said)
        wanted.append(manner)
    pictures = list(setting.pictures("manners", asked))
    answers = _told(pictures)
    hits = [a is not None and a.manner == m for a, m in zip(answers, wanted, strict=True)]
    note = setting.unknown(asked)
    yield share("manners", "manner recognised", hits, Goal(at_least=90), note)
    for manner in MANNERS:
        own = [hit for hit, m in zip(hits, wanted, strict=True) if m == manner]
        if own:
            yield share("manners", f"manner recognised: {manner}", own)
    yield setting.grid("manners", [_shown(p) for p in pictures], asked)


def _told(pictures: list[Picture | None]) -> list[Told | None]:
    return [None if picture is None else told([picture])[0] for picture in pictures]


def _shown(picture: Picture | None) -> Picture:
    return _NOTHING if picture is None else picture
