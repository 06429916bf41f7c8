"""Every hook fired by the engine: what it is given, what its answer does, what its faults cost.

`test_hook_NAME` exists for every hook of `engine.hookspecs` (see the first tests).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pluggy
import pytest

import engine as engine_door
from engine import (
    Control,
    Denoised,
    Engine,
    Extension,
    Finished,
    Mode,
    Painted,
    PaintRequest,
    Pixels,
    PluginError,
    RefusedError,
    RequestError,
    Size,
    Started,
    hookspecs,
    plugins,
)
from engine.plugins import Extensions

HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("mahlstick_"))
Paint = Callable[..., list[Any]]


@pytest.fixture
def paint(tmp_path: Path, tiny_folder: Path, tiny_hook: str) -> Paint:
    """Paint two small candidates with a plugin of one function, or of several."""

    def painted(body: str, prompt: str = "red", **wishes: Any) -> list[Any]:
        path = tmp_path / "plugin_under_test.py"
        path.write_text(
            "from engine import Action, Stamp, Verdict, hookimpl\n\n\n@hookimpl\n" + body
        )
        timeout = {"hook_timeout_s": wishes.pop("hook_timeout_s", 60.0)}
        options = wishes.pop("options", None)
        engine = Engine(
            models=[tiny_folder],
            hooks=[tiny_hook, str(path)],
            device="cpu",
            options=options,
            **timeout,
        )
        asked: dict[str, Any] = {
            "mode": Mode.GENERATE,
            "model": "tiny",
            "candidates": 2,
            "seed": 1,
            "size": Size(64, 64),
        }
        return list(engine.paint(PaintRequest(**{**asked, **wishes, "prompt": prompt})))

    return painted


NO_FILTERS = {"filters": {"policy": "off"}}  # the built-in ones add labels of their own


def results(events: list[Any]) -> list[Painted]:
    return [event for event in events if isinstance(event, Painted)]


def told(events: list[Any], kind: type = Finished) -> str:
    return " ".join(note for event in events if isinstance(event, kind) for note in event.notes)


# About all hooks


def test_every_hook_has_a_test_of_its_name() -> None:
    assert [hook for hook in HOOKS if f"test_hook_{hook}" not in globals()] == []


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_says_when_where_and_what_its_faults_cost(hook: str) -> None:
    said = inspect.getdoc(getattr(hookspecs, hook)) or ""
    assert "ires" in said  # when
    assert "thread" in said  # where
    assert "eturn" in said or "Register" in said  # what to answer
    assert "Raising" in said or "raises" in said  # what happens when it raises


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_user_among_the_built_ins(hook: str) -> None:
    users = {h for one in plugins.active_plugins() if one.source == "built-in" for h in one.hooks}
    assert hook in users


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_on_the_page_for_authors(hook: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text("utf-8")
    part = re.split(rf"^### `{hook}`$", page, flags=re.MULTILINE)
    assert len(part) == 2, f"{hook} has no headline of its own in docs/hooks.md"
    assert "```python" in part[1].split("\n### ")[0], f"{hook} has no example"


def test_every_example_on_the_page_fits_its_hooks() -> None:
    page = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text("utf-8")
    for number, code in enumerate(re.findall(r"```python\n(.*?)```", page, re.DOTALL)):
        given = {name: getattr(engine_door, name) for name in ("Action", "Verdict", "hookimpl")}
        example = ModuleType(f"example_{number}")
        vars(example).update(given)
        exec(compile(code, f"docs/hooks.md, example {number}", "exec"), vars(example))  # noqa: S102
        manager = pluggy.PluginManager("mahlstick")
        manager.add_hookspecs(hookspecs)
        manager.register(example)
        manager.check_pending()
        assert manager.get_hookcallers(example), code


# Registering


def test_hook_mahlstick_plugins(paint: Paint) -> None:
    body = (
        "def mahlstick_plugins(options):\n"
        "    return [Judge(options.get('judge', {}).get('score', 1.0))]\n\n\n"
        "class Judge:\n"
        "    def __init__(self, score):\n        self._score = score\n\n"
        "    @hookimpl\n"
        "    def mahlstick_rank(self, candidate):\n        return self._score + candidate\n"
    )
    settings = {"judge": {"score": 100.0}}
    scores = [one.score for one in results(paint(body, options=settings))]
    assert [round(score) for score in scores if score is not None] == [100, 101]


def test_hook_mahlstick_samplers(paint: Paint) -> None:
    body = (
        "def mahlstick_samplers():\n    return {'lazy': lazy}\n\n\n"
        "def lazy(denoise, x, levels, noise):\n"
        "    x0 = denoise(x, levels[0])\n"
        "    for _ in levels[1:]:\n        yield x0\n"
    )
    started = next(e for e in paint(body, sampler="lazy") if isinstance(e, Started))
    assert started.sampler == "lazy"


def test_hook_mahlstick_schedules(paint: Paint) -> None:
    body = (
        "def mahlstick_schedules():\n"
        "    from engine.schedules import CLEAN\n"
        "    return {'cubic': lambda path, steps: [\n"
        "        *(path.level(1 - (i / steps) ** 3) for i in range(steps)), CLEAN]}\n"
    )
    assert len(results(paint(body, schedule="cubic"))) == 2


def test_hook_mahlstick_families(tiny_folder: Path, tiny_hook: str) -> None:
    engine = Engine(models=[tiny_folder], hooks=[tiny_hook])
    assert engine.catalogue.card("tiny").family == "tiny"
    assert "tiny" in [family.name for family in Extensions([tiny_hook]).families]


def test_hook_mahlstick_upscalers(paint: Paint, photo: Pixels) -> None:
    body = (
        "def mahlstick_upscalers():\n"
        "    import numpy as np\n"
        "    return {'white': lambda picture, size: np.full(\n"
        "        (size.height, size.width, 4), 255, np.uint8)}\n"
    )
    asked = {"mode": Mode.UPSCALE, "image": photo, "size": None, "strength": 0.05, "prompt": ""}
    white = results(paint(body, upscaler="white", **asked))[0].merged
    usual = results(paint(body, **asked))[0].merged
    assert white.shape == usual.shape
    assert white[..., :3].mean() > 240 > usual[..., :3].mean()


def test_hook_mahlstick_prefills(paint: Paint, photo: Pixels) -> None:
    body = (
        "def mahlstick_prefills():\n"
        "    return {'mine': mine}\n\n\n"
        "def mine(picture, known, box):\n"
        "    assert picture.shape[:2] == known.shape\n"
        "    assert box is None\n"
        "    filled = picture.copy()\n"
        "    filled[known < 1] = 255\n"
        "    return filled\n"
    )
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[20:80, 30:110] = 255
    asked = {"mode": Mode.INPAINT, "image": photo, "mask": mask, "size": None}
    paint(body, **asked)  # registered, and not asked for
    mine, usual = results(paint(body, prefill="mine", **asked)), results(paint(body, **asked))
    assert not np.array_equal(mine[0].image, usual[0].image)
    grown = {"mode": Mode.OUTPAINT, "image": photo, "size": None, "extension": Extension(right=40)}
    with pytest.raises(PluginError, match="plugin_under_test"):  # its assertion: a box is given
        paint(body, prefill="mine", **grown)


@pytest.mark.parametrize("tool", ["prefill", "upscaler"])
def test_a_tool_that_is_not_there_is_named_with_those_that_are(
    tool: str, paint: Paint, photo: Pixels
) -> None:
    mode = Mode.REFINE if tool == "prefill" else Mode.UPSCALE
    with pytest.raises(RequestError, match=rf"no {tool} 'magic'.*(surface|lanczos)") as error:
        paint(NOTHING, mode=mode, image=photo, size=None, **{tool: "magic"})
    assert error.value.field == tool


def test_a_tool_that_answers_another_shape_is_named(paint: Paint, photo: Pixels) -> None:
    body = "def mahlstick_upscalers():\n    return {'same': lambda picture, size: picture}\n"
    with pytest.raises(PluginError, match=r"plugin_under_test\.py made uint8"):
        paint(body, mode=Mode.UPSCALE, image=photo, size=None, upscaler="same")


# Checking

NOTHING = "def mahlstick_rewrite_prompt():\n    return None\n"


def refusing(hook: str, condition: str) -> str:
    return (
        f"def {hook}:\n"
        f"    if {condition}:\n"
        "        return Verdict(Action.REFUSE, 'colour', 0.9, 'No red here.')\n"
    )


def test_hook_mahlstick_check_prompt(paint: Paint) -> None:
    hook = refusing("mahlstick_check_prompt(prompt, request)", "'red' in prompt")
    assert results(paint(hook, prompt="blue"))
    with pytest.raises(RefusedError, match="No red") as error:
        paint(hook)
    assert error.value.category == "colour"


@pytest.mark.parametrize("prompt", ["r{ed|ed}", "[blue|red]", "((r)ed:1.2)", "[blue:red:0.9]"])
def test_a_prompt_check_sees_every_text_that_will_be_painted(paint: Paint, prompt: str) -> None:
    hook = refusing("mahlstick_check_prompt(prompt)", "prompt == 'red'")
    with pytest.raises(RefusedError, match="No red"):
        paint(hook, prompt=prompt)


def test_hook_mahlstick_check_input(paint: Paint, photo: Pixels) -> None:
    hook = refusing("mahlstick_check_input(image, mask)", "mask is None and image.shape[2] == 4")
    assert results(paint(hook))  # no picture, nothing to check
    with pytest.raises(RefusedError, match="No red"):
        paint(hook, mode=Mode.REFINE, image=photo, size=None)


def test_both_pictures_of_a_mix_are_checked(paint: Paint, photo: Pixels) -> None:
    hook = refusing(
        "mahlstick_check_input(image, mask)", "mask is None and not image[..., 0].any()"
    )
    second = photo.copy()
    second[..., 0] = 0
    mixed = {"mode": Mode.VARY, "image": photo, "size": None}
    assert results(paint(hook, second_image=photo, **mixed))
    with pytest.raises(RefusedError, match="No red"):
        paint(hook, second_image=second, **mixed)


def test_hook_mahlstick_check_preview(paint: Paint) -> None:
    hook = refusing(
        "mahlstick_check_preview(picture, candidate, step, steps)",
        "candidate == 1 and step == 3 and steps == 6 and picture[..., 0].mean() > 128",
    )
    assert results(paint(hook, prompt="blue"))
    with pytest.raises(RefusedError, match="No red"):
        paint(hook)


def test_hook_mahlstick_check_result(paint: Paint) -> None:
    hook = refusing("mahlstick_check_result(picture)", "picture[..., 0].mean() > 128")
    assert results(paint(hook, prompt="blue"))
    with pytest.raises(RefusedError, match="No red"):
        paint(hook)


CHECKS = [hook for hook in HOOKS if "_check_" in hook]


@pytest.mark.parametrize("hook", CHECKS)
@pytest.mark.parametrize(
    "fault",
    ["return 1 / 0", "return True", "from engine import RefusedError as R; raise R('a', 'b')"],
)
def test_a_filter_that_fails_lets_nothing_through(
    hook: str, fault: str, paint: Paint, photo: Pixels
) -> None:
    with pytest.raises(RefusedError, match="plugin_under_test") as error:
        paint(f"def {hook}():\n    {fault}\n", mode=Mode.REFINE, image=photo, size=None)
    assert error.value.category == "filter_failed"


def test_a_filter_that_overruns_its_time_lets_nothing_through(paint: Paint) -> None:
    body = "def mahlstick_check_result():\n    import time\n    time.sleep(0.2)\n"
    assert results(paint(body))
    with pytest.raises(RefusedError, match=r"0\.1 s are allowed") as error:
        paint(body, hook_timeout_s=0.1)
    assert error.value.category == "filter_failed"


def test_a_supervisor_sees_which_hook_is_at_work(tiny_folder: Path, tiny_hook: str) -> None:
    seen: list[tuple[str, str]] = []
    engine = Engine(models=[tiny_folder], hooks=[tiny_hook], device="cpu")
    asked = PaintRequest(mode=Mode.GENERATE, prompt="red", model="tiny", candidates=1)
    list(engine.paint(asked, Control(lambda plugin, hook: seen.append((plugin, hook)))))
    assert ("engine.observers.finite", "mahlstick_step") in seen
    assert seen[1::2] == [("", "")] * (len(seen) // 2)


@pytest.mark.parametrize("hook", CHECKS)
def test_a_blurring_verdict_blurs_what_is_shown_and_goes_on(
    hook: str, paint: Paint, photo: Pixels
) -> None:
    body = f"def {hook}():\n    return [Verdict(Action.BLUR, 'nude', 0.7, 'It is blurred.')]\n"
    asked = {"mode": Mode.REFINE, "image": photo, "size": None, "strength": 0.1, "prompt": ""}
    asked["options"] = NO_FILTERS
    plain, blurred = paint(NOTHING, **asked), paint(body, **asked)
    shows_previews = hook != "mahlstick_check_result"
    shows_results = hook != "mahlstick_check_preview"
    for a, b in zip(plain, blurred, strict=True):
        if isinstance(a, Denoised):
            assert np.array_equal(a.preview, b.preview) is not shows_previews
        if isinstance(a, Painted):
            assert np.array_equal(a.merged, b.merged) is not shows_results
            assert roughness(b.merged) < roughness(a.merged) * 0.2 or not shows_results
            assert b.record.get("labels", []) == shows_results * [
                {"action": "blur", "category": "nude", "score": 0.7}
            ]
    assert "It is blurred." in told(blurred, Started) + told(blurred)


def roughness(picture: Pixels) -> float:
    return float(np.abs(np.diff(picture[..., :3].astype(float), axis=1)).mean())


def test_an_allowing_verdict_warns_and_labels(paint: Paint) -> None:
    body = "def mahlstick_check_prompt():\n    return Verdict(Action.ALLOW, 'news', 0.4, 'Mind.')\n"
    events = paint(body, options=NO_FILTERS)
    assert told(events, Started) == "Mind."
    assert told(events) == ""  # told once
    label = {"action": "allow", "category": "news", "score": 0.4}
    assert [one.record["labels"] for one in results(events)] == [[label], [label]]


# Taking part


def test_hook_mahlstick_rewrite_prompt(paint: Paint) -> None:
    body = "def mahlstick_rewrite_prompt(prompt):\n    return prompt.replace('crimson', 'red')\n"
    painted = results(paint(body, prompt="crimson"))
    assert {result.record["prompt"] for result in painted} == {"red"}
    assert all(result.merged[..., 0].mean() > 150 for result in painted)
    both = (
        "def mahlstick_rewrite_prompt(negative_prompt):\n    return 'blue', negative_prompt + 'x'\n"
    )
    record = results(paint(both, negative_prompt="a"))[0].record
    assert (record["prompt"], record["negative_prompt"]) == ("blue", "ax")


def test_presets_are_laid_around_the_words_and_an_unknown_one_is_the_requests_fault(
    paint: Paint,
) -> None:
    record = results(paint(NOTHING, "a red boat", presets=("pencil", "window")))[0].record
    assert record["prompt"].startswith("graphite pencil study of a red boat, light")
    assert record["negative_prompt"] == "colour, paint"
    with pytest.raises(RequestError, match="no preset 'pensil'") as error:
        paint(NOTHING, presets=("pensil",))
    assert error.value.field == "presets"


@pytest.mark.parametrize("fault", ["1 / 0", "5", "('a', 1)"])
def test_a_rewriter_that_fails_fails_the_job_with_its_name(fault: str, paint: Paint) -> None:
    with pytest.raises(PluginError, match="plugin_under_test"):
        paint(f"def mahlstick_rewrite_prompt():\n    return {fault}\n")


def test_hook_mahlstick_step(paint: Paint, tmp_path: Path) -> None:
    log = tmp_path / "steps.txt"
    body = (
        "def mahlstick_step(candidates, step, steps, x0, request):\n"
        f"    with open({str(log)!r}, 'a') as log:\n"
        "        print(candidates, step, steps, tuple(x0.shape), request.seed, file=log)\n"
        "    x0.zero_()\n"
        "    return 'Half of it is done.' if step == 3 else None\n"
    )
    watched = paint(body)
    seen = log.read_text().splitlines()
    assert seen == [f"(0, 1) {step} 6 (2, 3, 8, 8) 1" for step in range(1, 7)]
    assert told(watched) == "Half of it is done."
    for a, b in zip(watched, paint(NOTHING), strict=True):
        assert not isinstance(a, Denoised) or np.array_equal(a.preview, b.preview)


def test_numbers_beyond_all_measure_are_told(paint: Paint) -> None:
    body = (
        "def mahlstick_samplers():\n    return {'overflows': overflows}\n\n\n"
        "def overflows(denoise, x, levels, noise):\n"
        "    for level in levels[:-1]:\n        yield denoise(x, level) * float('inf')\n"
    )
    assert "numbers went beyond" in told(paint(body, sampler="overflows"))


def test_hook_mahlstick_rank(paint: Paint) -> None:
    body = (
        "def mahlstick_rank(picture, prompt, candidate, request, model):\n"
        "    assert (prompt, request.seed, model.card.name) == ('red', 1, 'tiny')\n"
        "    assert picture.shape == (64, 64, 3) and picture.dtype == 'uint8'\n"
        "    return 100.0 * candidate\n"
    )
    events = paint(body)
    assert told(events) == ""
    assert events[-1].order == (1, 0)
    own = [one.score for one in results(paint(NOTHING))]
    assert [one.score for one in results(events)] == pytest.approx(
        [score + 100.0 * k for k, score in enumerate(own) if score is not None]
    )


def test_hook_mahlstick_stamp(paint: Paint, photo: Pixels) -> None:
    body = (
        "def mahlstick_stamp(image, record, candidate, request):\n"
        "    marked = image.copy()\n"
        "    marked[..., :3] //= 2\n"
        "    told = f\"{record['candidate']} {candidate} {request.seed}\"\n"
        "    return Stamp({'studio': told}, marked)\n"
    )
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[20:80, 30:110] = 255
    asked = {"mode": Mode.INPAINT, "image": photo, "mask": mask, "size": None}
    events, plain = paint(body, **asked), paint(NOTHING, **asked)
    for stamped, bare in zip(results(events), results(plain), strict=True):
        assert stamped.record["studio"] == f"{stamped.candidate} {stamped.candidate} 1"
        assert np.array_equal(stamped.image[..., :3], bare.image[..., :3] // 2)
        assert np.array_equal(stamped.merged[mask == 0], photo[mask == 0])
        assert np.array_equal(
            stamped.merged[mask == 255][:, :3], bare.merged[mask == 255][:, :3] // 2
        )
        assert "digital_source_type" in bare.record


@pytest.mark.parametrize(
    ("hook", "body"),
    [
        ("mahlstick_step", "    return 1 / 0\n"),
        ("mahlstick_rank", "    return 1 / 0\n"),
        ("mahlstick_rank", "    return float('nan')\n"),
        ("mahlstick_rank", "    return 'good'\n"),
        ("mahlstick_stamp", "    return 1 / 0\n"),
        ("mahlstick_stamp", "    return {'a': 1}\n"),
        ("mahlstick_stamp", "    return Stamp({'prompt': 'another'})\n"),
        ("mahlstick_stamp", "    return Stamp({'mine': object()})\n"),
        ("mahlstick_stamp(image)", "    return Stamp(image=image[:, :, :3])\n"),
        ("mahlstick_stamp(image)", "    return Stamp(image=image * 0)\n"),
    ],
)
def test_a_plugin_that_takes_part_and_fails_is_named_and_the_job_goes_on(
    hook: str, body: str, paint: Paint
) -> None:
    head = hook if "(" in hook else f"{hook}()"
    events, plain = paint(f"def {head}:\n{body}"), paint(NOTHING)
    notes = events[-1].notes
    assert len(notes) == 1, "told once, and asked no more"
    assert "plugin_under_test" in notes[0]
    for a, b in zip(results(events), results(plain), strict=True):
        assert np.array_equal(a.merged, b.merged)
        assert a.score == b.score
        assert a.record == b.record
