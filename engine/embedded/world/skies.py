"""Skies: their colours, clouds, stars, the sun and the moon."""

from __future__ import annotations

import cv2
import numpy as np

from engine.embedded.world import palette
from engine.embedded.world.fields import Floats, blend, fbm, gradient, screen, smoothstep
from engine.embedded.world.scenes import Scene

_PLACES = (0.0, 0.42, 0.78, 1.0)


def sky(scene: Scene, x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return the sky's colours (H, W, 3), with clouds and stars but without sun or moon."""
    stops = palette.sky_stops(scene.time, rng)
    roof = min(scene.horizon, rng.uniform(1.0, 1.6))
    tilt = rng.normal(0, 0.05) * (x - scene.aspect / 2)
    t = np.clip(y / roof + tilt, 0, 1)
    colours = gradient(t, stops, _PLACES)
    if scene.body == "sun":
        colours = _sunlit(colours, scene, x, y, rng)
    if scene.stars:
        colours = _starred(colours, t, rng)
    return colours


def _sunlit(
    colours: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator
) -> Floats:
    distance = np.hypot(x - scene.centre[0], (y - scene.centre[1]) * 1.25)
    warm = palette.rgb({"day": "#fff3cf", "sunset": "#ffb347"}.get(scene.time, "#ffd9a0"))
    reach = rng.uniform(0.2, 0.34)
    return screen(colours, warm, 0.65 * np.exp(-distance / reach).astype(np.float32))


def _starred(colours: Floats, t: Floats, rng: np.random.Generator) -> Floats:
    height, width = t.shape
    light = np.zeros(t.shape, np.float32)
    count = int(rng.uniform(25, 70) * width / height)
    unit = height / 256
    for _ in range(count):
        centre = (int(rng.uniform(0, width) * 16), int(rng.uniform(0, height) * 16))
        radius = unit * float(rng.choice([0.9, 1.3, 1.9], p=[0.55, 0.33, 0.12]))
        bright = float(rng.uniform(0.5, 1.0))
        cv2.circle(light, centre, int(radius * 16), bright, -1, cv2.LINE_AA, 4)
    halo = cv2.GaussianBlur(light, (0, 0), 1.2 * unit)
    light = np.clip(light * 0.9 + halo * 0.6, 0, 1)
    return screen(colours, palette.rgb("#f4f1e2"), light * smoothstep(1.0, 0.75, t))


def clouds(colours: Floats, scene: Scene, y: Floats, rng: np.random.Generator) -> Floats:
    """Return the sky with its clouds: lit from above, thinner and flatter towards the horizon."""
    if scene.clouds == "none":
        return colours
    shape = (y.shape[0], y.shape[1])
    body = fbm(shape, rng, cells=(rng.uniform(3.5, 6), rng.uniform(1.6, 2.6)), octaves=5)
    need = {"few": rng.uniform(0.58, 0.64), "many": rng.uniform(0.44, 0.5)}[scene.clouds]
    cover = smoothstep(need, need + rng.uniform(0.1, 0.22), body) * rng.uniform(0.8, 0.95)
    lift = max(2, shape[0] // 28)
    above = np.concatenate([np.repeat(body[:1], lift, axis=0), body[:-lift]])
    lit = np.clip(0.55 + (body - above) * 2.2, 0, 1)
    light = palette.jittered(palette.rgb(palette.CLOUD_LIGHT[scene.time]), 0.02, rng)
    shadow = palette.jittered(palette.rgb(palette.CLOUD_SHADE[scene.time]), 0.02, rng)
    paint = shadow + (light - shadow) * lit[..., None]
    return blend(colours, paint, cover)


def body_light(scene: Scene, rng: np.random.Generator) -> Floats:
    """Return the colour of the sun's or the moon's face."""
    if scene.body == "sun":
        code = {"day": "#fff6c8", "sunset": "#ffd84f", "dawn": "#ffe58f"}.get(scene.time, "#ffe873")
        return palette.jittered(palette.rgb(code), 0.015, rng)
    return palette.jittered(palette.rgb("#f3eed9"), 0.025, rng)


def heavenly_body(
    colours: Floats, scene: Scene, x: Floats, y: Floats, rng: np.random.Generator
) -> Floats:
    """Return the sky with the scene's sun or moon in it, glow included."""
    if scene.body == "none":
        return colours
    height = x.shape[0]
    distance = np.hypot(x - scene.centre[0], y - scene.centre[1])
    light = body_light(scene, rng)
    disc = np.clip((scene.radius - distance) * height + 0.5, 0, 1)
    beyond = np.maximum(distance - scene.radius, 0) / scene.radius
    if scene.body == "sun":
        glow = rng.uniform(0.5, 0.75) * np.exp(-beyond / rng.uniform(0.5, 0.9))
        lit = screen(colours, palette.jittered(light, 0.03, rng), glow.astype(np.float32))
        core = np.minimum(1.0, light + 0.25 * (1 - distance / scene.radius).clip(0, 1)[..., None])
        return blend(lit, core.astype(np.float32), disc)
    return _moon(colours, scene, x, y, rng, light, disc, beyond)


def _moon(
    colours: Floats,
    scene: Scene,
    x: Floats,
    y: Floats,
    rng: np.random.Generator,
    light: Floats,
    disc: Floats,
    beyond: Floats,
) -> Floats:
    glow = rng.uniform(0.14, 0.34) * np.exp(-beyond / rng.uniform(0.5, 1.0))
    lit_sky = screen(colours, light, glow.astype(np.float32))
    seas = fbm(disc.shape, rng, cells=(0.7 / scene.radius, 0.7 / scene.radius), octaves=3)
    face = light * (1 - 0.17 * smoothstep(0.45, 0.8, seas))[..., None]
    if scene.body == "full moon":
        return blend(lit_sky, face, disc)
    night_side = blend(lit_sky, 0.55 * colours + 0.45 * lit_sky + 0.012, disc)
    side = rng.choice([-1.0, 1.0])
    angle = rng.uniform(-0.6, 0.6) + (np.pi if side < 0 else 0)
    bite = scene.radius * rng.uniform(0.38, 0.6)
    dx, dy = bite * np.cos(angle), bite * np.sin(angle)
    shadow = np.hypot(x - scene.centre[0] - dx, y - scene.centre[1] - dy)
    lit = disc * smoothstep(-0.6, 1.0, (shadow - scene.radius * 0.96) * x.shape[0])
    return blend(night_side, face, lit)
