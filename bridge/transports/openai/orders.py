"""From a request's body to a job: read, checked, developed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from bridge.blobs import Blobs
from bridge.offer import Offer
from bridge.transports.openai.failures import INVALID, ApiError, invalid, of_validation
from bridge.transports.openai.fields import Edit, Generation, Variation, Wish, names_of
from bridge.wire.limits import MAX_HEADER_BYTES, MAX_MESSAGE_BYTES
from bridge.wire.messages import ModeName, Picture, Submit
from bridge.workers.darkroom import Darkroom, Developed, Output

MAX_FORM_FIELDS = 100
DEFAULT_NAMES = ("dall-e-", "gpt-image-", "chatgpt-image-")  # OpenAI's own; ours is painted with
_PROPORTION = 0.01  # by how much the sides of a scaled edit may differ from the picture's

W = TypeVar("W", bound=Wish)


@dataclass(frozen=True, slots=True)
class Uploads:
    """The files of a form."""

    image: bytes
    mask: bytes | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A job, and the form in which its results are wanted."""

    submit: Submit
    output: Output
    kind: Literal["image_generation", "image_edit"]
    partials: int | None  # None: no stream
    as_link: bool
    sheet: bool
    canvas: str | None = None  # a blob of what paint is laid on
    keeps_alpha: bool = False
    origin: str | None = None  # a blob of the file that was sent, told of in the results


async def json_body(request: Request) -> Mapping[str, Any]:
    """Return a JSON object; raises ApiError."""
    if _media_type(request) != "application/json":
        raise ApiError(
            415,
            INVALID,
            "unsupported_media_type",
            "The body must be JSON; send it with the header Content-Type: application/json.",
        )
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_HEADER_BYTES:
            raise too_large(MAX_HEADER_BYTES)
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise invalid(None, "The body is no JSON; send one JSON object.", "invalid_json") from error
    if not isinstance(body, dict):
        raise invalid(None, "The body must be one JSON object.", "invalid_json")
    return body


async def form_body(request: Request) -> tuple[Mapping[str, Any], Uploads]:
    """Return a form's texts and files; raises ApiError."""
    if _media_type(request) != "multipart/form-data":
        raise ApiError(
            415,
            INVALID,
            "unsupported_media_type",
            "The body must be a form with files; send it as multipart/form-data.",
        )
    _check_length(request)
    try:
        async with request.form(max_files=16, max_fields=MAX_FORM_FIELDS) as form:
            return _texts(form), await _uploads(form)
    except HTTPException as error:
        raise invalid(None, f"The form cannot be read: {error.detail}", "invalid_form") from error


def wished(kind: type[W], given: Mapping[str, Any]) -> W:
    """Return the checked parameters; raises ApiError naming the first that is wrong."""
    try:
        wish = kind.model_validate(given)
    except ValidationError as error:
        raise of_validation(error, names_of(kind)) from None
    if wish.partial_images and not wish.stream:
        raise invalid("partial_images", "partial_images are sent in a stream; set stream to true.")
    if wish.stream and wish.response_format == "url":
        raise invalid(
            "response_format", "A stream carries the files themselves; leave response_format out."
        )
    if wish.stream and wish.contact_sheet:
        raise invalid("contact_sheet", "A stream has no contact_sheet; set stream to false.")
    return wish


def generation(wish: Generation, job: str, offer: Offer) -> Order:
    """Return the order for a picture from a prompt."""
    width, height = wish.pixels or (None, None)
    submit = replace(_submit(wish, job, "generate", offer), width=width, height=height)
    return _order(wish, submit, None)


async def edit(
    wish: Edit, uploads: Uploads, job: str, offer: Offer, darkroom: Darkroom, blobs: Blobs
) -> Order:
    """Return the order for paint in a picture; raises JobRefusedError for a bad picture."""
    submit = _submit(wish, job, "inpaint", offer)
    developed = await darkroom.develop(uploads.image, uploads.mask, select=True)
    try:
        size = _scaled(wish, developed)
        image, mask = await asyncio.to_thread(_taken, developed, blobs)
    except BaseException:
        _drop(developed, blobs)
        raise
    masked = mask is not None
    whole = not masked or (wish.strength is not None and wish.strength < 1)
    mode: ModeName = "refine" if whole else "inpaint"
    submit = replace(submit, mode=mode, image=image, mask=mask, strength=wish.strength)
    order = _order(wish, submit, size)
    origin = await asyncio.to_thread(blobs.put, uploads.image)
    return replace(
        order,
        kind="image_edit",
        canvas=developed.canvas,
        keeps_alpha=not masked,
        origin=origin,
    )


async def variation(
    wish: Variation, uploads: Uploads, job: str, offer: Offer, darkroom: Darkroom, blobs: Blobs
) -> Order:
    """Return the order for pictures after a picture; raises JobRefusedError for a bad one."""
    if uploads.mask is not None:
        raise invalid("mask", "A variation takes no mask; use /v1/images/edits to paint in one.")
    submit = _submit(wish, job, "vary", offer)
    developed = await darkroom.develop(uploads.image, None, select=False)
    try:
        image, _ = await asyncio.to_thread(_taken, developed, blobs)
    finally:
        _drop(developed, blobs)
    width, height = wish.pixels or (developed.width, developed.height)
    order = _order(wish, replace(submit, image=image, width=width, height=height), None)
    return replace(order, origin=await asyncio.to_thread(blobs.put, uploads.image))


def model_named(name: str | None, offer: Offer) -> str | None:
    """Return the model to paint with, None for the default; raises ApiError for an unknown one."""
    if name is None or name.startswith(DEFAULT_NAMES):
        return None
    known = [model.name for model in offer.models]
    if name in known:
        return name
    there = ", ".join(known) or "none"
    raise ApiError(
        404,
        INVALID,
        "model_not_found",
        f"There is no model {name[:100]!r}. Installed are: {there}; OpenAI's own names mean the"
        " default model.",
        param="model",
    )


def too_large(most: int) -> ApiError:
    """Return the error for a body that is too long."""
    return ApiError(
        413, INVALID, "too_large", f"The body is too large; accepted are {most / 2**20:.0f} MiB."
    )


def _submit(wish: Wish, job: str, mode: ModeName, offer: Offer) -> Submit:
    return Submit(
        job=job,
        mode=mode,
        prompt=wish.prompt,
        negative_prompt=wish.negative_prompt,
        candidates=wish.n,
        seed=wish.seed,
        steps=wish.steps,
        guidance=wish.guidance,
        sampler=wish.sampler,
        schedule=wish.schedule,
        model=model_named(wish.model, offer),
        previews=bool(wish.stream and wish.partial_images),
        on_disconnect="cancel",
    )


def _order(wish: Wish, submit: Submit, size: tuple[int, int] | None) -> Order:
    return Order(
        submit,
        Output(wish.output_format, wish.output_compression, size),
        "image_generation",
        (wish.partial_images or 0) if wish.stream else None,
        wish.as_link,
        wish.contact_sheet,
    )


def _scaled(wish: Wish, picture: Developed) -> tuple[int, int] | None:
    """Return the size an edited picture is scaled to; None where it stays as it is."""
    asked = wish.pixels
    if asked is None or asked == (picture.width, picture.height):
        return None
    ratio = (asked[0] / asked[1]) / (picture.width / picture.height)
    if abs(ratio - 1) <= _PROPORTION:
        return asked
    raise invalid(
        "size",
        f"The size is {wish.size}, the image {picture.width}x{picture.height}; an edit keeps its"
        " image's proportions. Leave size out to keep its size too.",
    )


def _taken(developed: Developed, blobs: Blobs) -> tuple[Picture, Picture | None]:
    """Return an upload's pixels as the job's pictures; the mask's blob is dropped."""
    width, height = developed.width, developed.height
    image = Picture(width, height, "rgba8", blobs.read(developed.canvas))
    if developed.mask is None:
        return image, None
    mask = Picture(width, height, "gray8", blobs.read(developed.mask))
    blobs.drop(developed.mask)
    return image, mask


def _drop(developed: Developed, blobs: Blobs) -> None:
    for blob in filter(None, (developed.canvas, developed.mask)):
        blobs.drop(blob)


def _texts(form: FormData) -> Mapping[str, Any]:
    texts: dict[str, Any] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            continue
        if name in texts:
            raise invalid(name, f"The parameter {name[:100]} is there twice; send it once.")
        texts[name] = value
    return texts


async def _uploads(form: FormData) -> Uploads:
    images: list[UploadFile] = []
    masks: list[UploadFile] = []
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            continue
        place = {"image": images, "image[]": images, "mask": masks}.get(name)
        if place is None:
            raise invalid(
                name,
                f"There is no file {name[:100]!r} here; accepted are image and mask.",
                "unknown_parameter",
            )
        place.append(value)
    if not images:
        raise invalid("image", "The image is missing; send one.", "missing_required_parameter")
    if len(images) > 1:
        raise invalid(
            "image",
            f"{len(images)} images were sent. The first would be edited and the others be"
            " references, but no model of this bridge takes references. Send the one to edit.",
            "too_many_images",
        )
    if len(masks) > 1:
        raise invalid("mask", f"{len(masks)} masks were sent; send one at most.", "too_many_masks")
    return Uploads(await images[0].read(), await masks[0].read() if masks else None)


def _check_length(request: Request) -> None:
    """Refuse a form that is announced too long, or whose length is not announced."""
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise ApiError(
            411, INVALID, "length_required", "The form's length is missing; send Content-Length."
        )
    if int(length) > MAX_MESSAGE_BYTES:
        raise too_large(MAX_MESSAGE_BYTES)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
