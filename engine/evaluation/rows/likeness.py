"""Rows about the model's own towers: retrieval, variations, and what the prior is good for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from engine.api import Mode, PaintRequest
from engine.embedded.world import Scene, drawn, imagined, plain_caption
from engine.evaluation.compositions import FIRST
from engine.evaluation.figures import Finding, Goal, figure, share
from engine.evaluation.painters import Picture
from engine.evaluation.setting import Setting
from engine.evaluation.towers import Towers, towers
from engine.families import Conditions
from engine.pictures import as_pixels

PAIRS = 1000
_SCENES = FIRST + 20_000_000
_PATCH, _STEP, _REACH = 32, 16, 4
_DETAIL = 4.0  # grey levels: what varies less is a plain area, alike by nature
_ATTEMPTS = 3  # whose pictures a prompt's is exchanged with: the next ones


def mixed(count: int, first: int = 0) -> list[Scene]:
    """Return held-out scenes of all kinds that can be told in words."""
    found: list[Scene] = []
    seed = _SCENES + first
    while len(found) < count:
        scene = imagined(seed, held_out=True)
        seed += 1
        if plain_caption(scene):
            found.append(scene)
    return found


def _loaded(setting: Setting) -> Towers:
    loaded = towers(setting.painter)
    assert loaded is not None  # noqa: S101 - rows that need one are skipped before
    return loaded


def retrieval(setting: Setting) -> Iterator[Finding]:
    """Yield how often the picture of a caption is the nearest of a thousand; fewer, if asked."""
    count = PAIRS if setting.count >= 200 else 5 * setting.count
    asked = mixed(count)
    pictures = []
    for number, scene in enumerate(asked):
        setting.painter.say(f"retrieval: drawn picture {number + 1} of {count}")
        pictures.append(drawn(scene, 128).pixels)
    prompts = [plain_caption(scene) for scene in asked]
    model = _loaded(setting)
    near = model.said(prompts) @ model.seen(pictures).T
    there = torch.arange(count)
    note = setting.unknown(prompts)
    hits = (near.argmax(1) == there).tolist()
    what = f"CLIP R@1 of {count} held-out pairs, text to image"
    yield share("retrieval", what, hits, Goal(at_least=60), note)
    back = (near.argmax(0) == there).tolist()
    yield share("retrieval", f"CLIP R@1 of {count} held-out pairs, image to text", back)


def variation(setting: Setting) -> Iterator[Finding]:
    """Yield how near variations stay to their picture in meaning, and how far in pixels."""
    model = _loaded(setting)
    cosines, alike, copied, rows = [], [], [], []
    for number, scene in enumerate(mixed(setting.count, first=50_000)):
        setting.painter.say(f"variation: picture {number + 1} of {setting.count}")
        source = drawn(scene, 256).pixels
        canvas = np.dstack([source, np.full(source.shape[:2], 255, np.uint8)])
        request = PaintRequest(mode=Mode.VARY, image=canvas, seed=number, candidates=1)
        outcome = setting.painter.paint(request)
        if outcome is None:
            continue
        made = outcome.pictures[0]
        both = model.seen([source, made])
        cosines.append(float(both[0] @ both[1]))
        alike.append(ssim(source, made))
        copied.append(same_patch(source, made))
        rows.append([source, made])
    count = len(cosines)
    row = "variation"
    yield figure(row, "variation: cosine to the picture", float(np.mean(cosines)), count,
                 Goal(at_least=0.8))  # fmt: skip
    yield figure(row, "variation: SSIM with the picture", float(np.mean(alike)), count,
                 Goal(at_most=0.6))  # fmt: skip
    free = [most <= 0.95 for most in copied]
    note = f"highest correlation {max(copied):.2f}"
    yield share(row, "variation: no patch of 32x32 copied", free, Goal(at_least=100), note)
    pairs = [np.concatenate(pair, axis=1) for pair in rows]
    yield setting.grid(row, pairs, [str(n) for n in range(count)])


def ssim(first: Picture, second: Picture) -> float:
    """Return the structural similarity of two grey pictures (Wang et al. 2004), sigma 1.5."""
    a, b = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float64) for p in (first, second))

    def calm(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return cv2.GaussianBlur(x, (11, 11), 1.5).astype(np.float64)

    mean_a, mean_b = calm(a), calm(b)
    var_a, var_b = calm(a * a) - mean_a**2, calm(b * b) - mean_b**2
    both = calm(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def same_patch(first: Picture, second: Picture) -> float:
    """Return the highest correlation of a 32x32 patch's detail with the other picture's.

    A patch is looked for where it was and 4 pixels around. Detail is what a blur of 6 pixels
    takes away; patches that have hardly any are left out. -1 where none has.
    """
    a, b = (_detail(picture) for picture in (first, second))
    most = -1.0
    for top in range(_REACH, a.shape[0] - _PATCH - _REACH + 1, _STEP):
        for left in range(_REACH, a.shape[1] - _PATCH - _REACH + 1, _STEP):
            patch = a[top : top + _PATCH, left : left + _PATCH]
            rows = slice(top - _REACH, top + _PATCH + _REACH)
            around = b[rows, left - _REACH : left + _PATCH + _REACH]
            if min(patch.std(), around.std()) >= _DETAIL:
                found = cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED)
                most = max(most, float(found.max()))
    return most


def _detail(picture: Picture) -> NDArray[np.float32]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return (grey - cv2.GaussianBlur(grey, (0, 0), 6)).astype(np.float32)


def prior(setting: Setting) -> Iterator[Finding]:
    """Yield how much nearer a picture comes to its target by its own image embedding."""
    model = _loaded(setting)
    asked = [replace(scene, manner="flat") for scene in mixed(setting.count, first=90_000)]
    prompts = [plain_caption(scene) for scene in asked]
    targets = model.seen([drawn(scene, 256).pixels for scene in asked])
    meant = torch.stack([model.meant(p, n) for n, p in enumerate(prompts)])
    ways = {"own": meant, "shuffled": meant.roll(_ATTEMPTS, 0), "words": torch.zeros_like(meant)}
    pictures: dict[str, list[Picture]] = {way: [] for way in ways}
    for number, prompt in enumerate(prompts):
        setting.painter.say(f"prior: prompt {number + 1} of {len(prompts)}")
        for way, embeddings in ways.items():
            model.forced = embeddings[number]
            pictures[way].append(painted(model, prompt, number))
    near = {w: float((model.seen(p) * targets).sum(1).mean()) for w, p in pictures.items()}
    count, row = len(prompts), "prior"
    yield figure(row, "prior: similarity to the drawn target", near["own"], count,
                 note=setting.unknown(prompts))  # fmt: skip
    fall = near["own"] - near["shuffled"]
    yield figure(row, "prior: fall with embeddings shuffled", fall, count, Goal(at_least=0.2))
    yield figure(row, "prior: fall with words alone", near["own"] - near["words"], count)
    drawn_too = [drawn(scene, 256).pixels for scene in asked[:8]]
    rows = [list(row) for row in zip(drawn_too, *(p[:8] for p in pictures.values()), strict=False)]
    names = [f"{prompt}: drawn, own, shuffled, words alone" for prompt in prompts[: len(rows)]]
    yield setting.sheet(row, rows, names)


def painted(model: Towers, prompt: str, seed: int) -> Picture:
    """Return one picture at the model's own settings, with the embedding that is forced on it."""
    from engine.api import Size
    from engine.noise import CandidateNoise
    from engine.samplers.dpmpp_2m import dpmpp_2m
    from engine.schedules.uniform import model as uniform

    working = Size(*model.card.native)
    conditions = Conditions(
        prompt=prompt, guidance=model.card.guidance, working=working, seeds=(seed,)
    )
    noise = CandidateNoise((seed,), model.latent_shape(working), "cpu")
    levels = uniform(model.path, model.card.steps)
    *_, x0 = dpmpp_2m(model.denoiser(conditions), noise(), levels, noise)
    return as_pixels(model.decode(x0, working, lambda: None)[0])
