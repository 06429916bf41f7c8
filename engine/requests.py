"""What can be painted: every request passes here once, and assumptions hold from then on.

The table of modes in `engine.api` says which ingredients a mode takes; this module turns it, and
the limits of sizes and numbers, into sentences a painter can act on.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np

from engine.api import (
    MAX_CANDIDATES,
    MAX_SEED,
    MAX_SIDE,
    MAX_STEPS,
    MODES,
    Box,
    Extension,
    MaskShape,
    Mode,
    Need,
    PaintRequest,
    Pixels,
    Size,
    refuse,
)

MAX_GUIDANCE = 50.0
MAX_FACTOR = 8.0
DEFAULT_FACTOR = 2.0
INGREDIENTS = ("image", "mask", "size", "extension", "factor", "second_image", "instead_of")
USUAL_MIX = {"second_image": 0.5, "instead_of": 0.4}  # of words: Ramesh et al. go to 0.25 ... 0.5


def checked(request: PaintRequest) -> PaintRequest:
    """Return the request with its mode's defaults filled in; RequestError if it is unpaintable.

    Names of models, samplers and schedules are not looked up here: the core knows them.
    """
    if not isinstance(request.mode, Mode):
        refuse("mode", f"There is no mode {request.mode!r}. {_modes()}")
    _check_ingredients(request)
    _check_image(request)
    _check_pixels("second_image", "The second image", request.second_image)
    _check_guides(request)
    _check_mask(request)
    _check_sizes(request)
    _check_numbers(request)
    _check_only(request)
    _check_mask_shape(request.mask_shape)
    rules = MODES[request.mode]
    # How far a variation goes when nothing is said is the model's own: the core knows its card.
    usual = None if request.mode is Mode.VARY else rules.strength
    strength = usual if request.strength is None else float(request.strength)
    takes_factor = rules.factor is not Need.REFUSED
    factor = DEFAULT_FACTOR if takes_factor and request.factor is None else request.factor
    return replace(request, strength=strength, factor=factor, mix=_mix_of(request))


def grown(size: Size, by: Extension) -> Size:
    """Return the size of a canvas grown on its sides."""
    return Size(size.width + by.left + by.right, size.height + by.top + by.bottom)


def scaled(size: Size, factor: float) -> Size:
    """Return the size of a canvas enlarged by a factor, to the nearest pixel, at least one."""
    return Size(max(1, round(size.width * factor)), max(1, round(size.height * factor)))


def old_box(size: Size, by: Extension) -> Box:
    """Return where the old picture lies on a grown canvas."""
    return Box(by.left, by.top, size.width, size.height)


def _modes() -> str:
    """Say which modes there are."""
    return f"Choose one of {', '.join(Mode)}."


def _check_ingredients(request: PaintRequest) -> None:
    """Refuse what the mode does not take and what it lacks."""
    rules = MODES[request.mode]
    for name in INGREDIENTS:
        need, given = getattr(rules, name), getattr(request, name) is not None
        article = "an" if name[0] in "aeiou" else "a"
        if need is Need.REQUIRED and not given:
            refuse(
                name, f"Mode {request.mode} needs {article} {name}, and none was given. Send one."
            )
        if need is Need.REFUSED and given:
            takers = ", ".join(
                mode for mode, row in MODES.items() if getattr(row, name) is not Need.REFUSED
            )
            refuse(
                name,
                f"Mode {request.mode} takes no {name}, but one was given. "
                f"Leave it out, or use a mode that takes it: {takers}.",
            )


def _check_image(request: PaintRequest) -> None:
    """Refuse an image that is not uint8 RGBA of an accepted size, or has nothing to go by."""
    image = request.image
    _check_pixels("image", "The image", image)
    # With a mask the selection says where to paint; without one only what is there can be gone by.
    shows_nothing = image is not None and request.mask is None and not image[..., 3].any()
    if shows_nothing:
        refuse(
            "image",
            f"The image is fully transparent, so there is nothing to {request.mode}. "
            "Send a picture with visible paint, or use mode generate.",
        )


def _check_pixels(field: str, what: str, image: Pixels | None) -> None:
    """Refuse a picture that is not uint8 RGBA of an accepted size."""
    if image is None:
        return
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        refuse(
            field,
            f"{what} must be 8-bit pixels (a uint8 numpy array), but {_kind(image)} was given. "
            "Convert it to 8 bit first.",
        )
    if image.ndim != 3 or image.shape[2] != 4:
        refuse(
            field,
            f"{what} must be RGBA, of shape (height, width, 4), but its shape is "
            f"{image.shape}. Convert it to RGBA first.",
        )
    _check_side(field, what, Size(image.shape[1], image.shape[0]))


def _check_guides(request: PaintRequest) -> None:
    """Refuse what leads a variation nowhere, or two ways at once."""
    second, instead_of = request.second_image, request.instead_of
    if second is not None and not second[..., 3].any():
        refuse(
            "second_image",
            "The second image is fully transparent, so there is nothing to mix in. "
            "Send a picture with visible paint, or leave it out.",
        )
    if second is not None and instead_of is not None:
        refuse(
            "instead_of",
            "A second image and `instead_of` were both given. Give one of them: the first mixes "
            "two pictures, the other leads one picture from these words to the prompt.",
        )
    if instead_of is not None and not (instead_of.strip() and request.prompt.strip()):
        refuse(
            "instead_of",
            "With `instead_of` say what the image shows, and with the prompt what to show instead; "
            f"{'the prompt' if instead_of.strip() else '`instead_of`'} is empty. Fill in both.",
        )
    if request.mix is not None:
        _check_real("mix", "The mix", request.mix, 0.0, 1.0)
        if second is None and instead_of is None:
            refuse(
                "mix",
                "A mix was given, but nothing to mix with. Give a second image, or say with "
                "`instead_of` what the image shows.",
            )


def _mix_of(request: PaintRequest) -> float | None:
    """Return how far a guide leads, None where there is none."""
    given = (name for name in USUAL_MIX if getattr(request, name) is not None)
    name = next(given, None)
    return USUAL_MIX[name] if name is not None and request.mix is None else request.mix


def _check_mask(request: PaintRequest) -> None:
    """Refuse a mask that is not uint8 of the image's size, or selects nothing."""
    mask, image = request.mask, request.image
    if mask is None or image is None:
        return
    if not isinstance(mask, np.ndarray) or mask.dtype != np.uint8:
        refuse(
            "mask",
            f"The mask must be 8-bit values (a numpy array of uint8: 0 keeps, 255 paints), but "
            f"{_kind(mask)} was given. Convert it first.",
        )
    if mask.ndim != 2:
        refuse(
            "mask",
            f"The mask must have one channel, of shape (height, width), but its shape is "
            f"{mask.shape}. Send one channel only.",
        )
    if mask.shape != image.shape[:2]:
        refuse(
            "mask",
            f"The mask is {mask.shape[1]}x{mask.shape[0]} pixels, but the image is "
            f"{image.shape[1]}x{image.shape[0]}. Send a mask of the image's size.",
        )
    if not mask.any():
        refuse(
            "mask",
            "The mask is empty: every value is 0, so nothing would be painted. "
            "Select something (255 paints, 0 keeps) and try again.",
        )


def _check_sizes(request: PaintRequest) -> None:
    """Refuse canvases, before or after growing, that are empty or larger than we paint."""
    if request.size is not None:
        _check_whole("size", "The width", request.size.width, 1, MAX_SIDE)
        _check_whole("size", "The height", request.size.height, 1, MAX_SIDE)
    if request.extension is not None:
        _check_extension(request.extension, request.image)
    if request.factor is not None:
        _check_factor(request.factor, request.image)


def _check_extension(by: Extension, image: Pixels | None) -> None:
    """Refuse an extension that grows nothing, shrinks something or grows too far."""
    for side in fields(by):
        _check_whole("extension", f"The {side.name} side", getattr(by, side.name), 0, MAX_SIDE)
    if not (by.left or by.top or by.right or by.bottom):
        refuse(
            "extension",
            "The extension is 0 on all four sides, so there is nothing to paint. "
            "Give at least one side a number of pixels, such as right=256.",
        )
    if image is not None:
        size = grown(Size(image.shape[1], image.shape[0]), by)
        _check_side("extension", "The extended canvas", size)


def _check_factor(factor: float, image: Pixels | None) -> None:
    """Refuse a factor that does not enlarge, or enlarges too far."""
    _check_real("factor", "The factor", factor, 1.0, MAX_FACTOR)
    if image is not None:
        size = scaled(Size(image.shape[1], image.shape[0]), factor)
        _check_side("factor", "The enlarged canvas", size)


def _check_numbers(request: PaintRequest) -> None:
    """Refuse numbers that are out of their range."""
    if request.strength is not None:
        _check_real("strength", "The strength", request.strength, 0.0, 1.0)
        if request.strength <= 0.0:
            refuse(
                "strength",
                f"The strength is {request.strength}, which changes nothing. "
                "Accepted is more than 0 up to 1.",
            )
    if request.guidance is not None:
        _check_real("guidance", "The guidance", request.guidance, 0.0, MAX_GUIDANCE)
    if request.steps is not None:
        _check_whole("steps", "The number of steps", request.steps, 1, MAX_STEPS)
    if request.seed is not None:
        _check_whole("seed", "The seed", request.seed, 0, MAX_SEED)
    _check_whole("candidates", "The number of candidates", request.candidates, 1, MAX_CANDIDATES)


def _check_only(request: PaintRequest) -> None:
    """Refuse a choice of candidates that are not in the batch."""
    only = request.only
    if only is None:
        return
    if not only:
        refuse("only", "No candidate was chosen. Name at least one, or leave `only` out for all.")
    for index in only:
        _check_whole("only", "A chosen candidate", index, 0, request.candidates - 1)
    if len(set(only)) < len(only):
        refuse("only", f"The same candidate is chosen twice in {only}. Name each one once.")


def _check_mask_shape(shape: MaskShape) -> None:
    """Refuse a mask shape with lengths that are no lengths."""
    for length in fields(shape):
        value = getattr(shape, length.name)
        if value is not None:
            name = length.name.replace("_", " ")
            _check_whole("mask_shape", f"The mask's {name} in pixels", value, 0, MAX_SIDE)


def _check_side(field: str, what: str, size: Size) -> None:
    """Refuse a canvas without pixels, or with sides longer than we paint."""
    if min(size.width, size.height) < 1:
        refuse(field, f"{what} is {size} pixels: it is empty. Both sides must be at least 1 pixel.")
    if max(size.width, size.height) > MAX_SIDE:
        refuse(
            field,
            f"{what} is {size} pixels, but sides of at most {MAX_SIDE} are accepted. "
            "Scale it down, or crop it to the part you paint on.",
        )


def _check_whole(field: str, what: str, value: object, least: int, most: int) -> None:
    """Refuse what is not a whole number in a range, both ends accepted."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not least <= int(value) <= most:  # type: ignore[call-overload]
        refuse(field, f"{what} is {value!r}. Accepted are whole numbers from {least} to {most}.")


def _check_real(field: str, what: str, value: object, least: float, most: float) -> None:
    """Refuse what is not a finite number in a range, both ends accepted."""
    real = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not real or not math.isfinite(value) or not least <= value <= most:  # type: ignore[operator]
        refuse(field, f"{what} is {value!r}. Accepted are numbers from {least:g} to {most:g}.")


def _kind(value: object) -> str:
    """Say what kind of array, or other thing, was given."""
    return f"{value.dtype}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
