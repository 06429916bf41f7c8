"""The hooks by which the engine is extended; built-ins use the same and nothing else.

Three kinds:

- **Registering** (`mahlstick_plugins`, `_samplers`, `_schedules`, `_families`, `_upscalers`,
  `_prefills`) fires once, on the thread that makes the Engine, before the first job, and also where
  only a list is wanted: it must not import torch or read weights. What raises there stops the start
  with the plugin's name.
- **Checking** (`mahlstick_check_*`) fires on the thread that paints and returns verdicts
  (`engine.Verdict`). A check that raises anything, returns anything else, or takes longer than the
  setting `hook_timeout_s` refuses the job under the category `filter_failed`; one that hangs costs
  the worker process, which is replaced.
- **Taking part** (`mahlstick_rewrite_prompt`, `_rank`, `_step`, `_stamp`) fires on the thread that
  paints. What raises there is reported with the plugin's name: a rewriter's fault fails the job
  with that sentence, the others' are told in `Finished.notes` and the job goes on. One that hangs
  costs the worker and fails the job.

An implementation may leave out arguments it does not need. Plugins that keep something between
calls (a loaded network) are objects made by `mahlstick_plugins`, one an engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from torch import Tensor

    from engine.api import PaintRequest, Pixels
    from engine.families import Family, Model
    from engine.prefills import Prefill
    from engine.schedules import Sampler, Schedule
    from engine.stamps import Stamp
    from engine.upscalers import Upscaler
    from engine.verdicts import Opinion

hookspec = pluggy.HookspecMarker("mahlstick")
hookimpl = pluggy.HookimplMarker("mahlstick")

Options = Mapping[str, Mapping[str, Any]]  # {section: {name: value}}, JSON-able


# Registering


@hookspec
def mahlstick_plugins(options: Options) -> Sequence[object]:  # type: ignore[empty-body]
    """Register plugin objects made for one engine, whose methods are further hooks.

    Fires first, on the thread that makes the Engine. `options` are the settings file's tables
    `[options.SECTION]`, as given to `Engine(options=...)`; a plugin reads its own section and must
    work with an empty one. Return objects with methods marked `@hookimpl`; they are named
    `PLUGIN:Class`. Make them cheaply: a network is loaded at the first call that needs it. Raising
    stops the start with a PluginError that names the plugin.
    """


@hookspec
def mahlstick_samplers() -> Mapping[str, Sampler]:  # type: ignore[empty-body]
    """Register samplers: {name: generator function}. Names are lower case with underscores.

    Fires once, on the thread that makes the Engine. A sampler yields x0 once a step and draws noise
    only from the `noise` it is given. Raising, or a name that is taken, stops the start with a
    PluginError that names the plugin.
    """


@hookspec
def mahlstick_schedules() -> Mapping[str, Schedule]:  # type: ignore[empty-body]
    """Register schedules: {name: function}, giving the steps + 1 levels of a path, CLEAN last.

    Fires once, on the thread that makes the Engine. Raising, or a name that is taken, stops the
    start with a PluginError that names the plugin.
    """


@hookspec
def mahlstick_families() -> Sequence[Family]:  # type: ignore[empty-body]
    """Register model families; the first that recognises a folder loads it.

    Fires once, on the thread that makes the Engine. Raising stops the start with a PluginError that
    names the plugin; what a family raises later is the job's error.
    """


@hookspec
def mahlstick_upscalers() -> Mapping[str, Upscaler]:  # type: ignore[empty-body]
    """Register what enlarges a picture before it is refined: {name: upscale(picture, size)}.

    Fires once, on the thread that makes the Engine; the function fires on the thread that paints,
    once a job of mode `upscale` that names it. It is given RGBA uint8 (h, w, 4) and returns RGBA
    uint8 of exactly the size asked. One that takes long has a third argument, `check`:
    called often, it raises once the painter cancelled. Raising in it fails the job with a
    PluginError.
    """


@hookspec
def mahlstick_prefills() -> Mapping[str, Prefill]:  # type: ignore[empty-body]
    """Register what a hole is filled with before it is painted: {name: fill(picture, known, box)}.

    Fires once, on the thread that makes the Engine; the function fires on the thread that paints,
    once or more a job that paints into a picture. It is given RGB uint8 (h, w, 3), float32 (h, w)
    saying how far each pixel is known (1 = kept exactly), and, where new canvas lies around an old
    picture, that picture's box. It returns RGB uint8 of the same size, and known pixels as they
    were. Raising in it fails the job with a PluginError.
    """


# Checking


@hookspec
def mahlstick_check_prompt(prompt: str, request: PaintRequest) -> Opinion:
    """Say what is to be thought of a text that is to be painted.

    Fires before anything is loaded, on the thread that paints, once for every distinct plain text
    of a job: rewritten, weights and brackets removed, wildcards drawn, one for each side of an
    alternation. `request.prompt` is the text with all its signs. Return a Verdict, several, or None
    to say nothing: `allow` with a sentence warns the painter, `blur` blurs all previews and results
    of the job, `refuse` ends it. Raising, or overrunning, refuses (`filter_failed`).
    """


@hookspec
def mahlstick_check_input(image: Pixels, mask: Pixels | None, request: PaintRequest) -> Opinion:
    """Say what is to be thought of a picture that is to be edited.

    Fires once for each picture that a job brings (a mix has two), before anything is loaded, on the
    thread that paints. `image` is the painter's canvas, RGBA uint8 (h, w, 4), `mask` the selection,
    uint8 (h, w), 255 = will be painted; read them only. Return what `mahlstick_check_prompt`
    returns. Raising, or overrunning, refuses (`filter_failed`).
    """


@hookspec
def mahlstick_check_preview(
    picture: Pixels,
    candidate: int,
    step: int,
    steps: int,
    request: PaintRequest,
    model: Model | None,
) -> Opinion:
    """Say what is to be thought of a preview before anybody sees it.

    Fires once a candidate and step, on the thread that paints: be fast, or look at some steps only.
    `picture` is RGB uint8 (h, w, 3), small; `step` is 1-based; `model` is what paints. Return a
    Verdict, several, or None: `blur` blurs this preview, `refuse` ends the job. Raising, or
    overrunning, refuses (`filter_failed`).
    """


@hookspec
def mahlstick_check_result(
    picture: Pixels, candidate: int, request: PaintRequest, model: Model | None
) -> Opinion:
    """Say what is to be thought of a finished candidate before anybody sees it.

    Fires once a candidate, on the thread that paints. `picture` is RGB uint8 (h, w, 3) at working
    size, surroundings included, `model` what painted it. Return a Verdict, several, or None: `blur`
    blurs the paint of this candidate, `refuse` ends the job, `allow` with a category labels the
    result's record. Raising, or overrunning, refuses (`filter_failed`).
    """


# Taking part


@hookspec
def mahlstick_rewrite_prompt(
    prompt: str, negative_prompt: str, request: PaintRequest
) -> str | tuple[str, str] | None:
    """Return another prompt to paint, a pair of prompt and negative prompt, or None to leave both.

    Fires once a job, on the thread that paints, before the prompt is parsed; every plugin sees what
    the one before it made. Not fired when a recorded picture is repainted: its record holds the
    rewritten prompt. Raising fails the job with a PluginError that names the plugin; raise
    `engine.RequestError` to say what the painter should correct.
    """


@hookspec
def mahlstick_step(
    candidates: tuple[int, ...], step: int, steps: int, x0: Tensor, request: PaintRequest
) -> str | None:
    """Observe one batch after one step (1-based); `x0` is a copy, (candidates, C, h, w).

    Fires on the thread that paints, after every step of every batch. Return None, or a sentence for
    the painter, told once in `Finished.notes`. Raising is reported there with the plugin's name;
    that plugin is not asked again in this job, which goes on.
    """


@hookspec
def mahlstick_rank(
    picture: Pixels, prompt: str, candidate: int, request: PaintRequest, model: Model
) -> float | None:
    """Return how good a finished candidate is, higher is better, or None to say nothing.

    Fires once a candidate, on the thread that paints, after the filters. `picture` is RGB uint8 (h,
    w, 3) at working size, `prompt` the plain text it was painted from, `model` what painted it. The
    candidate's score is the sum of what all plugins say. Raising is reported in `Finished.notes`
    with the plugin's name; the job goes on without that plugin's score.
    """


@hookspec
def mahlstick_stamp(
    image: Pixels, record: Mapping[str, Any], candidate: int, request: PaintRequest
) -> Stamp | None:
    """Return what a result is to carry: entries for its record, and its paint marked.

    Fires once a candidate, last, on the thread that paints. `image` is the patch for the canvas,
    RGBA uint8 (h, w, 4), alpha = paste mask; `record` what is known so far, JSON-able. In the
    `Stamp`, `entries` are added to the record (a name that is taken is an error) and `image`, if
    any, replaces the patch's colours: alpha must be what it was, and outside the paste mask nothing
    changes. Raising is reported in `Finished.notes` with the plugin's name; the result goes out
    without that stamp.
    """
