"""Discovery of plugins, and every hook fired by the engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import (
    Denoised,
    Engine,
    Mode,
    Painted,
    PaintRequest,
    PluginError,
    RefusedError,
    Size,
    Started,
    plugins,
    samplers,
)
from engine.plugins import Extensions

SAMPLER = '''
from itertools import pairwise
from engine import hookimpl

def lazy(denoise, x, levels, noise):
    """Jump to the first guess and stay there."""
    x0 = denoise(x, levels[0])
    for _ in pairwise(levels):
        yield x0

@hookimpl
def mahlstick_samplers():
    return {"lazy": lazy}
'''


@pytest.fixture
def dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that counts as part of engine/samplers."""
    monkeypatch.setattr(samplers, "__path__", [*samplers.__path__, str(tmp_path)])
    yield tmp_path
    for name in [n for n in sys.modules if n.startswith("engine.samplers.dropped")]:
        del sys.modules[name]
        delattr(samplers, name.rpartition(".")[2])


def with_hook(tmp_path: Path, body: str) -> str:
    """Write a plugin file and return its path."""
    path = tmp_path / "plugin_under_test.py"
    path.write_text("from engine import RefusedError, hookimpl\n\n\n@hookimpl\n" + body)
    return str(path)


def paint(tiny_folder: Path, tiny_hook: str, hook: str, prompt: str = "red") -> list[Any]:
    engine = Engine(models=[tiny_folder], hooks=[tiny_hook, hook], device="cpu")
    asked = PaintRequest(
        mode=Mode.GENERATE, prompt=prompt, model="tiny", candidates=2, seed=1, size=Size(64, 64)
    )
    return list(engine.paint(asked))


def test_a_file_dropped_into_the_samplers_folder_paints(
    dropped: Path, tiny_folder: Path, tiny_hook: str
) -> None:
    (dropped / "dropped_lazy.py").write_text(SAMPLER)
    engine = Engine(models=[tiny_folder], hooks=[tiny_hook], device="cpu")
    assert "lazy" in engine.catalogue.samplers
    asked = PaintRequest(mode=Mode.GENERATE, prompt="red", model="tiny", sampler="lazy", seed=1)
    started = next(e for e in engine.paint(asked) if isinstance(e, Started))
    assert started.sampler == "lazy"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import nonesuch_module\n", "nonesuch_module"),
        ("def (:\n", "SyntaxError"),
        (SAMPLER.replace("mahlstick_samplers", "mahlstick_sampler"), "mahlstick_sampler"),
        (SAMPLER.replace("_samplers():", "_samplers(wrong):"), "wrong"),
        (SAMPLER.replace("@hookimpl", ""), "registers nothing"),
        (SAMPLER.replace('return {"lazy": lazy}', "raise KeyError('lost')"), "lost"),
        (SAMPLER.replace('"lazy":', '"euler":'), "euler"),
    ],
    ids=["import", "syntax", "misspelt", "argument", "nothing", "raises", "name taken"],
)
def test_a_broken_plugin_stops_the_engine_with_its_name(
    dropped: Path, source: str, said: str
) -> None:
    (dropped / "dropped_broken.py").write_text(source)
    with pytest.raises(PluginError) as error:
        Extensions()
    assert "dropped_broken" in str(error.value)
    assert said in str(error.value)


def test_helpers_beside_plugins_start_with_an_underscore(dropped: Path) -> None:
    (dropped / "_dropped_helper.py").write_text("raise RuntimeError")
    assert not any("helper" in name for name in Extensions().names)


def test_a_plugin_comes_from_a_file_a_package_or_an_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("from_file", "from_package", "from_entry_point"):
        (tmp_path / f"{name}.py").write_text(SAMPLER.replace('"lazy"', f'"{name}"'))
    entry = EntryPoint("from_entry_point", "from_entry_point", "mahlstick")
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: EntryPoints([entry]).select(group=group)
    )
    found = Extensions([str(tmp_path / "from_file.py"), "from_package"])
    assert {"from_file", "from_package", "from_entry_point"} <= set(found.samplers)


def test_a_hook_file_that_is_missing_is_named() -> None:
    with pytest.raises(PluginError, match=r"nowhere/missing\.py"):
        Extensions(["nowhere/missing.py"])


def test_hook_mahlstick_samplers(tmp_path: Path) -> None:
    hook = with_hook(tmp_path, 'def mahlstick_samplers():\n    return {"mine": print}\n')
    assert Extensions([hook]).samplers["mine"] is print


def test_hook_mahlstick_schedules(tmp_path: Path, tiny_folder: Path, tiny_hook: str) -> None:
    hook = with_hook(
        tmp_path,
        "def mahlstick_schedules():\n"
        "    from engine.schedules import CLEAN\n"
        "    return {'cubic': lambda path, steps: [\n"
        "        *(path.level(1 - (i / steps) ** 3) for i in range(steps)), CLEAN]}\n",
    )
    engine = Engine(models=[tiny_folder], hooks=[tiny_hook, hook], device="cpu")
    asked = PaintRequest(mode=Mode.GENERATE, prompt="red", model="tiny", schedule="cubic")
    kinds = {type(event) for event in engine.paint(asked)}
    assert Painted in kinds


def test_hook_mahlstick_families(tiny_folder: Path, tiny_hook: str) -> None:
    engine = Engine(models=[tiny_folder], hooks=[tiny_hook])
    assert engine.catalogue.card("tiny").family == "tiny"
    assert "tiny" in [family.name for family in Extensions([tiny_hook]).families]


def test_hook_mahlstick_rewrite_prompt(tmp_path: Path, tiny_folder: Path, tiny_hook: str) -> None:
    hook = with_hook(
        tmp_path,
        "def mahlstick_rewrite_prompt(prompt):\n    return prompt.replace('crimson', 'red')\n",
    )
    events = paint(tiny_folder, tiny_hook, hook, prompt="crimson")
    results = [event for event in events if isinstance(event, Painted)]
    assert {result.record["prompt"] for result in results} == {"red"}
    assert all(result.merged[..., 0].mean() > 150 for result in results)


def test_hook_mahlstick_check_request(tmp_path: Path, tiny_folder: Path, tiny_hook: str) -> None:
    hook = with_hook(
        tmp_path,
        "def mahlstick_check_request(request):\n"
        "    if 'red' in request.prompt:\n"
        "        raise RefusedError('colour', 'No red here.')\n",
    )
    assert paint(tiny_folder, tiny_hook, hook, prompt="blue")
    with pytest.raises(RefusedError, match="No red") as error:
        paint(tiny_folder, tiny_hook, hook)
    assert error.value.category == "colour"


def test_hook_mahlstick_check_result(tmp_path: Path, tiny_folder: Path, tiny_hook: str) -> None:
    hook = with_hook(
        tmp_path,
        "def mahlstick_check_result(picture):\n"
        "    if picture[..., 0].mean() > 128:\n"
        "        raise RefusedError('colour', 'Too red.')\n",
    )
    assert paint(tiny_folder, tiny_hook, hook, prompt="blue")
    with pytest.raises(RefusedError, match="Too red"):
        paint(tiny_folder, tiny_hook, hook)


@pytest.mark.parametrize(
    "hook", ["mahlstick_check_request(request)", "mahlstick_check_result(picture)"]
)
def test_a_filter_that_fails_lets_nothing_through(
    hook: str, tmp_path: Path, tiny_folder: Path, tiny_hook: str
) -> None:
    path = with_hook(tmp_path, f"def {hook}:\n    return 1 / 0\n")
    with pytest.raises(RefusedError, match="plugin_under_test") as error:
        paint(tiny_folder, tiny_hook, path)
    assert error.value.category == "filter_failed"


def test_hook_mahlstick_step(tmp_path: Path, tiny_folder: Path, tiny_hook: str) -> None:
    log = tmp_path / "steps.txt"
    hook = with_hook(
        tmp_path,
        "def mahlstick_step(candidates, step, steps, x0):\n"
        f"    with open({str(log)!r}, 'a') as log:\n"
        "        print(candidates, step, steps, tuple(x0.shape), file=log)\n"
        "    x0.zero_()\n",
    )
    watched = paint(tiny_folder, tiny_hook, hook)
    seen = log.read_text().splitlines()
    assert seen == [f"(0, 1) {step} 6 (2, 3, 8, 8)" for step in range(1, 7)]
    unwatched = with_hook(tmp_path, "def mahlstick_samplers():\n    return {}\n")
    alone = paint(tiny_folder, tiny_hook, unwatched)
    for a, b in zip(watched, alone, strict=True):
        assert not isinstance(a, Denoised) or np.array_equal(a.preview, b.preview)


@pytest.mark.parametrize("hook", ["mahlstick_step(step)", "mahlstick_rewrite_prompt(prompt)"])
def test_an_observer_that_fails_is_named(
    hook: str, tmp_path: Path, tiny_folder: Path, tiny_hook: str
) -> None:
    path = with_hook(tmp_path, f"def {hook}:\n    return 1 / 0\n")
    with pytest.raises(PluginError, match="plugin_under_test"):
        paint(tiny_folder, tiny_hook, path)
