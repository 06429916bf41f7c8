"""Everything the panel paints, in the real Krita: undo steps as promised, not a byte outside."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.editors.krita.conftest import ROOT, Play
from tests.editors.krita.studio import Report
from tests.editors.scripted_bridge import Part, scripted_bridge

pytestmark = pytest.mark.editor
SIZE = (640, 960)


def steps_promised(page: str) -> dict[str, int]:
    """The undo table of a page: what is done, in small letters, and how many steps that is."""
    rows = re.findall(
        r"^\| ([^|]+) \| (\d+)[^|]*\|", (ROOT / page).read_text("utf-8"), re.MULTILINE
    )
    return {name.strip(): int(steps) for row, steps in rows for name in row.lower().split(", ")}


def saved(report: Report, name: str, size: tuple[int, int] = SIZE) -> NDArray[np.uint8]:
    """A merged picture that the scenario saved, (H, W, 4), BGRA."""
    return np.fromfile(report.out / f"{name}.bgra", np.uint8).reshape(*size, 4)


def test_everything_is_undone_in_the_steps_that_the_pages_promise(
    play: Play, tmp_path: Path
) -> None:
    part = Part()
    with scripted_bridge(part, tmp_path) as file:
        report = play("operations", file)
    facts: dict[str, Any] = report.facts
    counted = {
        "fill selection": facts["fill_steps"],
        "refine": facts["refine_steps"],
        "vary": facts["vary_steps"],
        "generate": facts["generate_steps"],
        "fill transparent": facts["holes_steps"],
        "replace the active layer": facts["replace_steps"],
        "expand canvas": facts["expand_steps"],
        "upscale the picture": facts["upscale_steps"],
        "group of 3 candidates": facts["group_steps"],
        "looking at another candidate": facts["group_steps_afterwards"] - facts["group_steps"],
        "result in a new document": facts["elsewhere_steps"],
    }
    for page, least in (("docs/krita.md", len(counted)), ("README.md", 8)):
        promised = {k: v for k, v in steps_promised(page).items() if k in counted}
        assert len(promised) >= least, page
        assert promised == {name: counted[name] for name in promised}, page
    assert facts["vary_candidate_steps"] == facts["wider_steps"] == 1
    nothing_is_left(report)
    the_right_things_were_asked(part, saved(report, "before"))
    not_a_byte_outside(report)
    the_results_are_where_they_belong(report, part)


def nothing_is_left(report: Report) -> None:
    """After "Undo this painting" the document is as before."""
    facts: dict[str, Any] = report.facts
    before = saved(report, "before")
    for name in ("fill", "refine", "vary", "group", "replace", "generate", "upscale", "expand"):
        assert facts[f"{name}_undone"]["layers"] == ["Photograph"], name
        assert facts[f"{name}_undone"]["locked"] == [False]
        assert facts[f"{name}_undone_size"] == [960, 640]
        assert (saved(report, f"{name}-undone") == before).all(), name


def the_right_things_were_asked(part: Part, before: NDArray[np.uint8]) -> None:
    """Every way of painting asks for its mode, with what belongs to it."""
    asked = {submit.prompt: submit for submit in part.submitted()}
    modes = {prompt: submit.mode for prompt, submit in asked.items()}
    assert modes == {
        "fill": "inpaint",
        "refine": "refine",
        "vary": "vary",
        "group": "inpaint",
        "replace": "inpaint",
        "first": "vary",  # the newest of that prompt: the candidate's variations
        "generate": "generate",
        "upscale": "upscale",
        "expand": "outpaint",
        "elsewhere": "inpaint",
        "holes": "inpaint",
        "wider": "inpaint",
    }
    assert asked["refine"].strength == 0.6
    assert asked["upscale"].factor == 2
    for name in ("fill", "refine", "holes", "wider"):
        assert asked[name].mask is not None
    for name in ("vary", "generate", "upscale", "expand", "first"):
        assert asked[name].mask is None
    for name in ("upscale", "expand"):
        image = asked[name].image
        assert image is not None
        assert image.data == before[..., [2, 1, 0, 3]].tobytes(), name


def not_a_byte_outside(report: Report) -> None:
    """Outside of what was selected the picture keeps its bytes."""
    before = saved(report, "before")
    outside = np.fromfile(report.out / "selection.gray", np.uint8).reshape(SIZE) == 0
    for name in ("fill", "refine", "vary", "group", "replace", "vary_candidate"):
        after = saved(report, name)
        assert (after[outside] == before[outside]).all(), name
        assert (after[~outside] != before[~outside]).any(-1).mean() > 0.5, name
    holes_before, holes = saved(report, "holes-before"), saved(report, "holes")
    opaque = holes_before[..., 3] == 255
    assert (holes[opaque] == holes_before[opaque]).all()
    assert (holes[..., 3] == 255).all()
    wider_before, wider = (saved(report, f"wider{t}", (640, 1100)) for t in ("-before", ""))
    assert (wider[:, :960] == wider_before[:, :960]).all()
    assert (wider[:, 960:, 3] == 255).all()


def the_results_are_where_they_belong(report: Report, part: Part) -> None:
    """Layers, groups, sizes and documents after each way of painting."""
    facts: dict[str, Any] = report.facts
    assert facts["upscale_size"] == [1920, 1280]
    assert facts["expand_size"] == [960 + 512, 640 + 512]
    grown = saved(report, "expand", (640 + 512, 960 + 512))
    assert (grown[256:896, 256:1216] == saved(report, "before")).all()
    assert facts["replace_after"]["layers"] == ["replace [4713]"]
    assert facts["group_looks"] == 3
    assert facts["vary_after"]["layers"] == ["Photograph", "vary [4713]"]
    assert facts["elsewhere_size"] == [264, 228]
    assert facts["elsewhere_layers"][-1] == "elsewhere [4713]"
    best = part.painted["elsewhere"]
    made = saved(report, "elsewhere", (228, 264))
    solid = best[..., 3] == 255
    assert (made[solid] == best[solid][:, [2, 1, 0, 3]]).all()
