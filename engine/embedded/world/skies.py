"""Skies: their colours, clouds, stars, the sun and the moon."""

from __future__ import annotations

import cv2
import numpy as np

from engine.embedded.world import palette
from engine.embedded.world.fields import Floats, blend, fbm, gradient, screen, smoothstep
from engine.embedded.world.nouns import BODIES
from engine.embedded.world.scenes import Box, Scene, Thing
from engine.embedded.world.sprites import laid, sprite

_PLACES = (0.0, 0.42, 0.78, 1.0)
_DULL = {"rain": 0.62, "snow": 0.45, "fog": 0.6}  # how grey bad weather makes a sky
_BANDS = 7  # how many colours a flat sky has


def sky(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return the sky's colours (H, W, 3), with stars but without clouds, sun or moon."""
    stops = palette.sky_stops(scene.time, rng)
    dull = _DULL.get(scene.weather, 0.25 if scene.clouds == "many" else 0.0)
    stops = [stop + (_overcast(stop) - stop) * dull for stop in stops]
    roof = min(scene.horizon, float(rng.uniform(1.0, 1.6)))
    tilt = float(rng.normal(0, 0.05)) * (x - scene.aspect / 2)
    t = np.clip(y / roof + tilt, 0, 1)
    if scene.manner in ("flat", "pixel"):
        t = (np.floor(t * _BANDS) + smoothstep(0.9, 1.0, t * _BANDS % 1)) / _BANDS
    colours = gradient(t, stops, _PLACES)
    body = body_of(scene)
    if body is not None and body.noun == "sun":
        colours = _sunlit(colours, scene, body, x, y, rng)
    if scene.stars:
        colours = _starred(colours, scene, t, rng)
    return colours


def body_of(scene: Scene) -> Thing | None:
    """Return the scene's sun or moon."""
    return next((thing for thing in scene.things if thing.noun in BODIES), None)


def _overcast(colour: Floats) -> Floats:
    grey = float(colour @ np.array((0.3, 0.55, 0.15), np.float32))
    return np.array((0.92, 0.96, 1.0), np.float32) * (0.12 + 0.74 * grey)


def _sunlit(
    colours: Floats, scene: Scene, body: Thing, x: Floats, y: Floats, rng: np.random.Generator
) -> Floats:
    distance = np.hypot(x - body.centre[0], (y - body.centre[1]) * 1.25)
    warm = palette.rgb({"day": "#fff3cf", "sunset": "#ffb347"}.get(scene.time, "#ffd9a0"))
    return screen(colours, warm, 0.6 * np.exp(distance * -float(1 / rng.uniform(0.2, 0.34))))


def _starred(colours: Floats, scene: Scene, t: Floats, rng: np.random.Generator) -> Floats:
    height, width = t.shape
    fine = 2
    light = np.zeros((height * fine, width * fine), np.uint8)
    count = int(rng.uniform(26, 60) * scene.aspect)
    unit = height * fine / 256
    spots = rng.random((count, 2))
    sizes = rng.choice([1.0, 1.4, 2.1], count, p=[0.5, 0.34, 0.16])
    bright = rng.uniform(0.55, 1.0, count)
    for (u, v), size, power in zip(spots, sizes, bright, strict=True):
        centre = (int(u * width * fine * 16), int(v**1.2 * height * fine * 16))
        cv2.circle(light, centre, int(size * unit * 16), power * 255, -1, cv2.LINE_AA, 4)
    small = cv2.resize(light, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    halo = cv2.GaussianBlur(small, (0, 0), 1.2 * height / 256)
    glow = np.clip(small / 255 * 0.95 + halo / 255 * 0.6, 0, 1)
    return screen(colours, palette.rgb("#f4f1e2"), glow * smoothstep(1.0, 0.75, t))


def clouds(colours: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return the sky with its clouds: soft ones, or heaped ones with flat bases."""
    if scene.clouds == "none" or scene.weather == "fog":
        return colours
    drawn_ones = scene.manner in ("flat", "ink", "pixel") or rng.random() < 0.3
    if drawn_ones:
        return _heaped(colours, scene, rng)
    shape = (y.shape[0], y.shape[1])
    body = fbm(shape, rng, cells=(rng.uniform(3.5, 5), rng.uniform(1.6, 2.6)), octaves=5)
    low, high = {"few": (0.57, 0.62), "many": (0.44, 0.5)}[scene.clouds]
    need = float(rng.uniform(low, high))
    cover = smoothstep(need, need + float(rng.uniform(0.1, 0.2)), body)
    cover *= float(rng.uniform(0.82, 0.96))
    lift = max(1, shape[0] // 28)
    above = np.concatenate([np.repeat(body[:1], lift, axis=0), body[:-lift]])
    lit = np.clip(0.55 + (body - above) * 2.2, 0, 1)
    light, shadow = _cloud_paint(scene, rng)
    paint = shadow + (light - shadow) * lit[..., None]
    heavenly = body_of(scene)
    if heavenly is not None:  # the sun or the moon that is told must be seen
        distance = np.hypot(x - heavenly.centre[0], y - heavenly.centre[1])
        cover = cover * (0.12 + 0.88 * smoothstep(0.9, 2.0, distance / heavenly.radius))
    return blend(colours, paint, cover)


def _cloud_paint(scene: Scene, rng: np.random.Generator) -> tuple[Floats, Floats]:
    light = palette.jittered(palette.rgb(palette.CLOUD_LIGHT[scene.time]), 0.02, rng)
    shadow = palette.jittered(palette.rgb(palette.CLOUD_SHADE[scene.time]), 0.02, rng)
    dull = _DULL.get(scene.weather, 0.0)
    return light + (_overcast(light) - light) * dull, shadow + (_overcast(shadow) - shadow) * dull


def _heaped(colours: Floats, scene: Scene, rng: np.random.Generator) -> Floats:
    light, _ = _cloud_paint(scene, rng)
    count = int(rng.integers(2, 4) if scene.clouds == "few" else rng.integers(6, 9))
    roof = min(scene.horizon, 0.9)
    taken = [thing.box for thing in scene.things]
    painted = colours.copy()
    for number in range(count):
        for _ in range(6):
            radius = float(rng.uniform(0.09, 0.17))
            x = (number + rng.uniform(0.1, 0.9)) / count * scene.aspect
            spot = (float(x), float(rng.uniform(0.05, max(0.12, roof - 0.2))))
            box = Box(spot[0] - radius, spot[1] - radius * 0.6, spot[0] + radius,
                      spot[1] + radius * 0.6)  # fmt: skip
            if not any(box.meets(other) for other in taken):
                made = sprite(Thing("cloud", spot, radius), light, colours.shape[0])
                laid(painted, made)
                taken.append(box)
                break
    return painted


def body_light(scene: Scene, rng: np.random.Generator) -> Floats:
    """Return the colour of the sun's or the moon's face."""
    if scene.body == "sun":
        code = {"day": "#fff3a8", "sunset": "#ffd84f", "dawn": "#ffe58f"}.get(scene.time, "#ffe873")
        return palette.jittered(palette.rgb(code), 0.015, rng)
    return palette.jittered(palette.rgb("#f3eed9"), 0.025, rng)


def heavenly_body(
    colours: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator
) -> Floats:
    """Return the sky with the scene's sun or moon in it, glow included."""
    body = body_of(scene)
    if body is None:
        return colours
    distance = np.hypot(x - body.centre[0], y - body.centre[1])
    light = body_light(scene, rng)
    disc = np.clip((body.radius - distance) * x.shape[0] + 0.5, 0, 1)
    beyond = np.maximum(distance / body.radius - 1, 0)
    if body.noun == "sun":
        reach = float(rng.uniform(0.5, 0.9))
        glow = float(rng.uniform(0.5, 0.75)) * np.exp(beyond * (-1 / reach))
        lit = screen(colours, palette.jittered(light, 0.03, rng), glow)
        core = light + 0.25 * (1 - distance / body.radius).clip(0, 1)[..., None]
        return blend(lit, np.minimum(core, 1), disc)
    glow = float(rng.uniform(0.14, 0.34)) * np.exp(beyond * (-1 / float(rng.uniform(0.5, 1.0))))
    lit_sky = screen(colours, light, glow)
    return _moon(lit_sky, colours, body, x, y, rng, light, disc)


def _moon(
    lit_sky: Floats,
    colours: Floats,
    body: Thing,
    x: Floats,
    y: Floats,
    rng: np.random.Generator,
    light: Floats,
    disc: Floats,
) -> Floats:
    cells = 1.0 / body.radius
    seas = fbm((disc.shape[0], disc.shape[1]), rng, cells=(cells, cells), octaves=3)
    face = light * (1 - 0.2 * smoothstep(0.42, 0.85, seas))[..., None]
    if body.noun == "full moon":
        return blend(lit_sky, face, disc)
    night_side = blend(lit_sky, 0.3 * colours + 0.7 * lit_sky, disc)
    angle = float(rng.uniform(-0.6, 0.6)) + (np.pi if body.mirrored else 0)
    bite = body.radius * float(rng.uniform(0.38, 0.6))
    dx, dy = bite * float(np.cos(angle)), bite * float(np.sin(angle))
    shadow = np.hypot(x - body.centre[0] - dx, y - body.centre[1] - dy)
    lit = disc * np.clip((shadow - body.radius * 0.96) * x.shape[0] * 0.6 + 0.5, 0, 1)
    return blend(night_side, face, lit)
